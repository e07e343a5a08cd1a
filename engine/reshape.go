package engine

import (
	"errors"
	"slices"

	"mgmt/graph"
	"mgmt/resource"
)

// reshape makes the nodes and edges what they shall be. When they would have a cycle it
// takes everything back.
func (t *taking) reshape() error {
	e := t.engine
	t.sources = map[*edge]bool{}
	t.leaving = map[*vertex]bool{}
	t.findLeaving()
	for v := range t.remove {
		t.disconnectAll(v)
	}
	for _, edge := range t.delta.RemoveEdges {
		if found := e.edge(edge.From, edge.To); found != nil && !t.stays(found) {
			t.change(found, func(l *link) { l.declared, l.notify = false, false })
		}
	}
	for _, spec := range t.delta.Set {
		t.addNode(spec)
	}
	links := t.links()
	for lost := range t.sources {
		if !lost.Value.wanted() {
			t.disconnect(lost)
		}
	}
	made, err := e.graph.Connect(links)
	if err != nil && t.setAside(links) {
		made, err = e.graph.Connect(links)
	}
	if err != nil && len(t.leaving)+len(e.leaving) > 0 {
		t.isolate()
		made, err = e.graph.Connect(links)
	}
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
			t.change(found, func(l *link) { l.declared, l.notify = true, edge.Notify })
			continue
		}
		add(from, to, &link{declared: true, notify: edge.Notify})
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
	e.moved(parent)
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
	e.disconnect(edge)
	t.undo = append(t.undo, func() {
		made, _ := e.graph.Connect([]graph.Link[*vertex, *link]{{From: edge.From, To: edge.To, Value: edge.Value}})
		for _, again := range made { // there was no cycle before
			e.count(again, 1)
		}
	})
}

// disconnect takes an edge away for good.
func (e *Engine) disconnect(edge *edge) {
	e.count(edge, -1)
	e.interrupted(edge)
	e.graph.Disconnect(edge)
}

func (e *Engine) disconnectAll(v *vertex) {
	for len(v.node.In()) > 0 {
		e.disconnect(v.node.In()[0])
	}
	for len(v.node.Out()) > 0 {
		e.disconnect(v.node.Out()[0])
	}
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
	if v.leaving || v.undoing() {
		t.disconnectAll(v)
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
	first := slices.Index(out.Nodes, slices.MinFunc(out.Nodes, resource.Key.Compare))
	out.Nodes = slices.Concat(out.Nodes[first:], out.Nodes[:first])
	return &resource.SpecError{Key: out.Nodes[0], Pos: t.wanted(out.Nodes[0]).Pos, Err: out}
}
