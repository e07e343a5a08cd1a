package dashboard

import (
	"strings"
	"time"

	"mgmt/engine"
	"mgmt/history"
)

// A Status is the state of an agent.
type Status struct {
	Agent     Agent      `json:"agent"`
	Converged bool       `json:"converged"`
	Settled   int        `json:"settled"`
	Total     int        `json:"total"`
	Going     int        `json:"going"` // not wanted any more, and not closed yet
	Counts    Counts     `json:"counts"`
	Resources []Resource `json:"resources"`        // failed ones first
	Left      int        `json:"left"`             // resources beyond the limit of the query
	Origin    string     `json:"origin,omitempty"` // of the graph in force, if the command line does not say it
	Refused   Refused    `json:"refused,omitzero"`
	Outage    Outage     `json:"outage,omitzero"`
	Store     Outage     `json:"store,omitzero"` // what ails the store of the cluster, which is reached
}

// A Refused is what keeps an agent at an older graph than is wanted.
type Refused struct {
	Time time.Time `json:"time"`
	Text string    `json:"text"` // the first mistake
}

// An Outage is why an agent does not reach those with whom it shares.
type Outage struct {
	Since time.Time `json:"since"`
	Text  string    `json:"text"`
}

// An Agent is who answers.
type Agent struct {
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Prefix  string    `json:"prefix"`
	Started time.Time `json:"started"`
	Noop    bool      `json:"noop"`
	Log     bool      `json:"history"` // it keeps one
}

// Counts are how many resources are in each state.
type Counts struct {
	OK      int `json:"ok"`
	Waiting int `json:"waiting"`
	Running int `json:"running"`
	Failed  int `json:"failed"`
	Blocked int `json:"blocked"`
}

// A Resource is the state of one resource.
type Resource struct {
	history.Ref
	Pos   string        `json:"pos,omitempty"` // of the statement
	State string        `json:"state"`
	Error string        `json:"error,omitempty"` // of the last attempt
	By    history.Ref   `json:"by,omitzero"`     // what failed, for a blocked one
	Wait  Wait          `json:"wait,omitzero"`
	Cause history.Cause `json:"cause,omitzero"` // of the latest run, or of the one it waits for

	Run      uint64     `json:"run,omitempty"` // the latest
	Ended    time.Time  `json:"ended,omitzero"`
	Seconds  float64    `json:"seconds"` // that it took
	All      float64    `json:"seconds_total"`
	Opening  float64    `json:"seconds_open"`
	Runs     int        `json:"runs"`
	Changes  int        `json:"changes"`  // runs that found something to change
	Failures int        `json:"failures"` // runs that failed
	Last     LastChange `json:"last_change,omitzero"`
}

// A Wait is what an unsettled resource waits for; see engine.Wait.
type Wait struct {
	Kind  string        `json:"kind"`
	Until time.Time     `json:"until,omitzero"`
	Sema  string        `json:"semaphore,omitempty"`
	For   []history.Ref `json:"for,omitempty"`
	More  int           `json:"more,omitempty"`
}

// IsZero reports whether it waits for nothing.
func (w Wait) IsZero() bool { return w.Kind == "" }

// A LastChange is the latest run of a resource that found something to change.
type LastChange struct {
	Run     uint64           `json:"run"`
	Time    time.Time        `json:"time"`
	Noop    bool             `json:"noop,omitempty"` // it only found it
	Changes []history.Change `json:"changes"`
}

// IsZero reports whether there was none.
func (c LastChange) IsZero() bool { return c.Run == 0 }

// resourceOf returns the status of a vertex as data.
func resourceOf(s *engine.Status) Resource {
	r := Resource{
		Ref: history.RefOf(s.Key), Pos: s.Pos, State: s.State.String(), Wait: waitOf(&s.Wait), Cause: history.CauseOf(s.Cause),
		Run: s.Run, Ended: s.Ended, Seconds: s.Took.Seconds(), All: s.Total.Seconds(), Opening: s.Opening.Seconds(),
		Runs: s.Runs, Changes: s.Changes, Failures: s.Failures,
	}
	if s.Err != nil {
		r.Error = s.Err.Error()
	}
	if s.By.Kind != "" {
		r.By = history.RefOf(s.By)
	}
	if w := s.Work; w != nil {
		r.Last = LastChange{w.Run, w.Time, w.Noop, history.ChangesOf(w.Changes)}
	}
	return r
}

func waitOf(w *engine.Wait) Wait {
	out := Wait{Kind: w.Kind.String(), Until: w.Until, Sema: w.Sema, More: w.More}
	for _, key := range w.For {
		out.For = append(out.For, history.RefOf(key))
	}
	return out
}

// order is that in which states are listed: first what somebody has to look at.
var order = []engine.State{engine.StateFailed, engine.StateBlocked, engine.StateRunning, engine.StateWaiting, engine.StateOK}

// statusOf returns a snapshot as data.
func statusOf(s *engine.Snapshot, agent Agent, left int) Status {
	out := Status{
		Agent: agent, Converged: s.Converged, Settled: s.Settled, Total: s.Total, Going: s.Going, Left: left,
		Counts: Counts{
			OK: s.Count(engine.StateOK), Waiting: s.Count(engine.StateWaiting), Running: s.Count(engine.StateRunning),
			Failed: s.Count(engine.StateFailed), Blocked: s.Count(engine.StateBlocked),
		},
		Resources: make([]Resource, 0, len(s.Vertices)),
	}
	for _, state := range order {
		for i := range s.Vertices {
			if s.Vertices[i].State == state {
				out.Resources = append(out.Resources, resourceOf(&s.Vertices[i]))
			}
		}
	}
	return out
}

// A Query says which resources a status shall list.
type Query struct {
	All   bool   // also those that are all right
	Kind  string // of this kind only, in any case of letters
	Name  string // with this name only
	Diffs bool   // the last changes with their diffs, as far as the history has them
	Limit int    // at most so many of each state; 0 is no limit
}

// one reports whether one resource is meant.
func (q *Query) one() bool { return q.Kind != "" && q.Name != "" }

func (q *Query) ref() history.Ref { return history.Ref{Kind: q.Kind, Name: q.Name} }

// picker picks the resources of a query. It counts those that are beyond the limit.
type picker struct {
	Query
	listed [8]int // by state
	left   int
}

func (p *picker) pick(s *engine.Status) bool {
	switch {
	case p.Kind != "" && !strings.EqualFold(s.Key.Kind, p.Kind), p.Name != "" && s.Key.Name != p.Name:
		return false
	case s.State == engine.StateOK && !p.All && p.Kind == "" && p.Name == "":
		return false
	case p.Limit > 0 && p.listed[s.State] == p.Limit:
		p.left++
		return false
	}
	p.listed[s.State]++
	return true
}
