package lang

import (
	"errors"
	"slices"
	"strings"

	"mgmt/frontend"
	"mgmt/lang/compile"
	"mgmt/lang/flow"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// settle merges the declarations of all dirty resources and looks at all dirty edges.
// What is wrong with them is left in c.bad.
func (c *collector) settle() {
	for id := range c.dirty {
		n := c.node(id)
		before := len(n.specs)
		specs, err := c.merge(id, n)
		c.note(id, err)
		n.specs = specs
		if len(specs) != before {
			for l := range n.links {
				c.dirtyLinks[l] = true
			}
		}
	}
	for l := range c.dirtyLinks {
		c.note(l, c.checkLink(l))
	}
}

func (c *collector) note(what any, err error) {
	if err != nil {
		c.bad[what] = err
	} else {
		delete(c.bad, what)
	}
}

// merge makes one resource of the declarations of an ID, or one normal and some hidden
// ones.
func (c *collector) merge(id resource.ID, n *node) ([]*resource.Spec, error) {
	var normal *decl
	var hidden []*decl
	for _, d := range n.decls {
		if d.spec == nil {
			spec, err := c.build(d.res)
			if err != nil {
				return nil, err
			}
			d.spec = spec
		}
		switch {
		case d.spec.Meta.Hidden:
			if !slices.ContainsFunc(hidden, func(h *decl) bool { return frontend.EqualSpecs(h.spec, d.spec) }) {
				hidden = append(hidden, d)
			}
		case normal == nil:
			normal = d
		default:
			merged, err := mergeDecls(normal, d)
			if err != nil {
				return nil, err
			}
			normal = merged
		}
	}
	if err := sameExports(n.decls); err != nil {
		return nil, err
	}
	recv, err := c.receives(id)
	if err != nil {
		return nil, err
	}
	var specs []*resource.Spec
	if normal != nil {
		specs = append(specs, keyed(normal.spec, id, 0, recv))
	}
	for i, d := range hidden {
		specs = append(specs, keyed(d.spec, id, i+1, recv))
	}
	return specs, nil
}

func keyed(s *resource.Spec, id resource.ID, alt int, recv []resource.Recv) *resource.Spec {
	out := *s
	out.Key = resource.Key{ID: id, Alt: alt}
	out.Recv = recv
	return &out
}

// mergeDecls makes one declaration of two of the same resource.
func mergeDecls(a, b *decl) (*decl, error) {
	sameMeta := a.spec.Meta.Equal(b.spec.Meta)
	if sameMeta && resource.Equal(a.spec.Resource, b.spec.Resource) {
		return a, nil
	}
	what := "with other parameters"
	if !sameMeta {
		what = "with other meta parameters"
	} else if m, ok := a.spec.Resource.(resource.Merger); ok {
		merged, err := m.Merge(b.spec.Resource)
		if err == nil {
			spec := *a.spec
			spec.Resource = merged
			return &decl{out: a.out, res: a.res, spec: &spec}, nil
		}
		what = "with parameters that do not go together: " + err.Error()
	}
	if a.res.From != "" && b.res.From != "" {
		return nil, twice(compile.Refuse(b.res.Span, "%s is collected from %s and from %s, %s", b.spec.Key.ID, a.res.From, b.res.From, what), a)
	}
	return nil, twice(compile.Refuse(b.res.Span, "%s is declared twice, %s", b.spec.Key.ID, what), a)
}

// twice is the conflict of a declaration with an earlier one.
func twice(err error, first *decl) error {
	return &conflict{err, "conflicting-resources", []syntax.Related{{Span: first.res.Span, Message: "it is declared here first"}}}
}

// sameExports checks that what is exported to one host under one name is one thing.
func sameExports(decls []*decl) error {
	first := map[string]*decl{}
	for _, d := range decls {
		for _, host := range d.spec.Meta.Export {
			f := first[host]
			if f == nil {
				first[host] = d
				continue
			}
			if !resource.Equal(f.spec.Resource, d.spec.Resource) {
				return twice(compile.Refuse(d.res.Span, "%s is exported twice to %q, with other parameters", d.spec.Key.ID, host), f)
			}
		}
	}
	return nil
}

// receives lists what a resource receives. A parameter has one sender.
func (c *collector) receives(id resource.ID) ([]resource.Recv, error) {
	var out []resource.Recv
	for l := range c.node(id).links {
		if l.to != id {
			continue
		}
		for _, w := range c.links[l].edges {
			if w.edge.Output == "" {
				continue
			}
			r := resource.Recv{Param: w.edge.Param, From: l.from, Output: w.edge.Output}
			i := slices.IndexFunc(out, func(x resource.Recv) bool { return x.Param == r.Param })
			switch {
			case i < 0:
				out = append(out, r)
			case out[i] != r:
				return nil, compile.Refuse(w.edge.Span, "%s receives %q twice: from %s.%s and from %s.%s; a parameter has one sender",
					id, r.Param, out[i].From, out[i].Output, r.From, r.Output)
			}
		}
	}
	slices.SortFunc(out, func(a, b resource.Recv) int { return strings.Compare(a.Param, b.Param) })
	return out, nil
}

// checkLink reports what is wrong with the edges between two resources.
func (c *collector) checkLink(l link) error {
	w := c.links[l]
	if w == nil || len(w.edges) == 0 {
		return nil
	}
	e := w.edges[0].edge
	if l.from == l.to {
		return compile.Refuse(e.Span, "an edge from %s to itself", l.from)
	}
	for _, id := range []resource.ID{l.from, l.to} {
		n := c.nodes[id]
		if len(n.decls) == 0 {
			return &dangling{compile.Refuse(e.Span, "an edge names %s, which the program does not declare", id), id}
		}
	}
	for _, w := range w.edges {
		if w.edge.Output == "" {
			continue
		}
		if from := c.nodes[l.from].specs; len(from) > 0 && from[0].Key.Alt > 0 {
			return compile.Refuse(w.edge.Span, "%s is hidden and so never runs; it cannot send %q", l.from, w.edge.Output)
		}
	}
	return nil
}

// placeOf returns where the program asks for an edge.
func (c *collector) placeOf(from, to resource.Key) syntax.Span {
	if w := c.links[link{from.ID, to.ID}]; w != nil && len(w.edges) > 0 {
		return w.edges[0].edge.Span
	}
	return syntax.Span{}
}

// delta returns what the engine has to be told, once errs is empty.
func (c *collector) delta() resource.Delta {
	var d resource.Delta
	for id := range c.dirty {
		c.told.Resource(id, c.nodes[id].specs, &d)
	}
	for l := range c.dirtyLinks {
		c.told.Edges(l.from, l.to, c.edges(l), &d)
	}
	return d
}

// accept notes that the engine has taken the delta: nothing is dirty any more.
func (c *collector) accept(d resource.Delta) {
	c.told.Accept(d)
	for l := range c.dirtyLinks {
		c.forget(l)
	}
	for id := range c.dirty {
		if n := c.nodes[id]; len(n.decls) == 0 && len(n.links) == 0 {
			delete(c.nodes, id)
		}
	}
	// A map that was large once costs as much to clear for ever.
	c.dirty, c.dirtyLinks = map[resource.ID]bool{}, map[link]bool{}
	c.causes = map[resource.ID]*flow.Cause{}
}

// forget drops a link that nobody wishes for any more.
func (c *collector) forget(l link) {
	if w := c.links[l]; w == nil || len(w.edges) > 0 {
		return
	}
	delete(c.links, l)
	for _, id := range []resource.ID{l.from, l.to} {
		if n := c.nodes[id]; n != nil {
			delete(n.links, l)
			c.dirty[id] = true
		}
	}
}

// edges returns those between all resources of the two IDs.
func (c *collector) edges(l link) []resource.Edge {
	w := c.links[l]
	if w == nil || len(w.edges) == 0 {
		return nil
	}
	var out []resource.Edge
	notify := slices.ContainsFunc(w.edges, func(x wished) bool { return x.edge.Notify })
	for _, from := range c.nodes[l.from].specs {
		for _, to := range c.nodes[l.to].specs {
			out = append(out, resource.Edge{From: from.Key, To: to.Key, Notify: notify})
		}
	}
	return out
}

// place is where in the program an error arose.
func place(err error) syntax.Pos {
	var e *compile.Error
	if errors.As(err, &e) {
		return e.Span.Start
	}
	return 0
}
