package graph

import (
	"cmp"
	"slices"
)

// restore makes the order agree with e, which was just made; all other edges agree with
// it. It gives up as costly, with nothing changed, once the present Connect has looked
// at as much as the graph holds.
//
// When e leads backwards in the order, only nodes between its ends are out of place:
// those that are reached from e.To and those that reach e.From. The former must come
// after the latter, so the two lists, each in its present order, are put into the
// places that they hold together:
//
//	order       3   5   6   7   9            3   5   6   7   9
//	before      T   a   f   b   F     after  f   F   T   a   b
//
// with e leading from F to T, T to a and b, and f to F.
func (g *Graph[N, E]) restore(e *Edge[N, E]) (costly bool, err error) {
	if e.From.Before(e.To) {
		return false, nil
	}
	after, ok := g.reach(e)
	if !ok {
		return true, nil
	}
	if e.From.mark == g.mark {
		return false, g.cycle(e)
	}
	before, ok := g.reachedBy(e)
	if !ok {
		return true, nil
	}
	byOrder := func(a, b *Node[N, E]) int { return cmp.Compare(a.order, b.order) }
	slices.SortFunc(before, byOrder)
	slices.SortFunc(after, byOrder)
	moved := append(before, after...)
	places := make([]int, len(moved))
	for i, n := range moved {
		places[i] = n.order
	}
	slices.Sort(places)
	for i, n := range moved {
		n.order = places[i]
	}
	return false, nil
}

// reach returns the nodes reached from e.To that are not after e.From in the order,
// and marks them. It reports false when it took too long.
func (g *Graph[N, E]) reach(e *Edge[N, E]) ([]*Node[N, E], bool) {
	g.mark++
	e.To.mark = g.mark
	found := []*Node[N, E]{e.To}
	for i := 0; i < len(found); i++ {
		g.work += 1 + len(found[i].out)
		if g.work > len(g.nodes)+g.edges {
			return nil, false
		}
		for _, next := range found[i].out {
			if n := next.To; n.mark != g.mark && n.order <= e.From.order {
				n.mark = g.mark
				found = append(found, n)
			}
		}
	}
	return found, true
}

// reachedBy returns the nodes that reach e.From and are not before e.To in the order.
func (g *Graph[N, E]) reachedBy(e *Edge[N, E]) ([]*Node[N, E], bool) {
	g.mark++
	e.From.mark = g.mark
	found := []*Node[N, E]{e.From}
	for i := 0; i < len(found); i++ {
		g.work += 1 + len(found[i].in)
		if g.work > len(g.nodes)+g.edges {
			return nil, false
		}
		for _, next := range found[i].in {
			if n := next.From; n.mark != g.mark && n.order >= e.To.order {
				n.mark = g.mark
				found = append(found, n)
			}
		}
	}
	return found, true
}

// cycle names the shortest cycle that e closes.
func (g *Graph[N, E]) cycle(e *Edge[N, E]) error {
	err := &CycleError[N]{}
	for _, n := range g.way(e.To, e.From) {
		err.Nodes = append(err.Nodes, n.Value)
	}
	return err
}

// way returns the nodes of the shortest way between two nodes, with both of them, or nil. The
// order has to be right for all edges of such a way.
func (g *Graph[N, E]) way(from, to *Node[N, E]) []*Node[N, E] {
	back := map[*Node[N, E]]*Node[N, E]{from: nil}
	queue := []*Node[N, E]{from}
	for i := 0; i < len(queue) && queue[i] != to; i++ {
		for _, next := range queue[i].out {
			if _, seen := back[next.To]; !seen && next.To.order <= to.order {
				back[next.To] = queue[i]
				queue = append(queue, next.To)
			}
		}
	}
	if _, found := back[to]; !found {
		return nil
	}
	var way []*Node[N, E]
	for n := to; n != nil; n = back[n] {
		way = append(way, n)
	}
	slices.Reverse(way)
	return way
}

// sort gives all nodes a new order. When there is a cycle it changes nothing.
func (g *Graph[N, E]) sort() error {
	sorted := make([]*Node[N, E], 0, len(g.nodes))
	for _, n := range g.nodes {
		n.missing = len(n.in)
		if n.missing == 0 {
			sorted = append(sorted, n)
		}
	}
	for i := 0; i < len(sorted); i++ {
		for _, e := range sorted[i].out {
			if e.To.missing--; e.To.missing == 0 {
				sorted = append(sorted, e.To)
			}
		}
	}
	if len(sorted) < len(g.nodes) {
		return g.anyCycle()
	}
	for i, n := range sorted {
		n.order = i
	}
	g.last = len(sorted)
	return nil
}

// anyCycle names a cycle among the nodes that sort could not place. Each of them has a
// parent that could not be placed either, so going from parent to parent must come
// back to a node.
func (g *Graph[N, E]) anyCycle() error {
	i := slices.IndexFunc(g.nodes, func(n *Node[N, E]) bool { return n.missing > 0 })
	g.mark++
	n := g.nodes[i]
	for n.mark != g.mark {
		n.mark = g.mark
		n = unplacedParent(n)
	}
	err := &CycleError[N]{}
	for m := unplacedParent(n); ; m = unplacedParent(m) {
		err.Nodes = append(err.Nodes, m.Value)
		if m == n {
			break
		}
	}
	slices.Reverse(err.Nodes)
	return err
}

func unplacedParent[N, E any](n *Node[N, E]) *Node[N, E] {
	for _, e := range n.in {
		if e.From.missing > 0 {
			return e.From
		}
	}
	return nil
}

// Topo returns the nodes in their present topological order.
func (g *Graph[N, E]) Topo() []*Node[N, E] {
	out := slices.Clone(g.nodes)
	slices.SortFunc(out, func(a, b *Node[N, E]) int { return cmp.Compare(a.order, b.order) })
	return out
}
