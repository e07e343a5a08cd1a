package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"mgmt/engine/autoedge"
	"mgmt/graph"
	"mgmt/resource"
)

// Automatic edges come of what resources need and provide. They are a reason for an edge
// beside those of a delta. One that would close a cycle is dropped: it is left out, and made
// as soon as the way that it would close to a cycle is interrupted.

// automatic is what the loop knows of them.
type automatic struct {
	index   autoedge.Index
	dropped map[autoedge.Edge]*drop
	blocks  map[ends]map[*drop]bool // by the edges of their ways
	retry   []autoedge.Edge         // dropped ones whose way was interrupted
}

// ends are those of an edge of the graph.
type ends struct{ from, to *node }

// A drop is an automatic edge that is left out.
type drop struct {
	edge autoedge.Edge
	way  []*node // from edge.To to edge.From
}

// wishes asks the resources of a delta what they need and provide, in the order of Set. It runs
// beside the loop.
func (e *Engine) wishes(ctx context.Context, d resource.Delta) ([]autoedge.Wishes, error) {
	if e.opts.NoAutoedges {
		return nil, nil
	}
	var out []autoedge.Wishes
	var errs []error
	for i, spec := range d.Set {
		w, err := wishesOf(ctx, spec)
		if err != nil {
			errs = append(errs, &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: err})
		}
		if out == nil && !w.Empty() {
			out = make([]autoedge.Wishes, len(d.Set))
		}
		if !w.Empty() {
			out[i] = w
		}
	}
	return out, errors.Join(errs...)
}

func wishesOf(ctx context.Context, spec *resource.Spec) (w autoedge.Wishes, err error) {
	if !spec.Meta.AutoEdge || spec.Meta.Hidden {
		return w, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{p, debug.Stack()}
		}
	}()
	if p, ok := spec.Resource.(resource.Provider); ok {
		w.Provides = p.Provides()
	}
	if n, ok := spec.Resource.(resource.Needer); ok {
		if w.Needs, err = n.Needs(ctx); err != nil {
			return w, fmt.Errorf("finding out what it needs: %w", err)
		}
	}
	return w, nil
}

// setAside takes out of the graph the automatic edges that would be part of a cycle with links,
// and reports whether there were any.
func (t *taking) setAside(links []graph.Link[*vertex, *link]) bool {
	if t.engine.auto.index.Len() == 0 {
		return false
	}
	for _, edge := range t.engine.graph.Tangled(links) {
		if edge.Value.droppable() {
			t.disconnect(edge)
			t.aside = append(t.aside, edgeOf(edge.From, edge.To))
		}
	}
	return len(t.aside) > 0
}

func edgeOf(from, to *node) autoedge.Edge {
	return autoedge.Edge{From: from.Value.key, To: to.Value.key}
}

// automatic makes the automatic edges what they shall be. It cannot fail.
func (t *taking) automatic() {
	e := t.engine
	for _, key := range t.delta.Remove {
		if t.set[key] == nil {
			e.auto.index.Remove(key)
		}
	}
	for i, spec := range t.delta.Set {
		switch {
		case t.set[spec.Key] != spec:
		case t.wishes == nil:
			e.auto.index.Remove(spec.Key)
		default:
			e.auto.index.Set(spec.Key, t.wishes[i])
		}
	}
	added, removed := e.auto.index.Changes()
	for _, edge := range removed {
		e.forgetAuto(edge)
	}
	e.connectAuto(added, t.aside)
}

// forgetAuto takes the reason for an edge away.
func (e *Engine) forgetAuto(wanted autoedge.Edge) {
	e.undrop(wanted)
	edge := e.edge(wanted.From, wanted.To)
	if edge == nil || edge.From.Value.leaving || edge.To.Value.leaving {
		return
	}
	if edge.Value.droppable() {
		e.disconnect(edge)
	}
	edge.Value.auto = false
}

// connectAuto makes edges that are wanted, sorted, and of others those that are wanted still:
// ones that were set aside, and dropped ones whose time may have come.
func (e *Engine) connectAuto(wanted, aside []autoedge.Edge) {
	if again := append(aside, e.auto.retry...); len(again) > 0 {
		e.auto.retry = nil
		wanted = append(wanted, slices.DeleteFunc(again, func(edge autoedge.Edge) bool { return !e.auto.index.Has(edge) })...)
		slices.SortFunc(wanted, autoedge.Edge.Compare)
		wanted = slices.Compact(wanted)
	}
	links := make([]graph.Link[*vertex, *link], 0, len(wanted))
	for _, edge := range wanted {
		from, to := e.vertices[edge.From].node, e.vertices[edge.To].node
		if found := e.graph.Find(from, to); found != nil {
			found.Value.auto = true
			e.undrop(edge)
			continue
		}
		links = append(links, graph.Link[*vertex, *link]{From: from, To: to, Value: &link{auto: true}})
	}
	made, refused := e.graph.ConnectMost(links)
	for _, edge := range made {
		e.count(edge, 1)
		e.undrop(edgeOf(edge.From, edge.To))
	}
	for _, r := range refused {
		e.drop(edgeOf(r.From, r.To), r.Way)
	}
}

// reconnect makes dropped edges whose time has come, and reports whether there were any.
func (e *Engine) reconnect() bool {
	if len(e.auto.retry) == 0 {
		return false
	}
	e.connectAuto(nil, nil)
	return true
}

// drop leaves out an edge because of a way from its end to its beginning.
func (e *Engine) drop(edge autoedge.Edge, way []*node) {
	a := &e.auto
	if a.dropped == nil {
		a.dropped = map[autoedge.Edge]*drop{}
		a.blocks = map[ends]map[*drop]bool{}
	}
	if a.dropped[edge] == nil {
		e.observe(e.vertices[edge.To], Event{Kind: Warned, Err: droppedError(edge, way)})
	}
	e.undrop(edge)
	d := &drop{edge, way}
	a.dropped[edge] = d
	for i, to := range way[1:] {
		at := ends{way[i], to}
		if a.blocks[at] == nil {
			a.blocks[at] = map[*drop]bool{}
		}
		a.blocks[at][d] = true
	}
}

func droppedError(edge autoedge.Edge, way []*node) error {
	cycle := &graph.CycleError[resource.Key]{}
	for _, n := range way {
		cycle.Nodes = append(cycle.Nodes, n.Value.key)
	}
	return fmt.Errorf("the automatic edge from %s is left out, as it would close a %w", edge.From, cycle)
}

// undrop forgets that an edge is left out, if it is.
func (e *Engine) undrop(edge autoedge.Edge) {
	d := e.auto.dropped[edge]
	if d == nil {
		return
	}
	delete(e.auto.dropped, edge)
	for i, to := range d.way[1:] {
		at := ends{d.way[i], to}
		delete(e.auto.blocks[at], d)
		if len(e.auto.blocks[at]) == 0 {
			delete(e.auto.blocks, at)
		}
	}
}

// interrupted notes that an edge leaves the graph.
func (e *Engine) interrupted(edge *edge) {
	for d := range e.auto.blocks[ends{edge.From, edge.To}] {
		e.auto.retry = append(e.auto.retry, d.edge)
	}
}
