package lang

import (
	"context"
	"errors"
	"slices"
	"strings"

	"mgmt/graph"
	"mgmt/lang"
	"mgmt/lang/compile"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/watch"
)

// The files of a program are often replaced by links: version control, configuration
// management, editors.
var watchOptions = watch.Options{Follow: true}

// Check returns what is to be said of a program without running it.
func Check(ctx context.Context, opts Options) (*syntax.Files, syntax.Diagnostics) {
	prog, diags := lang.Load(ctx, opts.Input, opts.Library, Kinds(opts.Kinds))
	return prog.Files(), diags
}

// Snapshot runs a program until it has its first graph and returns that. The machine is not
// touched, but event sources of the program are started and stopped again.
func Snapshot(ctx context.Context, opts Options) (resource.Delta, *syntax.Files, syntax.Diagnostics) {
	f := New(opts)
	prog, diags := lang.Load(ctx, opts.Input, opts.Library, f.kinds)
	if diags.HasErrors() {
		return resource.Delta{}, prog.Files(), diags
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v := f.start(ctx, prog)
	defer v.stop()
	for {
		changes, ok := v.graph.Stabilize()
		if ok {
			v.state.take(changes)
			if errs := v.state.errs(); len(errs) > 0 {
				return resource.Delta{}, prog.Files(), append(diags, diagnose(errs)...)
			}
			d := ordered(v.state.delta())
			if err := cycle(d); err != nil {
				return resource.Delta{}, prog.Files(), append(diags, diagnose([]error{v.state.locate(err)})...)
			}
			return d, prog.Files(), diags
		}
		select {
		case <-ctx.Done():
			return resource.Delta{}, prog.Files(), append(diags, &syntax.Diagnostic{
				Phase: syntax.PhaseStream, Code: "no-value",
				Message: "the program was stopped before every event source had delivered a first value",
			})
		case <-v.graph.Events():
		}
	}
}

// ordered sorts a delta by place in the program, then by name.
func ordered(d resource.Delta) resource.Delta {
	slices.SortStableFunc(d.Set, func(a, b *resource.Spec) int { return compareKeys(a.Key, b.Key) })
	slices.SortFunc(d.SetEdges, func(a, b resource.Edge) int {
		if n := compareKeys(a.From, b.From); n != 0 {
			return n
		}
		return compareKeys(a.To, b.To)
	})
	return d
}

// cycle looks for a cycle in the edges of a whole graph. The engine does so by itself; a
// graph that is only shown has to be checked here.
func cycle(d resource.Delta) error {
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

// locate says where in the program the reason stands for which a graph was refused.
func (c *collector) locate(err error) error {
	var loop *graph.CycleError[resource.Key]
	var spec *resource.SpecError
	switch {
	case errors.As(err, &loop):
		var names []string
		for _, k := range loop.Nodes {
			names = append(names, k.String())
		}
		names = append(names, names[0])
		span := c.placeOf(resource.Edge{From: loop.Nodes[0], To: loop.Nodes[1%len(loop.Nodes)]})
		return compile.Refuse(span, "the edges make a cycle: %s", strings.Join(names, " → "))
	case errors.As(err, &spec):
		if n := c.nodes[spec.Key.ID]; n != nil && len(n.decls) > 0 {
			return compile.Refuse(n.decls[0].res.Span, "%s: %w", spec.Key, spec.Err)
		}
	}
	return err
}
