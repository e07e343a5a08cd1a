package graph

// A Refused is an edge that was not made because it would have closed a cycle.
type Refused[N, E any] struct {
	Link[N, E]
	Way []*Node[N, E] // the shortest one from To to From, with both of them
}

// few is the number of edges up to which making them one by one is the cheaper way to find out
// which of them close a cycle.
const few = 16

// ConnectMost makes edges until no more can be made without a cycle, and returns the others,
// in the order of the list. It costs as much as Connect where there is no cycle. Otherwise, if
// there are many edges, it costs the whole graph and a search for some of the edges that are
// part of cycles.
func (g *Graph[N, E]) ConnectMost(links []Link[N, E]) (made []*Edge[N, E], refused []Refused[N, E]) {
	made, err := g.Connect(links)
	if err == nil {
		return made, nil
	}
	if len(links) > few {
		made, links = g.connectWithout(links)
	}
	for _, l := range links {
		one, err := g.Connect([]Link[N, E]{l})
		if err != nil {
			refused = append(refused, Refused[N, E]{l, g.way(l.To, l.From)})
		}
		made = append(made, one...)
	}
	return made, refused
}

// connectWithout makes most of the edges, so that there is no cycle, and returns the rest.
func (g *Graph[N, E]) connectWithout(links []Link[N, E]) (made []*Edge[N, E], rest []Link[N, E]) {
	for _, l := range links {
		if g.Find(l.From, l.To) == nil {
			made = append(made, g.insert(l))
		}
	}
	part := g.components()
	loose := map[*Edge[N, E]]bool{}
	for _, e := range made {
		if part[e.From.slot] == part[e.To.slot] {
			loose[e] = true
		}
	}
	broken := g.sortBreaking(loose)
	kept := made[:0]
	for _, e := range made {
		if broken[e] {
			g.Disconnect(e)
			rest = append(rest, Link[N, E]{e.From, e.To, e.Value})
		} else {
			kept = append(kept, e)
		}
	}
	return kept, rest
}

// sortBreaking gives all nodes a new order with which all edges agree, except for some of the
// loose ones, which it returns. The others have no cycle. It is [Graph.sort], except that a
// node before which only loose edges are missing is placed when there is no other.
func (g *Graph[N, E]) sortBreaking(loose map[*Edge[N, E]]bool) map[*Edge[N, E]]bool {
	free := make([]int, len(g.nodes)) // loose edges from nodes that are not placed, by slot
	placed := make([]bool, len(g.nodes))
	var ready, possible []*Node[N, E]
	consider := func(n *Node[N, E]) {
		switch {
		case n.missing > 0:
		case free[n.slot] > 0:
			possible = append(possible, n)
		default:
			ready = append(ready, n)
		}
	}
	for _, n := range g.nodes {
		n.missing = 0
		for _, e := range n.in {
			if loose[e] {
				free[n.slot]++
			} else {
				n.missing++
			}
		}
		consider(n)
	}
	broken := map[*Edge[N, E]]bool{}
	for place := 0; place < len(g.nodes); {
		var n *Node[N, E]
		if len(ready) > 0 {
			n, ready = ready[0], ready[1:]
		} else {
			n, possible = possible[0], possible[1:]
		}
		if placed[n.slot] {
			continue
		}
		placed[n.slot] = true
		n.order = place
		place++
		for _, e := range n.out {
			switch {
			case placed[e.To.slot]:
				broken[e] = true
				continue
			case loose[e]:
				free[e.To.slot]--
			default:
				e.To.missing--
			}
			consider(e.To)
		}
	}
	g.last = len(g.nodes)
	return broken
}

// Tangled returns the edges of the graph that would be part of a cycle if links were made. It
// costs the whole graph.
func (g *Graph[N, E]) Tangled(links []Link[N, E]) []*Edge[N, E] {
	made := map[*Edge[N, E]]bool{}
	for _, l := range links {
		if g.Find(l.From, l.To) == nil {
			made[g.insert(l)] = true
		}
	}
	part := g.components()
	for e := range made {
		g.Disconnect(e)
	}
	var out []*Edge[N, E]
	for _, n := range g.nodes {
		for _, e := range n.out {
			if part[n.slot] == part[e.To.slot] {
				out = append(out, e)
			}
		}
	}
	return out
}

// components returns a number for each node, by slot, that it shares with the nodes which it
// reaches and which reach it. The method is that of R. Tarjan, "Depth-first search and linear
// graph algorithms" (1972), with a stack of its own instead of the machine's.
func (g *Graph[N, E]) components() []int32 {
	type frame struct {
		node *Node[N, E]
		next int // in node.out
	}
	var (
		part  = make([]int32, len(g.nodes)) // 0 until it is known
		seen  = make([]int32, len(g.nodes)) // when a node was seen first, from 1
		low   = make([]int32, len(g.nodes)) // the earliest one seen that it reaches
		clock int32
		way   []frame
		open  []*Node[N, E] // whose part is not known
	)
	enter := func(n *Node[N, E]) {
		clock++
		seen[n.slot], low[n.slot] = clock, clock
		open = append(open, n)
		way = append(way, frame{node: n})
	}
	leave := func(n *Node[N, E]) {
		way = way[:len(way)-1]
		if len(way) > 0 {
			above := way[len(way)-1].node
			low[above.slot] = min(low[above.slot], low[n.slot])
		}
		for low[n.slot] == seen[n.slot] && part[n.slot] == 0 {
			last := open[len(open)-1]
			open = open[:len(open)-1]
			part[last.slot] = seen[n.slot]
		}
	}
	for _, root := range g.nodes {
		if seen[root.slot] == 0 {
			enter(root)
		}
		for len(way) > 0 {
			top := &way[len(way)-1]
			n := top.node
			if top.next == len(n.out) {
				leave(n)
				continue
			}
			to := n.out[top.next].To
			top.next++
			switch {
			case seen[to.slot] == 0:
				enter(to)
			case part[to.slot] == 0:
				low[n.slot] = min(low[n.slot], seen[to.slot])
			}
		}
	}
	return part
}
