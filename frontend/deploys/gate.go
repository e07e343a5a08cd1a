package deploys

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"mgmt/deploy"
	"mgmt/frontend"
	"mgmt/resource"
)

// A gate stands between the programs and the engine, and lets the deltas of one program pass. Another
// program takes its place by submitting its first graph.
type gate struct {
	submit func(context.Context, resource.Delta) error

	mu      sync.Mutex // guards what follows; it is held while the engine takes a delta
	told    frontend.Told
	current *run
}

// pass hands the delta of a program on.
func (g *gate) pass(ctx context.Context, r *run, d resource.Delta) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	d.Set = adjusted(r.manifest, d.Set)
	if g.current == r {
		return g.take(ctx, d)
	}
	select {
	case <-r.inForce: // another one has taken its place
		return context.Canceled
	default:
	}
	if err := g.take(ctx, g.replace(r.manifest, d)); err != nil {
		return err
	}
	g.current = r
	close(r.inForce)
	return nil
}

func (g *gate) take(ctx context.Context, d resource.Delta) error {
	err := g.submit(ctx, d)
	if err == nil {
		g.told.Accept(d)
	}
	return err
}

// replace returns the delta that turns the graph in force into another one, which is given as a
// delta from nothing.
func (g *gate) replace(m *deploy.Manifest, graph resource.Delta) resource.Delta {
	out := resource.Delta{Cause: &resource.Move{What: fmt.Sprintf("deploy %d came", m.ID)}}
	if m.ID == 0 {
		out.Cause.What = "nothing is deployed here"
	}
	g.resources(graph.Set, &out)
	g.edges(graph.SetEdges, &out)
	return out
}

func (g *gate) resources(set []*resource.Spec, out *resource.Delta) {
	wanted := make(map[resource.ID][]*resource.Spec, len(set))
	var order []resource.ID
	for _, s := range set {
		if wanted[s.Key.ID] == nil {
			order = append(order, s.Key.ID)
		}
		wanted[s.Key.ID] = append(wanted[s.Key.ID], s)
	}
	for key := range g.told.Specs() {
		if _, ok := wanted[key.ID]; !ok {
			wanted[key.ID] = nil
			order = append(order, key.ID)
		}
	}
	for _, id := range order {
		g.told.Resource(id, wanted[id], out)
	}
}

func (g *gate) edges(set []resource.Edge, out *resource.Delta) {
	type ends struct{ from, to resource.ID }
	wanted := make(map[ends][]resource.Edge, len(set))
	var order []ends
	add := func(e resource.Edge, want bool) {
		at := ends{e.From.ID, e.To.ID}
		if _, ok := wanted[at]; !ok {
			order = append(order, at)
			wanted[at] = nil
		}
		if want {
			wanted[at] = append(wanted[at], e)
		}
	}
	for _, e := range set {
		add(e, true)
	}
	for e := range g.told.AllEdges() {
		add(e, false)
	}
	for _, at := range order {
		g.told.Edges(at.from, at.to, wanted[at], out)
	}
}

// adjusted returns resources whose meta parameters reflect the options of the deploy.
func adjusted(m *deploy.Manifest, set []*resource.Spec) []*resource.Spec {
	if !m.Noop && m.Sema == 0 && !m.NoAutoedges && !m.NoAutogroup {
		return set
	}
	out := make([]*resource.Spec, len(set))
	for i, s := range set {
		c := *s
		c.Meta.Noop = c.Meta.Noop || m.Noop
		c.Meta.AutoEdge = c.Meta.AutoEdge && !m.NoAutoedges
		c.Meta.AutoGroup = c.Meta.AutoGroup && !m.NoAutogroup
		if m.Sema > 0 {
			c.Meta.Sema = append(slices.Clone(c.Meta.Sema), fmt.Sprintf("deploy-%d:%d", m.Sema, m.Sema))
		}
		out[i] = &c
	}
	return out
}
