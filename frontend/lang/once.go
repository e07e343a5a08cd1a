package lang

import (
	"context"
	"errors"
	"strings"

	"mgmt/frontend"
	"mgmt/graph"
	"mgmt/lang"
	"mgmt/lang/compile"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

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
			d := v.state.delta()
			frontend.Sort(d)
			if err := frontend.CheckCycles(d); err != nil {
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
