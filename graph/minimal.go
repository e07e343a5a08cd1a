package graph

import "slices"

// Minimal returns those of the nodes that no path leads to from another of them, in the
// order in which they were given. There is no path between any two nodes of the result.
//
// It looks at what is reached from the nodes and comes before the last of them in the
// order, once, however many nodes there are.
func (g *Graph[N, E]) Minimal(nodes []*Node[N, E]) []*Node[N, E] {
	if len(nodes) < 2 {
		return nodes
	}
	last := nodes[0]
	for _, n := range nodes {
		if last.Before(n) {
			last = n
		}
	}
	g.mark++
	g.work = 0
	for pending := slices.Clone(nodes); len(pending) > 0; {
		n := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		g.work += 1 + len(n.out)
		for _, e := range n.out {
			if e.To.mark != g.mark && !last.Before(e.To) {
				e.To.mark = g.mark
				pending = append(pending, e.To)
			}
		}
	}
	minimal := make([]*Node[N, E], 0, len(nodes))
	for _, n := range nodes {
		if n.mark != g.mark {
			minimal = append(minimal, n)
		}
	}
	return minimal
}
