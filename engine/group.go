package engine

import (
	"slices"
	"time"

	"mgmt/resource"
)

// A group is what the vertices of one kind and one group key share: they are never
// applied two at a time, and those whose check found changes are applied together, in a
// transaction.
//
// A member is checked like any vertex. If it has to be applied it queues, and goes on
// holding its children. A transaction begins when none is going on and no other member
// is being checked or about to be, which is waited for no longer than patience. What
// queues meanwhile is for the next one, and is checked again then, as the system may
// have become another. So nothing is merged in the graph: each member has its own state,
// result and retries, and one that has drifted costs one.
//
// No path leads from one member of a transaction to another; those that are below others
// are left for the next.
type group struct {
	key     groupKey
	size    int    // vertices
	coming  int    // vertices that may be about to queue
	queue   []*job // in the order in which they came; those without a vertex have left
	going   *transaction
	begun   int    // transactions
	waiting *timer // for those that are coming
	weary   bool   // it has waited enough
	due     bool   // in Engine.groups.due
}

type groupKey struct{ kind, key string }

// patience is how long those that have to be applied wait for others of their group.
const patience = time.Second

// groups are those of an engine. The zero value has none.
type groups struct {
	byKey map[groupKey]*group
	due   []*group // to be looked at by combine
}

// join puts v into the group that it belongs to, if there is one.
func (e *Engine) join(v *vertex) {
	key := e.groupKey(v)
	if v.group != nil && v.group.key == key {
		return
	}
	e.leave(v)
	if key == (groupKey{}) {
		return
	}
	g := e.groups.byKey[key]
	if g == nil {
		g = &group{key: key}
		if e.groups.byKey == nil {
			e.groups.byKey = map[groupKey]*group{}
		}
		e.groups.byKey[key] = g
	}
	g.size++
	v.group = g
}

func (e *Engine) groupKey(v *vertex) groupKey {
	r, ok := v.spec.Resource.(resource.Grouper)
	if !ok || v.meta.Noop || v.meta.Hidden {
		return groupKey{}
	}
	key := ""
	e.logPanic(v.key, guard(func() error {
		key = r.GroupKey()
		return nil
	}))
	if key == "" {
		return groupKey{}
	}
	return groupKey{v.key.Kind, key}
}

// leave takes v out of its group.
func (e *Engine) leave(v *vertex) {
	g := v.group
	if g == nil {
		return
	}
	e.expect(v, false)
	v.group = nil
	g.size--
	e.dropGroup(g)
}

// dropGroup forgets a group that nobody has to do with any more.
func (e *Engine) dropGroup(g *group) {
	if g.size == 0 && g.going == nil {
		delete(e.groups.byKey, g.key)
	}
}

// expect sets whether v is coming.
func (e *Engine) expect(v *vertex, coming bool) {
	if coming == v.coming {
		return
	}
	v.coming = coming
	v.group.coming += sign(coming)
	if v.group.coming == 0 {
		e.look(v.group)
	}
}

// isComing reports whether v is being checked or about to be, so that it may queue.
func (v *vertex) isComing() bool {
	switch {
	case v.spec == nil || !v.meta.AutoGroup:
		return false
	case v.running():
		return !v.job.queued && v.job.together == nil
	}
	return v.dirty && v.holders == 0 && v.wait == nil && v.parked == "" && (v.inst != nil || v.failed == nil)
}

// look has combine look at a group.
func (e *Engine) look(g *group) {
	if !g.due {
		g.due = true
		e.groups.due = append(e.groups.due, g)
	}
}

// enqueue has a vertex wait whose check found changes, unless it is not wanted like that
// any more.
func (e *Engine) enqueue(v *vertex) {
	j := v.job
	if j.cancel != nil {
		j.cancel()
		j.cancel = nil
	}
	g := j.group
	j.queued = true
	j.round = g.begun
	if g.going != nil {
		j.round--
	}
	g.queue = append(g.queue, j)
	if v.group != g || !v.applied || j.cancelled || e.jobCtx.Err() != nil {
		e.withdraw(v)
		v.dirty = v.spec != nil // for the same cause
		return
	}
	e.touch(v)
	e.look(g)
}

// withdraw takes a vertex out of the queue, as if it had not been checked.
func (e *Engine) withdraw(v *vertex) {
	j := v.job
	if j == nil || !j.queued {
		return
	}
	j.vertex = nil
	v.job = nil
	v.refresh = v.refresh || j.refresh
	e.timers.stop(v.grace)
	e.release(v)
	e.touch(v)
	e.look(j.group)
}

// combine begins the transactions that can begin, and reports whether there were any.
func (e *Engine) combine() bool {
	began := false
	for _, g := range e.groups.due {
		g.due = false
		if g.going == nil && e.begin(g) {
			began = true
		}
	}
	e.groups.due = e.groups.due[:0]
	return began
}

// begin begins a transaction of the group, if it has waited for all or long enough.
func (e *Engine) begin(g *group) bool {
	for len(g.queue) > 0 && g.queue[0].vertex == nil {
		g.queue = g.queue[1:]
	}
	if len(g.queue) == 0 {
		return false
	}
	if g.coming > 0 && !g.weary && !g.queue[0].alone {
		e.await(g)
		return false
	}
	e.timers.stop(g.waiting)
	g.waiting, g.weary = nil, false
	e.transact(g, e.choose(g))
	return true
}

// await has begin wait no longer than patience.
func (e *Engine) await(g *group) {
	if g.waiting != nil {
		return
	}
	g.waiting = e.timers.at(time.Now().Add(patience), func() {
		g.waiting, g.weary = nil, true
		e.look(g)
	})
}

// choose takes the members of the next transaction out of the queue: the first in it,
// and those that may go with it.
func (e *Engine) choose(g *group) []*job {
	first := g.queue[0]
	if first.alone {
		g.queue[0] = nil
		g.queue = g.queue[1:]
		return []*job{first}
	}
	var nodes []*node
	for _, j := range g.queue {
		if j.vertex != nil && !j.alone && j.timeout == first.timeout {
			nodes = append(nodes, j.vertex.node)
		}
	}
	var members []*job
	for _, n := range e.graph.Minimal(nodes) {
		j := n.Value.job
		j.queued = false
		members = append(members, j)
	}
	g.queue = slices.DeleteFunc(g.queue, func(j *job) bool { return !j.queued || j.vertex == nil })
	return members
}
