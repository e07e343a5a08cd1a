package lang

import (
	"context"

	"mgmt/frontend"
	"mgmt/lang"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// Check returns what is to be said of a program without running it.
func Check(ctx context.Context, opts Options) (*syntax.Files, syntax.Diagnostics) {
	prog, diags := Load(ctx, opts)
	return prog.Files(), diags
}

// Load compiles a program, and reports what Check does.
func Load(ctx context.Context, opts Options) (*lang.Program, syntax.Diagnostics) {
	prog, diags := lang.Load(ctx, opts.Input, opts.Library, Kinds(opts.Kinds))
	if !diags.HasErrors() {
		diags = append(diags, validate(prog, opts.Kinds)...)
		diags = append(diags, missing(prog, opts.Input.Files)...)
	}
	return prog, diags
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
				return resource.Delta{}, prog.Files(), append(diags, diagnose(v.state.locate(err))...)
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
