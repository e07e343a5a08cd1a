package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"mgmt/graph"
	"mgmt/resource"
)

// removeGrace is how long a run may go on whose resource is not wanted any more.
const removeGrace = 10 * time.Second

// validate checks each resource of the delta by itself. It runs beside the loop.
func (e *Engine) validate(d resource.Delta) error {
	var errs []error
	for _, spec := range d.Set {
		if err := e.validateSpec(spec); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (e *Engine) validateSpec(spec *resource.Spec) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: &PanicError{p, debug.Stack()}}
		}
	}()
	if e.opts.Kinds != nil && e.opts.Kinds.Lookup(spec.Key.Kind) == nil {
		return &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: errors.New("there is no such kind")}
	}
	return spec.Validate()
}

// take changes the graph, or returns an error and leaves it as it was.
func (e *Engine) take(d resource.Delta) error {
	if e.stopping {
		return ErrStopped
	}
	t := &taking{engine: e, delta: d, set: make(map[resource.Key]*resource.Spec, len(d.Set))}
	for _, spec := range d.Set {
		t.set[spec.Key] = spec
	}
	if err := t.check(); err != nil {
		return err
	}
	if err := t.reshape(); err != nil {
		return err
	}
	t.commit()
	e.converge.loaded = true
	return nil
}

// A taking is one delta on its way into the graph: check looks at what it says,
// reshape changes the graph and can still take that back, commit cannot fail.
type taking struct {
	engine  *Engine
	delta   resource.Delta
	set     map[resource.Key]*resource.Spec
	remove  map[*vertex]bool
	added   []*vertex // with a node that reshape made
	undo    []func()
	sources map[*edge]bool // edges that may have lost their reason
}

// wanted returns what the graph will hold for the key, or nil.
func (t *taking) wanted(key resource.Key) *resource.Spec {
	if spec := t.set[key]; spec != nil {
		return spec
	}
	if v := t.engine.vertices[key]; v != nil && !t.remove[v] {
		return v.spec
	}
	return nil
}

// check finds edges to nothing and values that nobody sends.
func (t *taking) check() error {
	t.remove = make(map[*vertex]bool, len(t.delta.Remove))
	for _, key := range t.delta.Remove {
		if v := t.engine.vertices[key]; v != nil && v.spec != nil && t.set[key] == nil {
			t.remove[v] = true
		}
	}
	var errs []error
	for _, edge := range t.delta.SetEdges {
		if err := t.checkEdge(edge); err != nil {
			errs = append(errs, err)
		}
	}
	for _, spec := range t.delta.Set {
		for _, r := range spec.Recv {
			if err := t.checkRecv(spec, r); err != nil {
				errs = append(errs, &resource.SpecError{Key: spec.Key, Pos: spec.Pos, Err: err})
			}
		}
	}
	for v := range t.remove {
		for _, out := range v.node.Out() {
			child := out.To.Value
			if out.Value.recvs > 0 && !t.remove[child] && t.set[child.key] == nil {
				errs = append(errs, &resource.SpecError{Key: child.key, Pos: child.pos(),
					Err: fmt.Errorf("it receives from %s, which is to be removed", v.key)})
			}
		}
	}
	return errors.Join(errs...)
}

func (t *taking) checkEdge(edge resource.Edge) error {
	from, to := t.wanted(edge.From), t.wanted(edge.To)
	switch {
	case from == nil && to == nil:
		return fmt.Errorf("edge from %s to %s: neither is in the graph", edge.From, edge.To)
	case from == nil:
		return &resource.SpecError{Key: edge.To, Pos: to.Pos, Err: fmt.Errorf("edge from %s: that is not in the graph", edge.From)}
	case to == nil:
		return &resource.SpecError{Key: edge.From, Pos: from.Pos, Err: fmt.Errorf("edge to %s: that is not in the graph", edge.To)}
	}
	return nil
}

func (t *taking) checkRecv(spec *resource.Spec, r resource.Recv) error {
	fail := func(format string, args ...any) error {
		return &resource.ParamError{Param: r.Param, Err: fmt.Errorf(format, args...)}
	}
	sender := t.wanted(resource.Key{ID: r.From})
	if sender == nil {
		return fail("it receives from %s, which is not in the graph", r.From)
	}
	if sender.Meta.Hidden {
		return fail("it receives from %s, which is hidden and never sends", r.From)
	}
	if _, ok := sender.Resource.(resource.Sender); !ok {
		return fail("it receives from %s, which does not send anything", r.From)
	}
	kinds := t.engine.opts.Kinds
	if kinds == nil {
		return nil
	}
	if kind := kinds.Lookup(r.From.Kind); kind != nil && !has(kind.Sends(), r.Output) {
		return fail("%s does not send %s", r.From, r.Output)
	}
	if kind := kinds.Lookup(spec.Key.Kind); kind != nil && !has(kind.Params(), r.Param) {
		return fail("%s has no such parameter", spec.Key.Kind)
	}
	return nil
}

func has(params []resource.Param, name string) bool {
	return slices.ContainsFunc(params, func(p resource.Param) bool { return p.Name == name })
}

// reshape makes the nodes and edges what they shall be. When they would have a cycle it
// takes everything back.
func (t *taking) reshape() error {
	e := t.engine
	t.sources = map[*edge]bool{}
	for v := range t.remove {
		t.disconnectAll(v)
	}
	for _, edge := range t.delta.RemoveEdges {
		if found := e.edge(edge.From, edge.To); found != nil {
			t.change(found, func(l *link) { l.declared, l.notify = false, false })
		}
	}
	for _, spec := range t.delta.Set {
		t.addNode(spec)
	}
	links := t.links()
	for lost := range t.sources {
		if !lost.Value.declared && lost.Value.recvs == 0 {
			t.disconnect(lost)
		}
	}
	made, err := e.graph.Connect(links)
	if err != nil {
		t.takeBack()
		return t.cycle(err)
	}
	for _, edge := range made {
		e.count(edge, 1)
	}
	if len(made) < len(links) {
		e.merge(links)
	}
	return nil
}

// merge gives edges that were listed more than once all that was said of them.
func (e *Engine) merge(links []graph.Link[*vertex, *link]) {
	for _, l := range links {
		if kept := e.graph.Find(l.From, l.To).Value; kept != l.Value {
			kept.declared = kept.declared || l.Value.declared
			kept.notify = kept.notify || l.Value.notify
			kept.recvs += l.Value.recvs
		}
	}
}

// links returns the edges to be made, and changes those that are there already.
func (t *taking) links() []graph.Link[*vertex, *link] {
	e := t.engine
	links := make([]graph.Link[*vertex, *link], 0, len(t.delta.SetEdges))
	var pending map[[2]*node]*link // of links, once values are received
	add := func(from, to *node, l *link) {
		links = append(links, graph.Link[*vertex, *link]{From: from, To: to, Value: l})
	}
	for _, edge := range t.delta.SetEdges {
		from, to := e.vertices[edge.From].node, e.vertices[edge.To].node
		if found := e.graph.Find(from, to); found != nil {
			t.change(found, func(l *link) { l.declared, l.notify, l.auto = true, edge.Notify, edge.Auto })
			continue
		}
		add(from, to, &link{declared: true, notify: edge.Notify, auto: edge.Auto})
	}
	for _, spec := range t.delta.Set {
		v := e.vertices[spec.Key]
		if v.spec != nil {
			t.unreceive(v)
		}
		for _, r := range spec.Recv {
			from := e.vertices[resource.Key{ID: r.From}].node
			if found := e.graph.Find(from, v.node); found != nil {
				t.change(found, func(l *link) { l.recvs++ })
				continue
			}
			if pending == nil {
				pending = make(map[[2]*node]*link, len(links))
				for _, l := range links {
					pending[[2]*node{l.From, l.To}] = l.Value
				}
			}
			ends := [2]*node{from, v.node}
			if pending[ends] == nil {
				pending[ends] = &link{}
				add(from, v.node, pending[ends])
			}
			pending[ends].recvs++
		}
	}
	return links
}

// unreceive takes back what v received so far.
func (t *taking) unreceive(v *vertex) {
	for _, r := range v.spec.Recv {
		if found := t.engine.edge(resource.Key{ID: r.From}, v.key); found != nil {
			t.change(found, func(l *link) { l.recvs-- })
		}
	}
}

// edge returns the edge between two vertices of the graph, or nil.
func (e *Engine) edge(from, to resource.Key) *edge {
	a, b := e.vertices[from], e.vertices[to]
	if a == nil || b == nil || a.node == nil || b.node == nil {
		return nil
	}
	return e.graph.Find(a.node, b.node)
}

// count adds by to what the child of an edge knows of the parent.
func (e *Engine) count(edge *edge, by int) {
	parent, child := edge.From.Value, edge.To.Value
	if parent.holding {
		child.holders += by
	}
	if parent.bad {
		child.badAbove += by
	}
	e.touch(child)
}

// change changes a link and remembers how it was.
func (t *taking) change(edge *edge, f func(*link)) {
	old := *edge.Value
	t.undo = append(t.undo, func() { *edge.Value = old })
	f(edge.Value)
	t.sources[edge] = true
}

func (t *taking) disconnect(edge *edge) {
	e := t.engine
	e.count(edge, -1)
	e.graph.Disconnect(edge)
	t.undo = append(t.undo, func() {
		made, _ := e.graph.Connect([]graph.Link[*vertex, *link]{{From: edge.From, To: edge.To, Value: edge.Value}})
		for _, again := range made { // there was no cycle before
			e.count(again, 1)
		}
	})
}

func (t *taking) disconnectAll(v *vertex) {
	for len(v.node.In()) > 0 {
		t.disconnect(v.node.In()[0])
	}
	for len(v.node.Out()) > 0 {
		t.disconnect(v.node.Out()[0])
	}
}

// addNode gives the spec a vertex with a node.
func (t *taking) addNode(spec *resource.Spec) {
	e := t.engine
	v := e.vertices[spec.Key]
	if v == nil {
		v = &vertex{key: spec.Key}
		e.vertices[spec.Key] = v
	}
	if v.node == nil {
		v.node = e.graph.Add(v)
		t.added = append(t.added, v)
	}
}

func (t *taking) takeBack() {
	for _, undo := range slices.Backward(t.undo) {
		undo()
	}
	for _, v := range t.added {
		t.engine.graph.Remove(v.node)
		v.node = nil
		if v.spec == nil && !v.open { // it is not one that is going
			delete(t.engine.vertices, v.key)
		}
	}
}

// cycle names the keys of a cycle, the least one first, and where that is stated.
func (t *taking) cycle(err error) error {
	var found *graph.CycleError[*vertex]
	if !errors.As(err, &found) {
		return err
	}
	out := &graph.CycleError[resource.Key]{}
	for _, v := range found.Nodes {
		out.Nodes = append(out.Nodes, v.key)
	}
	first := slices.Index(out.Nodes, slices.MinFunc(out.Nodes, compareKeys))
	out.Nodes = slices.Concat(out.Nodes[first:], out.Nodes[:first])
	return &resource.SpecError{Key: out.Nodes[0], Pos: t.wanted(out.Nodes[0]).Pos, Err: out}
}

// commit makes the vertices what the delta wants.
func (t *taking) commit() {
	e := t.engine
	t.declare()
	for v := range t.remove {
		e.graph.Remove(v.node)
		e.dismiss(v)
		e.allowGrace(v)
	}
	cause := t.delta.Cause
	if cause == "" {
		cause = "the program wants it"
	}
	for _, spec := range t.delta.Set {
		if t.set[spec.Key] == spec {
			e.adopt(e.vertices[spec.Key], spec, cause)
		}
	}
	for v := range e.rewatch {
		delete(e.rewatch, v)
		if v.dead() {
			e.revive(v, cause)
		}
	}
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
	defer func() {
		if p := recover(); p != nil {
			e.logPanic(spec.Key, &PanicError{p, debug.Stack()})
		}
	}()
	d.Declare(e.shared.get, enter)
}

// adopt makes v run by another spec, unless that says the same.
func (e *Engine) adopt(v *vertex, spec *resource.Spec, cause string) {
	old := v.spec
	v.spec = spec
	if old != nil && old.Meta.Equal(spec.Meta) && slices.Equal(old.Recv, spec.Recv) && resource.Equal(old.Resource, spec.Resource) {
		return
	}
	if old == nil {
		e.total++
	}
	v.meta = e.effective(spec.Meta)
	v.semas = semaList(v.meta.Sema)
	if e.opts.Kinds != nil {
		v.kind = e.opts.Kinds.Lookup(spec.Key.Kind)
	}
	v.got = make([]any, len(spec.Recv))
	v.limit = bucket{}
	if v.meta.Reset {
		delete(e.failures, v.key)
	}
	e.revive(v, cause)
}

// revive gives v a fresh start.
func (e *Engine) revive(v *vertex, cause string) {
	replace := v.dead() && v.job == nil
	v.failed = nil
	v.attempts = attempts{}
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

// effective returns the meta parameters with what the options add to them.
func (e *Engine) effective(m resource.Meta) resource.Meta {
	m.Noop = m.Noop || e.opts.Noop
	if e.opts.Sema > 0 {
		m.Sema = append(slices.Clip(m.Sema), fmt.Sprintf(":%d", e.opts.Sema))
	}
	return m
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

// sameWatch reports whether v is to be watched in the way in which the instance is.
func sameWatch(i *instance, v *vertex) bool {
	return !v.meta.Hidden && (i.spec.Meta.Poll == 0) == (v.meta.Poll == 0)
}
