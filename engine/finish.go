package engine

import (
	"log/slog"
	"reflect"
	"time"

	"mgmt/resource"
)

// finish goes on with a job that is done.
func (e *Engine) finish(j *job) {
	switch {
	case j.together != nil:
		e.concluded(j.together)
	case j.pending:
		e.enqueue(j.vertex)
	default:
		e.conclude(j)
	}
}

// conclude draws the conclusions from a job.
func (e *Engine) conclude(j *job) {
	v := j.vertex
	v.job = nil
	e.touch(v)
	e.timers.stop(v.grace)
	e.release(v)
	if j.cancel != nil {
		j.cancel()
	}
	j.hide()
	e.logPanic(v.key, j.err)
	switch j.kind {
	case openJob:
		v.tally.opening = j.took
		e.opened(v, j)
	case runJob:
		j.ended = time.Now()
		e.ran(v, j)
	case updateJob:
		e.updated(v, j)
	case watchJob: // its first event tells the rest
	case closeJob:
		e.closed(v, j)
	}
	e.heedWatch(v)
	e.dropJob(j)
}

func (e *Engine) opened(v *vertex, j *job) {
	v.inst = j.inst
	switch {
	case v.spec == nil:
		return
	case j.err != nil && v.spec != j.spec:
		return // it was refused something that nobody wants any more
	case j.err != nil:
		e.fail(v, j)
		return
	}
	v.applied = fits(v.inst, v)
	if v.applied {
		v.inst.spec = v.spec
	}
	if v.inst.up { // and woken did not know the instance yet, or there is no watch
		e.event(v, v.cause)
	}
	e.repoll(v)
}

// repoll sets the time of the next poll.
func (e *Engine) repoll(v *vertex) {
	if v.meta.Poll <= 0 || v.spec == nil {
		return
	}
	e.timers.stop(v.poll)
	v.poll = e.timers.at(time.Now().Add(time.Duration(v.meta.Poll)*time.Second), func() {
		e.event(v, polled)
		e.repoll(v)
	})
}

func (e *Engine) updated(v *vertex, j *job) {
	switch {
	case v.spec == nil || j.err != nil || !j.updated:
		v.inst.stale = true
	case j.spec == v.spec:
		v.inst.spec = v.spec
		v.applied = sameWatch(v.inst, v)
	default:
		v.inst.spec = j.spec
		v.applied = fits(v.inst, v)
	}
}

func (e *Engine) closed(v *vertex, j *job) {
	if j.err != nil {
		e.opts.Log.Warn("a resource did not close well", slog.String("resource", v.key.String()), slog.Any("error", j.err))
	}
	v.inst = nil
	v.applied = false
	e.timers.stop(v.poll)
	if v.dead() {
		v.dirty = false
	}
}

// ran draws the conclusions from a run.
func (e *Engine) ran(v *vertex, j *job) {
	v.secrets = j.secrets
	if j.err != nil || j.noop {
		v.refresh = v.refresh || j.refresh
	}
	if j.offering != nil {
		e.offered(v, j)
	}
	v.worked = v.worked || j.applied || j.refreshed || j.offering != nil && j.offering.stored
	if j.stale {
		j.inst.stale = true
		v.applied = false
	}
	if j.err != nil && (j.cancelled || e.jobCtx.Err() != nil) {
		if v.spec != nil && !v.dirty {
			v.dirty = true
			v.cause = &Cause{Kind: Cut, From: v.key, Run: j.run}
		}
		return
	}
	v.tally.count(j)
	switch {
	case v.spec == nil, j.err != nil && !v.applies(j): // the run of something that goes
		e.report(v, j)
		return
	case j.err != nil:
		e.fail(v, j)
		return
	}
	e.succeed(v)
	e.report(v, j)
	if j.applied {
		e.note(v, j)
	}
	if !j.spec.Meta.Reverse { // also after an undo
		v.trail = nil
	}
	if v.undoing() && v.spec == j.spec {
		e.undone(v)
		return
	}
	if j.sends != nil {
		v.sends = j.sends
	}
	if !j.noop || len(j.changes) == 0 { // what was there before is gone
		v.secrets = j.own
	}
	e.passOn(v)
}

// applies reports whether the run was one of what v is to be.
func (v *vertex) applies(j *job) bool {
	if j.inst == nil { // it was hidden, and if it has changed since it is dirty
		return !v.dirty
	}
	return v.applied || j.stale
}

func (e *Engine) report(v *vertex, j *job) {
	event := Event{Time: j.ended, Run: j.run, Cause: j.cause, Duration: j.took, Changes: j.changes, Noop: j.noop, Err: j.err}
	switch {
	case j.err != nil:
		event.Kind = Failed
	case len(j.changes) > 0:
		event.Kind = Changed
	case j.refreshed:
		event.Kind = Refreshed
	default:
		event.Kind = Checked
	}
	e.observe(v, event)
	if event.Kind == Changed && j.refreshed {
		e.observe(v, Event{Kind: Refreshed, Time: j.ended, Run: j.run, Cause: j.cause})
	}
}

// passOn tells the children what v did: those that it notifies, if it worked, and
// those that receive from it, if they have other values.
func (e *Engine) passOn(v *vertex) {
	worked := v.worked
	v.worked = false
	var notified *Cause
	for _, out := range v.node.Out() {
		child := out.To.Value
		if out.Value.notify && worked && child.refreshes() {
			if notified == nil {
				notified = &Cause{Kind: Notified, From: v.key, Run: v.run}
			}
			child.refresh = true
			e.soil(child, notified)
		}
		if out.Value.recvs == 0 {
			continue
		}
		if cause := e.newsFor(child, v); cause != nil {
			if child.job == nil && child.dead() {
				e.revive(child, cause) // it may be what it could not be opened without
			}
			e.soil(child, cause)
		}
	}
}

// refreshes reports whether v reacts to notifications.
func (v *vertex) refreshes() bool {
	if v.spec == nil || v.meta.Hidden {
		return false
	}
	_, ok := v.spec.Resource.(resource.Refresher)
	return ok
}

// newsFor returns the cause to run the child if it would receive anything else from v than
// last time, and nil otherwise.
func (e *Engine) newsFor(child, v *vertex) *Cause {
	for i, r := range child.spec.Recv {
		if r.From != v.key.ID {
			continue
		}
		value, err := e.value(r)
		if err != nil || !reflect.DeepEqual(value, child.got[i]) {
			cause := &Cause{Kind: Received, From: v.key, Run: v.run, Param: r.Param}
			if !resource.IsSecret(child.spec.Resource, r.Param) && e.secretsOf(r, value) == nil {
				cause.Old, cause.New = brief(child.got[i]), brief(value)
			}
			return cause
		}
	}
	return nil
}

// observe tells of something about v.
func (e *Engine) observe(v *vertex, event Event) {
	event.Key = v.key
	event.Pos = v.pos()
	if event.Time.IsZero() {
		event.Time = time.Now()
	}
	if event.Cause == nil {
		event.Cause = v.cause
	}
	e.opts.Observe(event)
}
