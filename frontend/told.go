package frontend

import (
	"iter"
	"maps"
	"slices"

	"mgmt/resource"
)

// Told is the desired graph that the engine has been told of. A front end compares what it
// wants with that, resource by resource and pair by pair, and so makes a delta whose cost is
// that of what it looks at. The zero value is the empty graph.
type Told struct {
	specs map[resource.Key]*resource.Spec
	edges map[pair]bool // whether they notify
}

// A pair has the two vertices of an edge.
type pair struct{ from, to resource.Key }

func (p pair) edge(notify bool) resource.Edge {
	return resource.Edge{From: p.from, To: p.to, Notify: notify}
}

// Resource adds to the delta what brings the resources of one ID up to date: the normal one
// has the number 0, hidden ones follow from 1.
func (t *Told) Resource(id resource.ID, wanted []*resource.Spec, d *resource.Delta) {
	if len(t.specs) == 0 {
		d.Set = append(d.Set, wanted...)
		return
	}
	for _, s := range wanted {
		if old := t.specs[s.Key]; old == nil || !EqualSpecs(old, s) {
			d.Set = append(d.Set, s)
		}
	}
	for alt := 0; ; alt++ {
		key := resource.Key{ID: id, Alt: alt}
		gone := !slices.ContainsFunc(wanted, func(s *resource.Spec) bool { return s.Key == key })
		switch was := t.specs[key] != nil; {
		case was && gone:
			d.Remove = append(d.Remove, key)
		case !was && alt > 0:
			return
		}
	}
}

// Edges adds to the delta what brings the edges between the resources of two IDs up to date.
func (t *Told) Edges(from, to resource.ID, wanted []resource.Edge, d *resource.Delta) {
	if len(t.edges) == 0 {
		d.SetEdges = append(d.SetEdges, wanted...)
		return
	}
	for _, e := range wanted {
		if notify, ok := t.edges[pair{e.From, e.To}]; !ok || notify != e.Notify {
			d.SetEdges = append(d.SetEdges, e)
		}
	}
	for _, p := range t.between(from, to) {
		if !slices.ContainsFunc(wanted, func(e resource.Edge) bool { return p == pair{e.From, e.To} }) {
			d.RemoveEdges = append(d.RemoveEdges, p.edge(t.edges[p]))
		}
	}
}

// between lists the edges between resources of the two IDs. Hidden resources are numbered
// without gaps from 1.
func (t *Told) between(from, to resource.ID) []pair {
	var out []pair
	for i := 0; ; i++ {
		found := false
		for j := 0; ; j++ {
			p := pair{resource.Key{ID: from, Alt: i}, resource.Key{ID: to, Alt: j}}
			if _, ok := t.edges[p]; ok {
				out = append(out, p)
				found = true
			} else if j > 0 {
				break
			}
		}
		if !found && i > 0 {
			return out
		}
	}
}

// Accept notes that the engine has taken the delta.
func (t *Told) Accept(d resource.Delta) {
	if t.specs == nil {
		t.specs, t.edges = make(map[resource.Key]*resource.Spec, len(d.Set)), make(map[pair]bool, len(d.SetEdges))
	}
	for _, s := range d.Set {
		t.specs[s.Key] = s
	}
	for _, key := range d.Remove {
		delete(t.specs, key)
	}
	for _, e := range d.SetEdges {
		t.edges[pair{e.From, e.To}] = e.Notify
	}
	for _, e := range d.RemoveEdges {
		delete(t.edges, pair{e.From, e.To})
	}
}

// Specs yields the resources by vertex.
func (t *Told) Specs() iter.Seq2[resource.Key, *resource.Spec] { return maps.All(t.specs) }

// AllEdges yields the edges.
func (t *Told) AllEdges() iter.Seq[resource.Edge] {
	return func(yield func(resource.Edge) bool) {
		for p, notify := range t.edges {
			if !yield(p.edge(notify)) {
				return
			}
		}
	}
}

// EqualSpecs reports whether a and b ask for the same, wherever they are written.
func EqualSpecs(a, b *resource.Spec) bool {
	return a.Meta.Equal(b.Meta) && slices.Equal(a.Recv, b.Recv) && a.Secrets.Equal(b.Secrets) && resource.Equal(a.Resource, b.Resource)
}
