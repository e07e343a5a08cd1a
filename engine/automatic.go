package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"mgmt/engine/autoedge"
	"mgmt/graph"
	"mgmt/resource"
)

// Automatic edges follow from what resources need and provide, and from what they are members
// of. Such a reason for an edge stands beside the reasons that a delta may give for the same edge.
// An automatic edge that would close a cycle is dropped: it is left out, and is made as soon as
// the path that it would close to a cycle is interrupted.

// A reason says why there is an automatic edge.
type reason uint8

const (
	need     reason = 1 << iota // one end needs what the other provides
	serving                     // the first is a member of the second
	standing                    // the first stands for a member
)

// automatic is what the loop knows of automatic edges.
type automatic struct {
	index   autoedge.Index[*vertex]
	dropped map[ends]*drop
	blocks  map[ends]map[*drop]bool // by the edges of their paths
	retry   []*drop                 // those whose path was interrupted, or that were set aside
	links   []graph.Link[*vertex, *link]
}

type party = autoedge.Party[*vertex]

// ends are those of an edge of the graph.
type ends struct{ from, to *vertex }

// A drop is an automatic edge that is left out.
type drop struct {
	ends
	why    reason
	told   bool      // there was a warning
	queued bool      // in automatic.retry
	path   []*vertex // that it would close: from the vertex to to the vertex from
}

// An asked is what a resource said of edges when it was asked.
type asked struct {
	wishes autoedge.Wishes
	server resource.ID // that it is a member of; no Kind is none
}

// ask asks the resources of a delta what they need, provide and are members of, in the order of
// Set; nil is nothing at all. It runs beside the loop.
func (e *Engine) ask(ctx context.Context, d resource.Delta) ([]asked, error) {
	var out []asked
	var errs []error
	for i, spec := range d.Set {
		var a asked
		err := guard(func() (err error) {
			a, err = e.askOne(ctx, spec)
			return err
		})
		if err != nil {
			errs = append(errs, &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: err})
		}
		if a.wishes.Empty() && a.server.Kind == "" {
			continue
		}
		if out == nil {
			out = make([]asked, len(d.Set))
		}
		out[i] = a
	}
	return out, errors.Join(errs...)
}

func (e *Engine) askOne(ctx context.Context, spec *resource.Spec) (a asked, err error) {
	if spec.Meta.Hidden {
		return a, nil
	}
	if m, ok := spec.Resource.(resource.Served); ok {
		a.server.Kind, a.server.Name = m.Server()
	}
	if e.opts.NoAutoedges || !spec.Meta.AutoEdge {
		return a, nil
	}
	if p, ok := spec.Resource.(resource.Provider); ok {
		a.wishes.Provides = p.Provides()
	}
	if n, ok := spec.Resource.(resource.Needer); ok {
		if a.wishes.Needs, err = n.Needs(ctx); err != nil {
			return a, fmt.Errorf("finding out what it needs: %w", err)
		}
	}
	return a, nil
}

// setAside takes out of the graph the automatic edges that would be part of a cycle with links,
// and reports whether there were any.
func (t *taking) setAside(links []graph.Link[*vertex, *link]) bool {
	e := t.engine
	if e.auto.index.Edges()+e.members.index.Edges() == 0 {
		return false
	}
	some := false
	for _, edge := range e.graph.Tangled(links) {
		if !edge.Value.droppable() {
			continue
		}
		some = true
		t.disconnect(edge)
		if edge.From.Value.leaving || edge.To.Value.leaving { // nobody wishes for it any more
			continue
		}
		d := &drop{ends: ends{edge.From.Value, edge.To.Value}, why: edge.Value.auto}
		e.auto.keep(d)
		e.auto.requeue(d)
		t.undo = append(t.undo, func() { e.undrop(d) })
	}
	return some
}

// automatic makes the automatic edges what they shall be. It cannot fail.
func (t *taking) automatic() {
	e := t.engine
	for _, key := range t.delta.Remove {
		if v := e.vertices[key]; v != nil && t.set[key] == nil {
			e.setWishes(v, autoedge.Wishes{})
			e.setRole(v, false, resource.ID{})
		}
	}
	for i, spec := range t.delta.Set {
		if t.set[spec.Key] != spec {
			continue
		}
		var a asked
		if t.asked != nil {
			a = t.asked[i]
		}
		v := e.vertices[spec.Key]
		e.setWishes(v, a.wishes)
		e.setRole(v, e.serves(spec), a.server)
	}
	added, removed := e.auto.index.Changes()
	for _, edge := range removed {
		e.unwish(edge.From.Value, edge.To.Value, need)
	}
	e.auto.links = make([]graph.Link[*vertex, *link], 0, len(added))
	for _, edge := range added {
		e.wish(edge.From.Value, edge.To.Value, need)
	}
	e.connectAuto()
	t.assign()
	e.connectAuto()
	e.standIn()
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

// wish gives a reason for an edge, which connectAuto then makes.
func (e *Engine) wish(from, to *vertex, why reason) {
	if d := e.auto.dropped[ends{from, to}]; d != nil {
		d.why |= why
		return
	}
	if found := e.graph.Find(from.node, to.node); found != nil {
		found.Value.auto |= why
		return
	}
	e.auto.links = append(e.auto.links, graph.Link[*vertex, *link]{From: from.node, To: to.node, Value: &link{auto: why}})
}

// unwish takes a reason for an edge away.
func (e *Engine) unwish(from, to *vertex, why reason) {
	if d := e.auto.dropped[ends{from, to}]; d != nil {
		if d.why &^= why; d.why == 0 {
			e.undrop(d)
		}
		return
	}
	if from.node == nil || to.node == nil {
		return
	}
	edge := e.graph.Find(from.node, to.node)
	if edge == nil || from.leaving || to.leaving {
		return
	}
	edge.Value.auto &^= why
	if !edge.Value.wanted() {
		e.disconnect(edge)
	}
}

// connectAuto makes the edges that were wished for, and those dropped ones whose path was
// interrupted.
func (e *Engine) connectAuto() {
	a := &e.auto
	for _, d := range a.retry {
		d.queued = false
		if a.dropped[d.ends] != d || d.from.node == nil || d.to.node == nil { // nobody wishes for it any more
			continue
		}
		if found := e.graph.Find(d.from.node, d.to.node); found != nil {
			found.Value.auto |= d.why
			e.undrop(d)
			continue
		}
		a.links = append(a.links, graph.Link[*vertex, *link]{From: d.from.node, To: d.to.node, Value: &link{auto: d.why}})
	}
	links := a.links
	a.links, a.retry = nil, nil
	made, refused := e.connectMost(links)
	for _, edge := range made {
		e.count(edge, 1)
		if d := a.dropped[ends{edge.From.Value, edge.To.Value}]; d != nil {
			e.undrop(d)
		}
	}
	for _, r := range refused {
		d := &drop{ends: ends{r.From.Value, r.To.Value}, why: r.Value.auto}
		for _, n := range r.Way {
			d.path = append(d.path, n.Value)
		}
		e.drop(d)
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
		return cmp.Or(a.To.Value.key.Compare(b.To.Value.key), a.From.Value.key.Compare(b.From.Value.key))
	})
	return e.graph.ConnectMost(links)
}

// reconnect tries dropped edges again whose path was interrupted, and reports whether there were
// any.
func (e *Engine) reconnect() bool {
	if len(e.auto.retry)+len(e.members.moved) == 0 {
		return false
	}
	e.connectAuto()
	e.standIn()
	return true
}

// drop leaves out an edge because there is a path from its end to its beginning, and warns of
// that once. It does not warn if a server cannot stand for a member, since the program asks for
// the other order then.
func (e *Engine) drop(d *drop) {
	old := e.auto.dropped[d.ends]
	d.told = old != nil && old.told
	if !d.told && d.why != standing {
		d.told = true
		e.observe(d.to, Event{Kind: Warned, Err: d.error()})
	}
	if old != nil {
		e.undrop(old)
	}
	e.auto.keep(d)
}

func (d *drop) error() error {
	cycle := &graph.CycleError[resource.Key]{}
	for _, v := range d.path {
		cycle.Nodes = append(cycle.Nodes, v.key)
	}
	return fmt.Errorf("the automatic edge from %s is left out, as it would close a %w", d.from.key, cycle)
}

func (a *automatic) keep(d *drop) {
	if a.dropped == nil {
		a.dropped = map[ends]*drop{}
		a.blocks = map[ends]map[*drop]bool{}
	}
	a.dropped[d.ends] = d
	for step := range d.steps {
		if a.blocks[step] == nil {
			a.blocks[step] = map[*drop]bool{}
		}
		a.blocks[step][d] = true
	}
}

// undrop forgets that an edge is left out.
func (e *Engine) undrop(d *drop) {
	delete(e.auto.dropped, d.ends)
	for step := range d.steps {
		delete(e.auto.blocks[step], d)
		if len(e.auto.blocks[step]) == 0 {
			delete(e.auto.blocks, step)
		}
	}
}

// steps yields the edges of the path.
func (d *drop) steps(yield func(ends) bool) {
	for i := 1; i < len(d.path); i++ {
		if !yield(ends{d.path[i-1], d.path[i]}) {
			return
		}
	}
}

// interrupted notes that an edge leaves the graph.
func (e *Engine) interrupted(edge *edge) {
	for d := range e.auto.blocks[ends{edge.From.Value, edge.To.Value}] {
		e.auto.requeue(d)
	}
}

func (a *automatic) requeue(d *drop) {
	if !d.queued {
		d.queued = true
		a.retry = append(a.retry, d)
	}
}

// Automatic returns the edges that an engine adds to a graph by itself, and the events with what
// it warns of. Nothing is opened or run.
func Automatic(ctx context.Context, opts Options, d resource.Delta) (edges []resource.Edge, warnings []Event, err error) {
	opts.Observe = func(ev Event) {
		if ev.Kind == Warned {
			warnings = append(warnings, ev)
		}
	}
	e := New(opts)
	defer e.cancelAll()
	if err := e.validate(d); err != nil {
		return nil, nil, err
	}
	asked, err := e.ask(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	if err := e.take(d, asked); err != nil {
		return nil, nil, err
	}
	for _, edge := range e.snapshot(Inquiry{Edges: true}).sorted().Edges {
		if edge.Auto {
			edges = append(edges, edge.Edge)
		}
	}
	return edges, warnings, nil
}
