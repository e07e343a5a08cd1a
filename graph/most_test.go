package graph

import (
	"math/rand/v2"
	"testing"
)

// drawGraph returns a random graph, and random links for it.
func drawGraph(r *rand.Rand) (*testGraph, []Link[int, bool]) {
	var g testGraph
	var nodes []*Node[int, bool]
	for i := range 2 + r.IntN(20) {
		nodes = append(nodes, g.Add(i))
	}
	draw := func(n int) (links []Link[int, bool]) {
		for range r.IntN(n) {
			links = append(links, Link[int, bool]{From: nodes[r.IntN(len(nodes))], To: nodes[r.IntN(len(nodes))]})
		}
		return links
	}
	g.ConnectMost(draw(2 * len(nodes)))
	return &g, draw(3 * few)
}

// What is refused closes a cycle with what was made, and what is made does not.
func TestConnectMost(t *testing.T) {
	for seed := range uint64(500) {
		g, links := drawGraph(rand.New(rand.NewPCG(seed, 2)))
		before := g.Edges()
		made, refused := g.ConnectMost(links)
		g.checkOrder(t)
		if g.Edges() != before+len(made) {
			t.Fatalf("seed %d: %d edges, want %d and %d", seed, g.Edges(), before, len(made))
		}
		for _, l := range links {
			if g.Find(l.From, l.To) == nil && !closesCycle(g, []Link[int, bool]{l}) {
				t.Fatalf("seed %d: %d -> %d was not made, but closes no cycle", seed, l.From.Value, l.To.Value)
			}
		}
		for _, l := range refused {
			if l.Way[0] != l.To || l.Way[len(l.Way)-1] != l.From {
				t.Fatalf("seed %d: the way does not lead from %d to %d", seed, l.To.Value, l.From.Value)
			}
			for i, n := range l.Way[1:] {
				if g.Find(l.Way[i], n) == nil {
					t.Fatalf("seed %d: there is no edge from %d to %d", seed, l.Way[i].Value, n.Value)
				}
			}
		}
	}
}

// Without the edges that are tangled, links that close no cycle by themselves can be made.
func TestTangled(t *testing.T) {
	for seed := range uint64(500) {
		g, links := drawGraph(rand.New(rand.NewPCG(seed, 3)))
		var alone testGraph
		at := map[int]*Node[int, bool]{}
		for n := range g.Nodes() {
			at[n.Value] = alone.Add(n.Value)
		}
		var sound []Link[int, bool]
		for _, l := range links {
			if _, err := alone.Connect([]Link[int, bool]{{From: at[l.From.Value], To: at[l.To.Value]}}); err == nil {
				sound = append(sound, l)
			}
		}
		tangled := g.Tangled(sound)
		if closesCycle(g, sound) != (len(tangled) > 0) {
			t.Fatalf("seed %d: %d edges are tangled", seed, len(tangled))
		}
		g.checkOrder(t)
		for _, e := range tangled {
			g.Disconnect(e)
		}
		if _, err := g.Connect(sound); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// Many edges of which some close a cycle, in a large graph.
func BenchmarkConnectMost(b *testing.B) {
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
			if i%1000 == 999 {
				links = append(links, Link[int, bool]{From: nodes[i-100], To: nodes[i]})
			}
		}
		if _, refused := g.ConnectMost(links); len(refused) != n/1000 {
			b.Fatalf("%d refused", len(refused))
		}
	}
}
