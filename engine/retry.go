package engine

import (
	"time"

	"mgmt/resource"
)

// attempts are what a vertex remembers of its failures. How many retries are used up
// is kept by the engine for each key, as it outlives the vertex.
type attempts struct {
	row    int       // failures since the last success
	last   error     // the latest of them
	watch  int16     // failures of the watch
	next   time.Time // before that no event gives a failed vertex another attempt
	spaced time.Duration
}

// Vertices that fail without an end do so at a bearable rate: retries without a delay
// are spaced by hotDelay after hotRow failures in a row, and the attempts that events
// give a failed vertex by firstSpace, doubled each time up to lastSpace.
const (
	hotRow     = 10
	hotDelay   = time.Second
	firstSpace = 100 * time.Millisecond
	lastSpace  = 10 * time.Second
)

// strike notes one more failure of v.
func (v *vertex) strike(err error) *attempts {
	if v.attempts == nil {
		v.attempts = &attempts{}
	}
	v.attempts.row++
	v.attempts.last = err
	return v.attempts
}

// fail notes that a job of v went wrong for a cause that may go away. The vertex is tried
// again if it has retries left, and failed otherwise.
func (e *Engine) fail(v *vertex, j *job) {
	tried := v.strike(j.err)
	used := e.failures[v.key]
	left, again := retries(v.meta, used)
	if again && v.meta.Retry > 0 {
		e.failures[v.key] = used + 1
	}
	event := Event{Kind: Failed, Time: j.ended, Run: j.run, Cause: j.cause, Err: j.err, Duration: j.took, Retries: left}
	if again {
		event.RetryIn = delay(v.meta, tried.row)
		e.retry(v, j.run, event.RetryIn)
	} else {
		e.giveUp(v, j.err)
	}
	e.observe(v, event)
	e.touch(v)
}

// retries returns how often v may be tried again after one more failure, and whether
// it may be tried now.
func retries(m *resource.Meta, used int16) (left int, again bool) {
	if m.Retry < 0 {
		return -1, true
	}
	if used >= m.Retry {
		return 0, false
	}
	return int(m.Retry - used), true
}

func delay(m *resource.Meta, row int) time.Duration {
	if m.Delay == 0 && row > hotRow {
		return hotDelay
	}
	return time.Duration(m.Delay) * time.Millisecond
}

// retry has v run again after some time, because that run of it, or what is no run, failed.
func (e *Engine) retry(v *vertex, run uint64, in time.Duration) {
	if !v.dirty {
		v.dirty = true
		v.cause = &Cause{Kind: Retried, From: v.key, Run: run}
	}
	e.stopWaiting(v)
	if in > 0 {
		e.waitUntil(v, time.Now().Add(in))
	}
}

// giveUp makes v failed. If it became dirty meanwhile, that is an event.
func (e *Engine) giveUp(v *vertex, err error) {
	v.failed = err
	a := v.attempts
	a.spaced = min(max(firstSpace, 2*a.spaced), lastSpace)
	a.next = time.Now().Add(a.spaced)
	e.stopWaiting(v)
	if v.dead() {
		v.dirty = false
	} else if v.dirty {
		e.waitUntil(v, a.next)
	}
	if v.meta.Rewatch {
		e.rewatch[v] = true
	}
}

// succeed forgets the failures of v.
func (e *Engine) succeed(v *vertex) {
	v.failed = nil
	v.realized = v.realized || v.applied
	v.attempts = nil
	delete(e.rewatch, v)
	if v.meta.RetryReset {
		delete(e.failures, v.key)
	}
}

// failWatch notes that the watch of v, which has no job, ended by itself. The watch
// has its own count of failures.
func (e *Engine) failWatch(v *vertex, err error) {
	tried := v.strike(err)
	left, again := retries(v.meta, tried.watch)
	event := Event{Kind: Failed, Err: err, Retries: left}
	if again {
		tried.watch++
		event.RetryIn = max(delay(v.meta, tried.row), firstSpace)
		e.retry(v, 0, event.RetryIn)
	} else {
		v.inst.watch.over = true
		e.giveUp(v, err)
	}
	e.observe(v, event)
	e.touch(v)
}
