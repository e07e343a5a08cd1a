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
	index   autoedge.Index[*vertex]
	dropped map[autoEdge]*drop
	blocks  map[ends]map[*drop]bool // by the edges of their ways
	retry   []autoEdge              // dropped ones whose way was interrupted
}

type (
	party    = autoedge.Party[*vertex]
	autoEdge = autoedge.Edge[*vertex]
)

// ends are those of an edge of the graph.
type ends struct{ from, to *node }

// A drop is an automatic edge that is left out.
type drop struct {
	edge autoEdge
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
	if t.engine.auto.index.Edges() == 0 {
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

func edgeOf(from, to *node) autoEdge {
	return autoEdge{From: from.Value.party, To: to.Value.party}
}

// automatic makes the automatic edges what they shall be. It cannot fail.
func (t *taking) automatic() {
	e := t.engine
	for _, key := range t.delta.Remove {
		if v := e.vertices[key]; v != nil && t.set[key] == nil {
			e.setWishes(v, autoedge.Wishes{})
		}
	}
	for i, spec := range t.delta.Set {
		switch {
		case t.set[spec.Key] != spec:
		case t.wishes == nil:
			e.setWishes(e.vertices[spec.Key], autoedge.Wishes{})
		default:
			e.setWishes(e.vertices[spec.Key], t.wishes[i])
		}
	}
	added, removed := e.auto.index.Changes()
	for _, edge := range removed {
		e.forgetAuto(edge)
	}
	e.connectAuto(added, t.aside)
}

func (e *Engine) setWishes(v *vertex, w autoedge.Wishes) {
	if v.party == nil {
		if w.Empty() {
			return
		}
		v.party = &party{Key: v.key, Value: v}
	}
	e.auto.index.Set(v.party, w)
}

// forgetAuto takes the reason for an edge away.
func (e *Engine) forgetAuto(wanted autoEdge) {
	e.undrop(wanted)
	from, to := wanted.From.Value.node, wanted.To.Value.node
	if from == nil || to == nil {
		return
	}
	edge := e.graph.Find(from, to)
	if edge == nil || edge.From.Value.leaving || edge.To.Value.leaving {
		return
	}
	if edge.Value.droppable() {
		e.disconnect(edge)
	}
	edge.Value.auto = false
}

// connectAuto makes edges that are wanted, and of others those that are wanted still: ones that
// were set aside, and dropped ones whose time may have come.
func (e *Engine) connectAuto(wanted, aside []autoEdge) {
	again := append(aside, e.auto.retry...)
	e.auto.retry = nil
	slices.SortFunc(again, autoEdge.Compare)
	for _, edge := range slices.Compact(again) {
		if e.auto.index.Has(edge) {
			wanted = append(wanted, edge)
		}
	}
	links := make([]graph.Link[*vertex, *link], 0, len(wanted))
	for _, edge := range wanted {
		from, to := edge.From.Value.node, edge.To.Value.node
		if found := e.graph.Find(from, to); found != nil {
			found.Value.auto = true
			e.undrop(edge)
			continue
		}
		links = append(links, graph.Link[*vertex, *link]{From: from, To: to, Value: &link{auto: true}})
	}
	made, refused := e.connectMost(links)
	for _, edge := range made {
		e.count(edge, 1)
		e.undrop(edgeOf(edge.From, edge.To))
	}
	for _, r := range refused {
		e.drop(edgeOf(r.From, r.To), r.Way)
	}
}

// connectMost makes edges as long as they close no cycle; which of them do is decided in the
// order of their names.
func (e *Engine) connectMost(links []graph.Link[*vertex, *link]) ([]*edge, []graph.Refused[*vertex, *link]) {
	made, err := e.graph.Connect(links)
	if err == nil {
		return made, nil
	}
	slices.SortFunc(links, func(a, b graph.Link[*vertex, *link]) int {
		return edgeOf(a.From, a.To).Compare(edgeOf(b.From, b.To))
	})
	return e.graph.ConnectMost(links)
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
func (e *Engine) drop(edge autoEdge, way []*node) {
	a := &e.auto
	if a.dropped == nil {
		a.dropped = map[autoEdge]*drop{}
		a.blocks = map[ends]map[*drop]bool{}
	}
	if a.dropped[edge] == nil {
		e.observe(edge.To.Value, Event{Kind: Warned, Err: droppedError(edge, way)})
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

func droppedError(edge autoEdge, way []*node) error {
	cycle := &graph.CycleError[resource.Key]{}
	for _, n := range way {
		cycle.Nodes = append(cycle.Nodes, n.Value.key)
	}
	return fmt.Errorf("the automatic edge from %s is left out, as it would close a %w", edge.From.Key, cycle)
}

// undrop forgets that an edge is left out, if it is.
func (e *Engine) undrop(edge autoEdge) {
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
