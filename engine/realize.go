package engine

// A vertex with the meta parameter realize runs once before a change of the graph may
// remove it. One that has not is leaving: it stays a vertex like any other, for the
// program it is gone. It goes when a run went well, or when that cannot be expected: it
// has failed, or is blocked. A parent that it waits for, receives from or is undone before,
// and that is to be removed too, stays as long as it does.

// realizes reports whether v must not go yet on its own account.
func (v *vertex) realizes() bool {
	return v.meta.Realize && !v.meta.Hidden && !v.realized && v.failed == nil && !v.blocked
}

// needed reports whether the child of an edge, which is leaving, needs the parent: it waits
// for it or receives from it, or stands on what would be undone.
func needed(e *edge) bool {
	parent := e.From.Value
	return parent.holds() || e.Value.recvs > 0 || parent.trail != nil
}

// needed reports whether a vertex that is leaving needs v.
func (v *vertex) needed(leaving func(*vertex) bool) bool {
	for _, out := range v.node.Out() {
		if leaving(out.To.Value) && needed(out) {
			return true
		}
	}
	return false
}

// findLeaving moves from remove to leaving what may not go yet.
func (t *taking) findLeaving() {
	var found []*vertex
	leave := func(v *vertex) {
		delete(t.remove, v)
		t.leaving[v] = true
		found = append(found, v)
	}
	isLeaving := func(v *vertex) bool { return t.leaving[v] || v.leaving && t.set[v.key] == nil }
	for v := range t.remove {
		if v.realizes() || v.needed(isLeaving) {
			leave(v)
		}
	}
	for i := 0; i < len(found); i++ {
		for _, in := range found[i].node.In() {
			if p := in.From.Value; t.remove[p] && needed(in) {
				leave(p)
			}
		}
	}
}

// stays reports whether an edge stays because an end of it is leaving.
func (t *taking) stays(e *edge) bool {
	from, to := e.From.Value, e.To.Value
	return from.leaving || to.leaving || t.leaving[from] || t.leaving[to]
}

// isolate takes the edges from all that are leaving, so that they cannot be part of a
// cycle.
func (t *taking) isolate() {
	for v := range t.leaving {
		t.disconnectAll(v)
	}
	for v := range t.engine.leaving {
		t.disconnectAll(v)
	}
}

// depart lets those go that were leaving and may, and reports whether there were any.
func (e *Engine) depart() bool {
	departed, undo := false, false
	for _, v := range e.leavers {
		if !v.leaving || v.realizes() || v.needed(func(child *vertex) bool { return child.leaving }) {
			continue
		}
		departed = true
		e.declare(v.spec, false)
		for _, in := range v.node.In() {
			e.touch(in.From.Value)
		}
		e.disconnectAll(v)
		e.setLeaving(v, false)
		undone := e.letGo(v, &Cause{Kind: Unwanted})
		undo = undo || undone
	}
	if undo {
		e.orderUndos()
	}
	clear(e.leavers)
	e.leavers = e.leavers[:0]
	return departed
}

// setLeaving sets whether v is leaving.
func (e *Engine) setLeaving(v *vertex, leaving bool) {
	if leaving == v.leaving {
		return
	}
	v.leaving = leaving
	if leaving {
		e.leaving[v] = true
		e.touch(v)
		e.movedBefore(v, 0)
	} else {
		delete(e.leaving, v)
	}
}
