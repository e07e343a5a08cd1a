package frontend

import (
	"cmp"
	"slices"

	"mgmt/graph"
	"mgmt/resource"
)

// Empty reports whether a delta changes nothing.
func Empty(d resource.Delta) bool {
	return len(d.Set)+len(d.Remove)+len(d.SetEdges)+len(d.RemoveEdges) == 0
}

// Sort orders the resources and edges that a delta sets by kind and name.
func Sort(d resource.Delta) {
	slices.SortStableFunc(d.Set, func(a, b *resource.Spec) int { return compareKeys(a.Key, b.Key) })
	slices.SortFunc(d.SetEdges, func(a, b resource.Edge) int {
		return cmp.Or(compareKeys(a.From, b.From), compareKeys(a.To, b.To))
	})
}

func compareKeys(a, b resource.Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Alt, b.Alt))
}

// CheckCycles looks for a cycle in the edges of a whole graph, for which it returns a
// [graph.CycleError]. The engine does so by itself; a graph that is only shown has to be
// checked here.
func CheckCycles(d resource.Delta) error {
	var g graph.Graph[resource.Key, struct{}]
	nodes := make(map[resource.Key]*graph.Node[resource.Key, struct{}], len(d.Set))
	for _, s := range d.Set {
		nodes[s.Key] = g.Add(s.Key)
	}
	links := make([]graph.Link[resource.Key, struct{}], len(d.SetEdges))
	for i, e := range d.SetEdges {
		links[i] = graph.Link[resource.Key, struct{}]{From: nodes[e.From], To: nodes[e.To]}
	}
	_, err := g.Connect(links)
	return err
}
