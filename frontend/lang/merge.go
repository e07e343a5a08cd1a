package lang

import (
	"errors"
	"slices"
	"strings"

	"mgmt/frontend"
	"mgmt/lang/compile"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// settle merges the declarations of all dirty resources and looks at all dirty edges.
// What is wrong with them is left in c.bad.
func (c *collector) settle() {
	for _, n := range c.dirty {
		before := len(n.specs)
		specs, err := c.merge(n)
		c.note(n, err)
		n.specs = specs
		if len(specs) != before {
			for _, end := range n.ends {
				c.soilWish(end.wish)
			}
		}
	}
	for _, w := range c.dirtyWishes {
		c.note(w, w.check())
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
func (c *collector) merge(n *node) ([]*resource.Spec, error) {
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
	recv, err := n.receives()
	if err != nil {
		return nil, err
	}
	var specs []*resource.Spec
	if normal != nil {
		specs = append(specs, keyed(normal.spec, n.id, 0, recv))
	}
	for i, d := range hidden {
		specs = append(specs, keyed(d.spec, n.id, i+1, recv))
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
		if a.spec.Secrets.Equal(b.spec.Secrets) {
			return a, nil
		}
		spec := *a.spec
		spec.Secrets = a.spec.Secrets.Merge(b.spec.Secrets)
		return &decl{out: a.out, res: a.res, spec: &spec}, nil
	}
	what := "with other parameters"
	if !sameMeta {
		what = "with other meta parameters"
	} else if m, ok := a.spec.Resource.(resource.Merger); ok {
		merged, err := m.Merge(b.spec.Resource)
		if err == nil {
			spec := *a.spec
			spec.Resource = merged
			spec.Secrets = a.spec.Secrets.Merge(b.spec.Secrets)
			return &decl{out: a.out, res: a.res, spec: &spec}, nil
		}
		what = "with parameters that do not go together: " + a.spec.Secrets.HideError(b.spec.Secrets.HideError(err)).Error()
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
func (n *node) receives() ([]resource.Recv, error) {
	var out []resource.Recv
	for _, end := range n.ends {
		if end.to != n {
			continue
		}
		for _, w := range end.edges {
			if w.edge.Output == "" {
				continue
			}
			r := resource.Recv{Param: w.edge.Param, From: end.from.id, Output: w.edge.Output}
			i := slices.IndexFunc(out, func(x resource.Recv) bool { return x.Param == r.Param })
			switch {
			case i < 0:
				out = append(out, r)
			case out[i] != r:
				return nil, compile.Refuse(w.edge.Span, "%s receives %q twice: from %s.%s and from %s.%s; a parameter has one sender",
					n.id, r.Param, out[i].From, out[i].Output, r.From, r.Output)
			}
		}
	}
	slices.SortFunc(out, func(a, b resource.Recv) int { return strings.Compare(a.Param, b.Param) })
	return out, nil
}

// check reports what is wrong with the edges between two resources.
func (w *wish) check() error {
	if len(w.edges) == 0 {
		return nil
	}
	e := w.edges[0].edge
	if w.from == w.to {
		return compile.Refuse(e.Span, "an edge from %s to itself", w.from.id)
	}
	for _, n := range []*node{w.from, w.to} {
		if len(n.decls) == 0 {
			return &dangling{compile.Refuse(e.Span, "an edge names %s, which the program does not declare", n.id), n.id}
		}
	}
	for _, x := range w.edges {
		if x.edge.Output == "" {
			continue
		}
		if from := w.from.specs; len(from) > 0 && from[0].Key.Alt > 0 {
			return compile.Refuse(x.edge.Span, "%s is hidden and so never runs; it cannot send %q", w.from.id, x.edge.Output)
		}
	}
	return nil
}

// placeOf returns where the program asks for an edge.
func (c *collector) placeOf(from, to resource.Key) syntax.Span {
	if w := c.wishes[pair{from.ID, to.ID}]; w != nil && len(w.edges) > 0 {
		return w.edges[0].edge.Span
	}
	return syntax.Span{}
}

// delta returns what the engine has to be told, once errs is empty.
func (c *collector) delta() resource.Delta {
	d := resource.Delta{
		Set:      make([]*resource.Spec, 0, len(c.dirty)),
		SetEdges: make([]resource.Edge, 0, len(c.dirtyWishes)),
	}
	for _, n := range c.dirty {
		c.told.Resource(n.id, n.specs, &d)
	}
	for _, w := range c.dirtyWishes {
		c.told.Edges(w.from.id, w.to.id, w.wanted(), &d)
	}
	return d
}

// accept notes that the engine has taken the delta: nothing is dirty any more.
func (c *collector) accept(d resource.Delta) {
	c.told.Accept(d)
	for _, w := range c.dirtyWishes {
		w.dirty = false
		if len(w.edges) == 0 {
			c.forget(w)
		}
	}
	for _, n := range c.dirty {
		n.dirty, n.cause = false, nil
		if len(n.decls) == 0 && len(n.ends) == 0 {
			delete(c.nodes, n.id)
		}
	}
	c.dirty, c.dirtyWishes = nil, nil
}

// wanted returns the edges between all resources of the two IDs.
func (w *wish) wanted() []resource.Edge {
	if len(w.edges) == 0 {
		return nil
	}
	var out []resource.Edge
	notify := slices.ContainsFunc(w.edges, func(x wished) bool { return x.edge.Notify })
	for _, from := range w.from.specs {
		for _, to := range w.to.specs {
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
