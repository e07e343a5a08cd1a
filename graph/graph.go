// Package graph is a directed acyclic graph that changes while it is in use.
//
// A [Graph] has nodes with a value of type N and edges with a value of type E, at most
// one edge for each ordered pair. It refuses every edge that would close a cycle and
// says which: [Graph.Connect] takes a set of edges as a whole or not at all. Between
// calls the nodes have a topological order, [Node.Before], that the graph keeps up
// incrementally, after D. J. Pearce and P. H. J. Kelly, "A dynamic topological sort
// algorithm for directed acyclic graphs" (2007): an edge that agrees with the order
// costs nothing, any other the nodes between its ends. A set of edges never costs more
// than sorting the whole graph once, so loading a graph is linear in its size.
//
// A Graph is not safe for use by several goroutines.
package graph

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A Graph is a directed acyclic graph. The zero value is empty and ready to use.
type Graph[N, E any] struct {
	nodes []*Node[N, E]
	edges int
	last  int // the highest order given out
	mark  int // of the latest search
	work  int // nodes and edges looked at since the latest Connect began
}

// A Node belongs to the graph that made it.
type Node[N, E any] struct {
	Value N

	in, out []*Edge[N, E]
	to      map[*Node[N, E]]*Edge[N, E] // out by target, once there are many
	slot    int                         // in Graph.nodes
	order   int
	mark    int // equal to Graph.mark: seen by the present search
	missing int // parents not placed yet, while sorting
}

// An Edge leads from one node to another.
type Edge[N, E any] struct {
	From, To *Node[N, E]
	Value    E

	outSlot, inSlot int // in From.out and To.in
}

// A Link is an edge to be made.
type Link[N, E any] struct {
	From, To *Node[N, E]
	Value    E
}

// Len returns the number of nodes.
func (g *Graph[N, E]) Len() int { return len(g.nodes) }

// Edges returns the number of edges.
func (g *Graph[N, E]) Edges() int { return g.edges }

// Nodes returns the nodes in no particular order. The graph may not change meanwhile.
func (g *Graph[N, E]) Nodes() iter.Seq[*Node[N, E]] { return slices.Values(g.nodes) }

// Out returns the edges that leave n. The slice is the graph's own.
func (n *Node[N, E]) Out() []*Edge[N, E] { return n.out }

// In returns the edges that lead to n. The slice is the graph's own.
func (n *Node[N, E]) In() []*Edge[N, E] { return n.in }

// Before reports whether n comes before m in the present topological order.
func (n *Node[N, E]) Before(m *Node[N, E]) bool { return n.order < m.order }

// Add makes a node without edges, last in the order.
func (g *Graph[N, E]) Add(value N) *Node[N, E] {
	g.last++
	n := &Node[N, E]{Value: value, slot: len(g.nodes), order: g.last}
	g.nodes = append(g.nodes, n)
	return n
}

// Remove takes n and its edges out of the graph.
func (g *Graph[N, E]) Remove(n *Node[N, E]) {
	for len(n.in) > 0 {
		g.Disconnect(n.in[len(n.in)-1])
	}
	for len(n.out) > 0 {
		g.Disconnect(n.out[len(n.out)-1])
	}
	end := len(g.nodes) - 1
	g.nodes[n.slot] = g.nodes[end]
	g.nodes[n.slot].slot = n.slot
	g.nodes[end] = nil
	g.nodes = g.nodes[:end]
}

// many is the number of edges of a node from which on they are found by a map.
const many = 16

// Find returns the edge between the nodes, or nil.
func (g *Graph[N, E]) Find(from, to *Node[N, E]) *Edge[N, E] {
	switch {
	case len(to.in) <= many:
		for _, e := range to.in {
			if e.From == from {
				return e
			}
		}
		return nil
	case len(from.out) <= many:
		for _, e := range from.out {
			if e.To == to {
				return e
			}
		}
		return nil
	case from.to == nil:
		from.to = make(map[*Node[N, E]]*Edge[N, E], len(from.out))
		for _, e := range from.out {
			from.to[e.To] = e
		}
	}
	return from.to[to]
}

// Disconnect takes an edge out of the graph.
func (g *Graph[N, E]) Disconnect(e *Edge[N, E]) {
	out, in := e.From.out, e.To.in
	last := out[len(out)-1]
	out[e.outSlot], last.outSlot = last, e.outSlot
	out[len(out)-1] = nil
	e.From.out = out[:len(out)-1]
	last = in[len(in)-1]
	in[e.inSlot], last.inSlot = last, e.inSlot
	in[len(in)-1] = nil
	e.To.in = in[:len(in)-1]
	delete(e.From.to, e.To)
	g.edges--
}

// Connect makes the edges. If they would close a cycle it returns a [CycleError] and
// leaves the graph as it was. A link between nodes that have an edge already makes none.
func (g *Graph[N, E]) Connect(links []Link[N, E]) ([]*Edge[N, E], error) {
	made := make([]*Edge[N, E], 0, len(links))
	g.work = 0
	costly := false
	var err error
	for _, l := range links {
		if g.Find(l.From, l.To) != nil {
			continue
		}
		e := g.insert(l)
		made = append(made, e)
		if !costly {
			if costly, err = g.restore(e); err != nil {
				break
			}
		}
	}
	if costly {
		err = g.sort()
	}
	if err != nil {
		for _, e := range made {
			g.Disconnect(e)
		}
		return nil, err
	}
	return made, nil
}

func (g *Graph[N, E]) insert(l Link[N, E]) *Edge[N, E] {
	e := &Edge[N, E]{From: l.From, To: l.To, Value: l.Value, outSlot: len(l.From.out), inSlot: len(l.To.in)}
	l.From.out = append(l.From.out, e)
	l.To.in = append(l.To.in, e)
	if l.From.to != nil {
		l.From.to[l.To] = e
	}
	g.edges++
	return e
}

// A CycleError lists the nodes of a cycle; an edge leads from each to the next one and
// from the last to the first.
type CycleError[N any] struct{ Nodes []N }

func (e *CycleError[N]) Error() string {
	var b strings.Builder
	for _, n := range e.Nodes {
		fmt.Fprintf(&b, "%v -> ", n)
	}
	if len(e.Nodes) > 0 {
		fmt.Fprint(&b, e.Nodes[0])
	}
	return "cycle: " + b.String()
}
