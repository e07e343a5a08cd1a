package engine

import (
	"cmp"
	"slices"
	"time"

	"mgmt/resource"
)

// A State is the state of a vertex.
type State uint8

// The states of a vertex.
const (
	StateOK      State = iota // its last run went well
	StateWaiting              // it will run when its parents, its watch or a timer allow
	StateRunning
	StateFailed  // its last run failed and it has no retries left
	StateBlocked // it cannot run because of a failed one before it
)

var stateNames = [...]string{"ok", "waiting", "running", "failed", "blocked"}

// String is the name in lower case.
func (s State) String() string { return stateNames[s] }

// A Status describes one vertex.
type Status struct {
	Key   resource.Key
	Pos   string
	State State
	Err   error        // why it failed; of the last attempt, if it waits for another
	By    resource.Key // which one failed, if this one is blocked
	Wait  Wait         // what it waits for, if it is not settled and nothing runs
	Cause *Cause       // of its latest run, or of the one it waits for

	Run      uint64    // the latest, or 0
	Ended    time.Time // when it ended
	Took     time.Duration
	Total    time.Duration // of all runs
	Opening  time.Duration // how long it took to open the resource
	Runs     int           // how many have ended
	Changes  int           // how many of those changed something, or would have
	Failures int           // how many of those failed
	Work     *Work         // the latest run that changed something, or nil
}

// A WaitKind says what a vertex waits for.
type WaitKind uint8

// The kinds of waits, with the fields of [Wait] that they fill.
const (
	WaitOpen    WaitKind = iota + 1 // for its resource to be opened, updated or closed
	WaitWatch                       // for its watch to begin
	WaitParents                     // for others: For, More
	WaitRetry                       // for another attempt: Until
	WaitLimit                       // for its rate limit: Until
	WaitFlap                        // because it is changed back again and again: Until
	WaitSema                        // for a semaphore: Sema
	WaitGroup                       // for others of its group to be ready, or done
)

var waitNames = [...]string{"", "open", "watch", "parents", "retry", "limit", "flapping", "semaphore", "group"}

// String is the name in lower case.
func (k WaitKind) String() string { return waitNames[k] }

// A Wait is what keeps a vertex from being settled. The zero value is nothing.
type Wait struct {
	Kind  WaitKind
	Until time.Time
	Sema  string
	For   []resource.Key // some of those that hold it
	More  int            // others that hold it
}

// A Snapshot describes the vertices at one moment.
type Snapshot struct {
	Vertices  []Status // those that were asked for, sorted by kind and name
	Edges     []Edge   // if they were asked for
	Counts    [len(stateNames)]int
	Going     int // vertices that are no longer wanted, but not closed yet
	Settled   int // vertices that are wanted and settled
	Total     int // vertices that are wanted
	Converged bool
}

// Count returns how many vertices are in a state.
func (s *Snapshot) Count(state State) int { return s.Counts[state] }

// An Edge is an edge of the graph.
type Edge struct {
	resource.Edge
	Receives bool // To receives values from From
}

// An Inquiry says what a snapshot has besides the counts.
type Inquiry struct {
	// Pick picks vertices; nil picks all. It is called from the loop.
	Pick  func(*Status) bool
	Edges bool // the edges, too
}

func (e *Engine) snapshot(q Inquiry) Snapshot {
	s := Snapshot{Settled: e.settledCount(), Total: e.total, Converged: e.converge.yes}
	if q.Pick == nil {
		s.Vertices = make([]Status, 0, len(e.vertices))
	}
	var status Status // one for all that Pick is shown
	for _, v := range e.vertices {
		if v.spec == nil {
			s.Going++
			continue
		}
		status = v.status()
		s.Counts[status.State]++
		if q.Pick == nil || q.Pick(&status) {
			status.Wait = v.awaits()
			s.Vertices = append(s.Vertices, status)
		}
		if q.Edges {
			for _, out := range v.node.Out() {
				s.Edges = append(s.Edges, Edge{Receives: out.Value.recvs > 0, Edge: resource.Edge{
					From: v.key, To: out.To.Value.key, Notify: out.Value.notify, Auto: out.Value.automatic()}})
			}
		}
	}
	return s
}

// sorted sorts what s holds, and returns that.
func (s Snapshot) sorted() Snapshot {
	slices.SortFunc(s.Vertices, func(a, b Status) int { return a.Key.Compare(b.Key) })
	slices.SortFunc(s.Edges, func(a, b Edge) int {
		return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To))
	})
	return s
}

func (v *vertex) status() Status {
	t := &v.tally
	s := Status{Key: v.key, Pos: v.pos(), Cause: v.cause, Err: v.failed,
		Run: v.run, Ended: t.ended, Took: t.latest, Total: t.total, Opening: t.opening,
		Runs: int(t.runs), Changes: int(t.changes), Failures: int(t.failures), Work: t.work}
	switch {
	case v.running():
		s.State = StateRunning
	case v.failed != nil:
		s.State = StateFailed
	case v.blocked:
		s.State, s.By = StateBlocked, v.culprit()
	case v.dirty:
		s.State = StateWaiting
		if v.attempts != nil {
			s.Err = v.attempts.last
		}
	}
	return s
}

// maxNamed is how many of those that hold a vertex are named.
const maxNamed = 3

// awaits says what keeps v from being settled, if nothing runs.
func (v *vertex) awaits() Wait {
	switch {
	case !v.open:
		return Wait{}
	case v.job != nil && v.job.queued:
		return Wait{Kind: WaitGroup}
	case v.running():
		return Wait{}
	case v.job != nil:
		return Wait{Kind: WaitOpen}
	case v.wait != nil && v.attempts != nil:
		return Wait{Kind: WaitRetry, Until: v.wait.at}
	case v.wait != nil && v.flapping():
		return Wait{Kind: WaitFlap, Until: v.wait.at}
	case v.wait != nil:
		return Wait{Kind: WaitLimit, Until: v.wait.at}
	case v.holders > 0:
		return v.awaitsParents()
	case v.parked != "":
		return Wait{Kind: WaitSema, Sema: v.parked}
	case v.inst != nil && !v.inst.up:
		return Wait{Kind: WaitWatch}
	}
	return Wait{Kind: WaitOpen}
}

// awaitsParents names some of the parents that hold v.
func (v *vertex) awaitsParents() Wait {
	w := Wait{Kind: WaitParents}
	for _, in := range v.node.In() {
		if !in.From.Value.holding {
			continue
		}
		if len(w.For) == maxNamed {
			break
		}
		w.For = append(w.For, in.From.Value.key)
	}
	w.More = v.holders - len(w.For)
	return w
}
