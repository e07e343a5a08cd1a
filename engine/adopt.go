package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mgmt/resource"
)

// removeGrace is how long a run may go on whose resource is not wanted any more.
const removeGrace = 10 * time.Second

// commit makes the vertices what the delta wants.
func (t *taking) commit() {
	e := t.engine
	t.declare()
	undo := len(e.left) > 0
	for v := range t.remove {
		undone := e.letGo(v, &Cause{Kind: Unwanted, Move: cmp.Or(t.delta.Causes[v.key], t.delta.Cause)})
		undo = undo || undone
	}
	for v := range t.leaving {
		e.setLeaving(v, true)
	}
	cause := &Cause{Kind: Wanted, Move: t.delta.Cause}
	for _, spec := range t.delta.Set {
		if t.set[spec.Key] != spec {
			continue
		}
		own := cause
		if move := t.delta.Causes[spec.Key]; move != nil {
			own = &Cause{Kind: Wanted, Move: move}
		}
		e.adopt(e.vertices[spec.Key], spec, own)
	}
	e.recall()
	if undo {
		e.orderUndos()
	}
	e.sweep()
	for v := range e.rewatch {
		delete(e.rewatch, v)
		if v.dead() {
			e.revive(v, cause)
		}
	}
}

// letGo has v, which is not wanted any more and has no edges, be undone if it is to be, and go
// otherwise. It reports whether it is undone.
func (e *Engine) letGo(v *vertex, why *Cause) (undo bool) {
	if e.undo(v, why) {
		return true
	}
	e.graph.Remove(v.node)
	e.dismiss(v)
	e.allowGrace(v)
	return false
}

// declare tells resources that they enter or leave the graph, before anything runs on
// account of the delta. All enter before one leaves.
func (t *taking) declare() {
	for _, spec := range t.set {
		t.engine.declare(spec, true)
	}
	for key := range t.set {
		if v := t.engine.vertices[key]; v.spec != nil {
			t.engine.declare(v.spec, false)
		}
	}
	for v := range t.remove {
		t.engine.declare(v.spec, false)
	}
}

func (e *Engine) declare(spec *resource.Spec, enter bool) {
	d, ok := spec.Resource.(resource.Declarer)
	if !ok || spec.Meta.Hidden {
		return
	}
	e.logPanic(spec.Key, guard(func() error {
		d.Declare(e.shared.get, enter)
		return nil
	}))
}

// adopt makes v run by another spec, unless that says the same.
func (e *Engine) adopt(v *vertex, spec *resource.Spec, cause *Cause) {
	e.setLeaving(v, false)
	old := v.spec
	v.spec = spec
	if old != nil && old.Meta.Equal(spec.Meta) && slices.Equal(old.Recv, spec.Recv) && resource.Equal(old.Resource, spec.Resource) {
		if v.inst != nil {
			v.inst.secrets.Store(spec.Secrets.Merge(v.secrets))
		}
		return
	}
	if old == nil {
		e.total++
	}
	v.realized = false
	e.withdraw(v)
	if !v.undoing() {
		delete(e.undos, v)
	}
	v.meta = e.effective(&spec.Meta)
	if e.opts.Kinds != nil {
		v.kind = e.opts.Kinds.Lookup(spec.Key.Kind)
	}
	e.join(v)
	e.offer(v)
	v.got = make([]any, len(spec.Recv))
	v.limit = nil
	if v.meta.Reset {
		delete(e.failures, v.key)
	}
	e.revive(v, cause)
}

// revive gives v a fresh start.
func (e *Engine) revive(v *vertex, cause *Cause) {
	replace := v.dead() && v.job == nil
	v.failed = nil
	v.flaps = nil
	v.attempts = nil
	v.parked = ""
	e.stopWaiting(v)
	e.soil(v, cause)
	if v.inst == nil {
		return
	}
	v.applied = !replace && !v.inst.stale && fits(v.inst, v)
	if v.applied {
		v.inst.spec = v.spec
		e.repoll(v)
	} else {
		e.allowGrace(v)
	}
}

// effective returns the meta parameters with what the options add to them, and with the
// semaphores in order. They are those of the spec itself if that makes no difference.
func (e *Engine) effective(meta *resource.Meta) *resource.Meta {
	o := &e.opts
	if !o.Noop && !o.NoAutogroup && o.Sema <= 0 && len(meta.Sema) == 0 {
		return meta
	}
	m := *meta
	m.Noop = m.Noop || o.Noop
	m.AutoGroup = m.AutoGroup && !o.NoAutogroup
	if o.Sema > 0 {
		m.Sema = append(slices.Clip(m.Sema), fmt.Sprintf(":%d", o.Sema))
	}
	m.Sema = semaList(m.Sema)
	return &m
}

// allowGrace lets what v is running go on for a while.
func (e *Engine) allowGrace(v *vertex) {
	j := v.job
	if j == nil || j.cancel == nil {
		return
	}
	e.timers.stop(v.grace)
	v.grace = e.timers.at(time.Now().Add(removeGrace), func() {
		j.cancelled = true
		j.cancel()
	})
}

// fits reports whether the instance is what v wants. One that has received values for a
// parameter that is not wired any more is not: it would keep them.
func fits(i *instance, v *vertex) bool {
	if i.spec == v.spec {
		return sameWatch(i, v)
	}
	for _, old := range i.spec.Recv {
		if !slices.ContainsFunc(v.spec.Recv, func(r resource.Recv) bool { return r.Param == old.Param }) {
			return false
		}
	}
	return sameWatch(i, v) && resource.Equal(i.spec.Resource, v.spec.Resource)
}

// sameWatch reports whether v is to be watched in the way in which the instance is, and is a
// member of the same server.
func sameWatch(i *instance, v *vertex) bool {
	return i.server == v.serverID() && !v.meta.Hidden && (i.spec.Meta.Poll == 0) == (v.meta.Poll == 0)
}
