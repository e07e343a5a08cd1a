package engine

import (
	"time"

	"mgmt/resource"
)

// An EventKind says what happened.
type EventKind uint8

// The kinds of events, with the fields of [Event] that they fill besides Key, Pos, Run,
// Cause and Duration.
const (
	Checked   EventKind = iota + 1 // a run found all well
	Changed                        // a run applied Changes; with Noop it only found them
	Refreshed                      // a run answered a notification
	Failed                         // a run, or opening or watching, failed: Err, Retries, RetryIn
	Blocked                        // it cannot run because By failed
	Removed                        // it left the graph and is closed
	Converged                      // Converged changed; Settled and Total; no Key
	Progress                       // Settled or Total changed; no Key
	Warned                         // something is not as it may have been meant: Err
)

var eventNames = [...]string{Checked: "checked", Changed: "changed", Refreshed: "refreshed",
	Failed: "failed", Blocked: "blocked", Removed: "removed", Converged: "converged", Progress: "progress", Warned: "warned"}

// String is the name in lower case.
func (k EventKind) String() string { return eventNames[k] }

// An Event is something that happened in the engine.
type Event struct {
	Kind     EventKind
	Time     time.Time
	Key      resource.Key
	Pos      string        // of the statement
	Run      uint64        // numbers the runs of all resources from 1; 0 is no run
	Cause    *Cause        // why it was run, or nil
	Duration time.Duration // of the run

	Changes []resource.Change
	Noop    bool

	Err     error
	Retries int           // left after this failure; -1 is for ever
	RetryIn time.Duration // until the next attempt, if there are retries left
	By      resource.Key

	Converged      bool
	Settled, Total int // vertices
}
