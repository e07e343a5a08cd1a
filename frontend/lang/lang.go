// Package lang is the front end for programs in the language.
//
// A [Frontend] loads a program, runs its flow graph, and hands what its statements add up to
// to the engine as deltas. When a file of the program is saved, the program is loaded again
// and the difference is handed on; one that does not compile leaves the last good one
// running. [Check] and [Snapshot] do as much without an engine: they serve the commands
// check and graph.
package lang

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"mgmt/frontend"
	"mgmt/lang"
	"mgmt/lang/compile"
	"mgmt/lang/funcs"
	"mgmt/lang/infer"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// Options describe a program and what it runs in.
type Options struct {
	Input   lang.Input
	Library *funcs.Library
	Kinds   *resource.Registry
	Host    *funcs.Host
	Log     *slog.Logger // nil discards
	// Watch loads the program again when one of its files changes.
	Watch bool
	// Report shows the diagnostics of a program.
	Report func(files *syntax.Files, list syntax.Diagnostics)
}

// A Frontend runs a program.
type Frontend struct {
	opts    Options
	kinds   infer.Kinds
	log     *slog.Logger
	refused refusal

	program frontend.Standing // what was loaded
	values  frontend.Standing // what the values of the program in force make of it
}

// Refusal implements frontend.Refuser.
func (f *Frontend) Refusal() (frontend.Refusal, bool) {
	if r, ok := f.program.Refusal(); ok {
		return r, true
	}
	return f.values.Refusal()
}

// New returns the front end of a program.
func New(opts Options) *Frontend {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if opts.Report == nil {
		opts.Report = func(*syntax.Files, syntax.Diagnostics) {}
	}
	return &Frontend{opts: opts, kinds: Kinds(opts.Kinds), log: log}
}

// Run implements frontend.Frontend.
func (f *Frontend) Run(ctx context.Context, submit func(context.Context, resource.Delta) error) error {
	r := &runner{Frontend: f, submit: submit}
	r.current, r.read, r.texts = f.load(ctx)
	r.changed, r.stopWatch = f.watch(r.read)
	defer r.stop()
	if r.current == nil {
		return frontend.ErrRefused
	}
	return r.run(ctx)
}

// step takes in what has happened and hands the difference on. A version that takes over
// from an older one does so with its first good graph. An error means that the version is of
// no use: it never had a good graph, or the program panicked.
func (f *Frontend) step(ctx context.Context, v, old *version, submit func(context.Context, resource.Delta) error) (took bool, err error) {
	changes, ok := v.graph.Stabilize()
	v.causes = append(v.causes, changes.Causes...)
	if !ok {
		return false, nil
	}
	v.state.take(changes)
	if old != nil {
		v.state.succeed(old.state)
	}
	if errs := v.state.errs(); len(errs) > 0 {
		return false, f.refuse(ctx, v, errs)
	}
	delta := v.state.delta()
	v.explain(&delta, old)
	if v.fresh || !frontend.Empty(delta) {
		if err := submit(ctx, delta); err != nil {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			return false, f.refuse(ctx, v, v.state.locate(err))
		}
	}
	v.state.accept(delta)
	v.fresh = false
	f.values.Accept()
	return true, nil
}

// refuse reports why there is no graph. It is an error if there was none before either, and
// after a panic of the program; otherwise the graph in force stays until a good one comes.
func (f *Frontend) refuse(ctx context.Context, v *version, errs []error) error {
	panicked := slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, compile.ErrPanic) })
	fatal := v.fresh || panicked
	diags := diagnose(errs)
	if brief := frontend.Brief(v.prog.Files(), diags); fatal {
		f.program.Refuse(brief)
	} else {
		f.values.Refuse(brief)
	}
	if f.refused.again(errs) && !fatal {
		return nil
	}
	f.opts.Report(v.prog.Files(), diags)
	if fatal {
		return frontend.ErrRefused
	}
	f.stays(ctx)
	return nil
}

// A refusal is what was last reported of the values of a program.
type refusal struct {
	text string
	at   time.Time
}

// refusalPause is how long the same refusal is not reported again: a value may be bad and
// good by turns as fast as a file can be written.
const refusalPause = time.Second

// again reports whether the same was reported a moment ago, and remembers it if not.
func (r *refusal) again(errs []error) bool {
	text := errors.Join(errs...).Error()
	if text == r.text && time.Since(r.at) < refusalPause {
		return true
	}
	*r = refusal{text, time.Now()}
	return false
}

// stays says what the refusal of a program or of its values means for the machine.
func (f *Frontend) stays(ctx context.Context) {
	if ctx.Err() == nil {
		f.log.Warn("the last good graph stays in force")
	}
}
