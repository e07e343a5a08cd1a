package engine

import (
	"slices"
	"strings"

	"mgmt/resource"
)

// A State says how it stands with a vertex.
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

// A Status is how it stands with one vertex.
type Status struct {
	Key   resource.Key
	Pos   string
	State State
	Err   error        // why it failed
	By    resource.Key // which one failed, if this one is blocked
	Cause *Cause       // of its latest run, or of the one it waits for
}

// A Snapshot is how it stands with all vertices at one moment.
type Snapshot struct {
	Vertices        []Status // sorted by kind and name
	Failed, Blocked int
	Settled         int
	Converged       bool
}

func (e *Engine) snapshot() Snapshot {
	s := Snapshot{Vertices: make([]Status, 0, len(e.vertices)), Settled: e.settledCount(), Converged: e.converge.yes}
	if e.stopping {
		return e.final
	}
	for _, v := range e.vertices {
		if v.spec == nil {
			continue
		}
		status := v.status()
		switch status.State {
		case StateFailed:
			s.Failed++
		case StateBlocked:
			s.Blocked++
		}
		s.Vertices = append(s.Vertices, status)
	}
	slices.SortFunc(s.Vertices, func(a, b Status) int { return compareKeys(a.Key, b.Key) })
	return s
}

func (v *vertex) status() Status {
	s := Status{Key: v.key, Pos: v.pos(), Cause: v.cause, Err: v.failed}
	switch {
	case v.running():
		s.State = StateRunning
	case v.failed != nil:
		s.State = StateFailed
	case v.blocked:
		s.State, s.By = StateBlocked, v.culprit()
	case v.dirty:
		s.State = StateWaiting
	}
	return s
}

func compareKeys(a, b resource.Key) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return a.Alt - b.Alt
}
