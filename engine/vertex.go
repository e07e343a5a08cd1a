package engine

import (
	"context"

	"mgmt/graph"
	"mgmt/resource"
)

// A vertex is the place of one key: it lives as long as the key is wanted, or there is
// a resource of that key to be closed, whichever is longer. All fields belong to the
// loop, except that a job has the use of inst while it runs.
type vertex struct {
	key  resource.Key
	spec *resource.Spec // wanted; nil when it is to go
	node *node          // nil when it is to go
	meta *resource.Meta // of spec, with what the options add
	kind *resource.Kind // nil if unknown

	inst *instance // what is open or being opened; nil is nothing
	job  *job      // running or queued

	cause  *Cause // why it is dirty
	run    uint64 // its latest run, or 0
	tally  tally
	party  *party // if it had a wish for edges
	role   *role  // if it was a member or a server
	failed error  // no retries left

	wait     *timer // until it may run: a retry, or the rate limit
	poll     *timer
	grace    *timer // until the running job is cancelled
	limit    *bucket
	attempts *attempts // since the last success; nil is none
	held     []string  // semaphores that the running job holds
	parked   string    // the semaphore it waits for
	group    *group    // that it is applied with; nil is none
	trail    *trail    // of its note; nil is none
	offer    *offer    // what it exports; nil is nothing
	flaps    *flaps    // of one that was repaired

	sends   any               // what it sent last
	secrets *resource.Secrets // that the machine may have from earlier runs
	got     []any             // what it received last, by position in spec.Recv
	by      *vertex           // one that failed, for a blocked one

	dirty    bool
	queued   bool // in Engine.ready
	touched  bool // in Engine.affected
	applied  bool // inst was made for spec; otherwise inst has to be updated or replaced
	leaving  bool // it goes as soon as it may
	realized bool // a run for spec went well
	worked   bool // it did work that its children have not been told of
	refresh  bool // a parent did work, and it has not been refreshed since

	derived
}

// What is derived by settle from the rest of a vertex, and kept to see what changed.
type derived struct {
	coming   bool // counted in group.coming
	holding  bool // children have to wait
	bad      bool // failed or blocked
	blocked  bool // dirty, and below one that failed
	open     bool // counts as unsettled
	holders  int  // parents that hold
	badAbove int  // parents that are bad
}

type (
	node = graph.Node[*vertex, *link]
	edge = graph.Edge[*vertex, *link]
)

// A link is what the engine knows of an edge: the reasons for it, and what it does.
type link struct {
	declared bool   // by a delta
	notify   bool   // of a delta
	auto     reason // of the engine; 0 is none
	recvs    int    // values that the child receives from the parent
	undo     bool   // the child is to be undone after the parent
}

// wanted reports whether there is a reason for the edge.
func (l *link) wanted() bool { return l.declared || l.auto != 0 || l.recvs > 0 || l.undo }

// droppable reports whether it is there only as long as it closes no cycle.
func (l *link) droppable() bool { return l.auto != 0 && !l.declared && l.recvs == 0 && !l.undo }

// automatic reports whether the engine alone is the reason.
func (l *link) automatic() bool { return (l.auto != 0 || l.undo) && !l.declared && l.recvs == 0 }

// An instance is a resource that has been opened, with its watch. While a job of the
// vertex runs it has the instance for itself, except for up.
type instance struct {
	vertex      *vertex
	spec        *resource.Spec // that it was made for
	res         resource.Resource
	server      resource.ID // that it was opened as a member of
	cancel      func()      // of the subscription, if there is one
	watch       *watchdog   // if it has no subscription
	interrupted bool        // it has been asked to hurry
	stale       bool        // it cannot go on as it is, and has to be replaced
	secrets     veil
	noted       bool // how to undo it has been seen to
	up          bool // listening; the loop's
}

// A watchdog is a goroutine in the Watch of a resource.
type watchdog struct {
	inst   *instance
	cancel context.CancelFunc
	done   chan struct{} // closed when it has returned
	err    error         // why it ended by itself; valid after done
	ended  bool          // the loop knows that it has returned
	failed bool          // the loop has counted err as a failure
	over   bool          // it will not be started again
}

// broken returns why the watch of v ended, for a vertex without a job.
func (v *vertex) broken() error {
	if v.inst == nil || v.inst.watch == nil || !v.inst.watch.ended {
		return nil
	}
	return v.inst.watch.err
}

// dead reports whether v, which has no job, has failed in a way that no event can help:
// nothing watches it. Only another delta revives it.
func (v *vertex) dead() bool {
	return v.failed != nil && (v.inst == nil || v.inst.watch != nil && v.inst.watch.over)
}

// holds reports whether the children of v have to wait for it.
func (v *vertex) holds() bool {
	return v.spec != nil && (v.dirty || v.running() || v.failed != nil)
}

func (v *vertex) pos() string {
	if v.spec == nil {
		return ""
	}
	return v.spec.Pos
}
