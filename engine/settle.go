package engine

import "mgmt/resource"

// touch notes that something about v has changed from which settle draws conclusions.
func (e *Engine) touch(v *vertex) {
	if !v.touched {
		v.touched = true
		e.affected = append(e.affected, v)
	}
}

// soil makes v dirty. The first cause is the one to tell of.
func (e *Engine) soil(v *vertex, cause *Cause) {
	if v.spec == nil || v.job == nil && v.dead() {
		return
	}
	if !v.dirty {
		v.dirty = true
		v.cause = cause
	}
	e.touch(v)
}

// settle brings everything that is derived from the state of the vertices up to date,
// and prepares jobs for those that can go on. A vertex costs its children when it
// begins or ceases to hold them, and nothing otherwise.
//
// A step of one vertex may change what others may do, so conclusions are drawn after
// each.
func (e *Engine) settle() {
	for i := 0; ; {
		e.deriveAll()
		switch {
		case e.depart(), e.reconnect(): // so that nothing begins that a new edge would hold
		case i < len(e.ready):
			v := e.ready[i]
			i++
			v.queued = false
			e.advance(v)
		case e.unpark(), e.combine():
		default:
			clear(e.ready)
			e.ready = e.ready[:0]
			return
		}
	}
}

func (e *Engine) deriveAll() {
	for i := 0; i < len(e.affected); i++ {
		v := e.affected[i]
		v.touched = false
		e.derive(v)
	}
	clear(e.affected)
	e.affected = e.affected[:0]
}

// derive computes the derived fields of v, passes on what changed, and queues v if it
// can go on.
func (e *Engine) derive(v *vertex) {
	blocked := v.dirty && v.badAbove > 0 && !v.running()
	e.hold(v, v.holds())
	e.spoil(v, v.spec != nil && (blocked || v.failed != nil))
	if blocked != v.blocked {
		v.blocked = blocked
		if v.by = nil; blocked {
			e.observe(v, Event{Kind: Blocked, By: v.culprit()})
		}
	}
	open := v.spec == nil || v.job != nil || v.dirty && !blocked
	if open != v.open {
		v.open = open
		if open {
			e.unsettled++
		} else {
			e.unsettled--
		}
	}
	if v.leaving {
		e.leavers = append(e.leavers, v)
	}
	if v.group != nil {
		e.expect(v, v.isComing())
	}
	if v.job == nil && !v.queued && v.canAdvance() {
		v.queued = true
		e.ready = append(e.ready, v)
	}
}

// hold sets whether the children of v have to wait for it.
func (e *Engine) hold(v *vertex, holding bool) {
	if holding == v.holding {
		return
	}
	v.holding = holding
	if v.node == nil {
		return
	}
	for _, out := range v.node.Out() {
		child := out.To.Value
		child.holders += sign(holding)
		if child.dirty {
			e.touch(child)
		}
	}
}

// spoil sets whether v is failed or blocked, which blocks its dirty children.
func (e *Engine) spoil(v *vertex, bad bool) {
	if bad == v.bad {
		return
	}
	v.bad = bad
	if v.node == nil {
		return
	}
	for _, out := range v.node.Out() {
		child := out.To.Value
		child.badAbove += sign(bad)
		if child.dirty {
			e.touch(child)
		}
	}
}

func sign(up bool) int {
	if up {
		return 1
	}
	return -1
}

// culprit returns the key of a failed vertex above v that is a reason for its being
// blocked. It costs the parents of v, as each of them knows its own culprit.
func (v *vertex) culprit() resource.Key {
	if v.by == nil || v.by.failed == nil {
		v.by = v.findCulprit()
	}
	return v.by.key
}

func (v *vertex) findCulprit() *vertex {
	for v.node != nil {
		above := v
		for _, in := range v.node.In() {
			switch parent := in.From.Value; {
			case parent.failed != nil:
				return parent
			case parent.blocked && parent.by != nil && parent.by.failed != nil:
				return parent.by
			case parent.blocked:
				above = parent
			}
		}
		if above == v {
			break
		}
		v = above
	}
	return v
}

func (v *vertex) running() bool { return v.job != nil && v.job.kind == runJob }

// canAdvance reports whether there may be something to do for v, which has no job.
func (v *vertex) canAdvance() bool {
	switch {
	case v.spec == nil || v.inst != nil && (!v.applied || v.broken() != nil && !v.inst.watch.over):
		return true
	case v.inst == nil && !v.meta.Hidden:
		return v.wait == nil && v.failed == nil
	}
	return v.runnable()
}

// runnable reports whether v, which has no job, may be run.
func (v *vertex) runnable() bool {
	return v.dirty && v.holders == 0 && v.wait == nil && v.parked == "" &&
		(v.meta.Hidden || v.inst != nil && v.inst.up)
}

// advance takes the next step for v, if there is one.
func (e *Engine) advance(v *vertex) {
	switch {
	case v.job != nil:
	case v.spec == nil && v.inst == nil:
		e.forget(v)
	case v.spec == nil:
		e.close(v)
	case v.meta.Hidden && v.inst == nil:
		e.advanceHidden(v)
	case v.inst == nil:
		if v.wait == nil && v.failed == nil {
			e.open(v)
		}
	case !v.applied:
		e.update(v)
	case v.broken() != nil && !v.inst.watch.over:
		if v.wait == nil {
			e.start(v, watchJob)
		}
	case v.runnable():
		e.run(v)
	}
}

// advanceHidden runs a hidden vertex if that exports it; otherwise there is nothing to do for it.
func (e *Engine) advanceHidden(v *vertex) {
	switch {
	case !v.runnable():
	case v.offering() != nil:
		e.run(v)
	default:
		v.dirty = false
		v.refresh = false
		e.touch(v)
	}
}

// woken handles an event of a watch.
func (e *Engine) woken(w *waker) {
	v := w.inst.vertex
	cause := woken
	if !w.inst.up {
		w.inst.up = true
		cause = v.cause // it is dirty already
		if cause == nil {
			cause = watched
		}
	}
	if v.inst == w.inst {
		e.event(v, cause)
	}
}
