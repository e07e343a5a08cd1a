package graph

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

type testGraph = Graph[int, bool]

func (g *Graph[N, E]) checkOrder(t *testing.T) {
	t.Helper()
	for _, n := range g.nodes {
		if g.nodes[n.slot] != n {
			t.Fatalf("node %v is not in its slot", n.Value)
		}
		for i, e := range n.out {
			if e.outSlot != i || e.To.in[e.inSlot] != e {
				t.Fatalf("edge %v -> %v is not in its slots", n.Value, e.To.Value)
			}
			if !n.Before(e.To) {
				t.Fatalf("edge %v -> %v leads backwards", n.Value, e.To.Value)
			}
		}
	}
}

// Random changes; whether an edge closes a cycle is told by a plain search.
func TestRandomChanges(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var g testGraph
		var nodes []*Node[int, bool]
		for i := range 2 + r.IntN(30) {
			nodes = append(nodes, g.Add(i))
		}
		for range 100 {
			a, b := nodes[r.IntN(len(nodes))], nodes[r.IntN(len(nodes))]
			switch e := g.Find(a, b); {
			case e != nil:
				g.Disconnect(e)
			case r.IntN(20) == 0:
				g.Remove(a)
				nodes = slices.DeleteFunc(nodes, func(n *Node[int, bool]) bool { return n == a })
				nodes = append(nodes, g.Add(a.Value))
			default:
				links := []Link[int, bool]{{From: a, To: b}}
				for range r.IntN(4) {
					links = append(links, Link[int, bool]{From: nodes[r.IntN(len(nodes))], To: nodes[r.IntN(len(nodes))]})
				}
				before := g.Edges()
				want := closesCycle(&g, links)
				made, err := g.Connect(links)
				if (err != nil) != want {
					t.Fatalf("seed %d: got %v, cycle is %v", seed, err, want)
				}
				if err != nil {
					checkCycle(t, &g, links, err)
				}
				if g.Edges() != before+len(made) {
					t.Fatalf("seed %d: %d edges, want %d and %d", seed, g.Edges(), before, len(made))
				}
			}
			g.checkOrder(t)
		}
	}
}

// targets returns the edges of the graph together with links, by value.
// What is minimal among random nodes is told by a plain search from each.
func TestMinimal(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		var g testGraph
		var nodes []*Node[int, bool]
		for i := range 2 + r.IntN(40) {
			nodes = append(nodes, g.Add(i))
		}
		for range r.IntN(80) {
			_, _ = g.Connect([]Link[int, bool]{{From: nodes[r.IntN(len(nodes))], To: nodes[r.IntN(len(nodes))]}})
		}
		r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		some := nodes[:r.IntN(len(nodes)+1)]
		below := map[*Node[int, bool]]bool{}
		var visit func(n *Node[int, bool])
		visit = func(n *Node[int, bool]) {
			for _, e := range n.Out() {
				if !below[e.To] {
					below[e.To] = true
					visit(e.To)
				}
			}
		}
		for _, n := range some {
			visit(n)
		}
		want := slices.DeleteFunc(slices.Clone(some), func(n *Node[int, bool]) bool { return below[n] })
		if got := g.Minimal(some); !slices.Equal(got, want) {
			t.Fatalf("seed %d: got %d nodes, want %d", seed, len(got), len(want))
		}
	}
}

func targets(g *testGraph, links []Link[int, bool]) map[int][]int {
	out := map[int][]int{}
	for n := range g.Nodes() {
		for _, e := range n.Out() {
			out[n.Value] = append(out[n.Value], e.To.Value)
		}
	}
	for _, l := range links {
		out[l.From.Value] = append(out[l.From.Value], l.To.Value)
	}
	return out
}

func closesCycle(g *testGraph, links []Link[int, bool]) bool {
	next := targets(g, links)
	state := map[int]int{}
	var visit func(int) bool
	visit = func(n int) bool {
		if state[n] != 0 {
			return state[n] == 1
		}
		state[n] = 1
		if slices.ContainsFunc(next[n], visit) {
			return true
		}
		state[n] = 2
		return false
	}
	for n := range next {
		if visit(n) {
			return true
		}
	}
	return false
}

func checkCycle(t *testing.T, g *testGraph, links []Link[int, bool], err error) {
	t.Helper()
	var cycle *CycleError[int]
	if !errors.As(err, &cycle) || len(cycle.Nodes) == 0 {
		t.Fatalf("got %v, want a cycle", err)
	}
	next := targets(g, links)
	for i, n := range cycle.Nodes {
		if to := cycle.Nodes[(i+1)%len(cycle.Nodes)]; !slices.Contains(next[n], to) {
			t.Fatalf("%v: there is no edge from %d to %d", err, n, to)
		}
	}
}

// A chain, a fan and a full bipartite graph whose edges all lead backwards at first
// cost at most a few looks at each node and edge.
func TestLoadIsLinear(t *testing.T) {
	const n = 10_000
	shapes := map[string]func(at func(int) *Node[int, bool]) []Link[int, bool]{
		"chain": func(at func(int) *Node[int, bool]) (l []Link[int, bool]) {
			for i := 1; i < n; i++ {
				l = append(l, Link[int, bool]{From: at(i), To: at(i - 1)})
			}
			return l
		},
		"fan": func(at func(int) *Node[int, bool]) (l []Link[int, bool]) {
			for i := range n - 1 {
				l = append(l, Link[int, bool]{From: at(n - 1), To: at(i)})
			}
			return l
		},
		"layers": func(at func(int) *Node[int, bool]) (l []Link[int, bool]) {
			for i := range 100 {
				for j := range 100 {
					l = append(l, Link[int, bool]{From: at(n - 1 - i), To: at(j)})
				}
			}
			return l
		},
	}
	for name, shape := range shapes {
		var g testGraph
		nodes := make([]*Node[int, bool], n)
		for i := range nodes {
			nodes[i] = g.Add(i)
		}
		links := shape(func(i int) *Node[int, bool] { return nodes[i] })
		if _, err := g.Connect(links); err != nil {
			t.Fatal(err)
		}
		g.checkOrder(t)
		if limit := 4 * (n + len(links)); g.work > limit {
			t.Errorf("%s: looked at %d nodes and edges, want at most %d", name, g.work, limit)
		}
	}
}

func TestTopo(t *testing.T) {
	var g testGraph
	a, b, c := g.Add(1), g.Add(2), g.Add(3)
	if _, err := g.Connect([]Link[int, bool]{{From: c, To: a}, {From: a, To: b}}); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, n := range g.Topo() {
		got = append(got, n.Value)
	}
	if !slices.Equal(got, []int{3, 1, 2}) {
		t.Errorf("got %v", got)
	}
}

func BenchmarkLoad(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		var g testGraph
		nodes := make([]*Node[int, bool], n)
		links := make([]Link[int, bool], 0, n)
		for i := range nodes {
			nodes[i] = g.Add(i)
			if i > 0 {
				links = append(links, Link[int, bool]{From: nodes[i], To: nodes[i-1]})
			}
		}
		if _, err := g.Connect(links); err != nil {
			b.Fatal(err)
		}
	}
}
