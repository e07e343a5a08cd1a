// Package lang ties the stages of the language together.
//
// An [Input] says where a program is: [Open] makes one of what a user typed. [Load] takes
// it through parsing, name resolution and type inference and returns a [Program], which
// [Program.Start] turns into a running flow graph. What the statements of a running
// program mean to the engine is the business of package frontend/lang.
package lang

import (
	"context"
	"slices"

	"mgmt/lang/compile"
	"mgmt/lang/flow"
	"mgmt/lang/funcs"
	"mgmt/lang/infer"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// A Program is a checked program.
type Program struct {
	Bound *resolve.Program
	Types *infer.Info
	lib   *funcs.Library
}

// Load reads and checks a program. The diagnostics are those of all stages that could look at
// it; with an error among them the program cannot be started.
func Load(ctx context.Context, in Input, lib *funcs.Library, kinds infer.Kinds) (*Program, syntax.Diagnostics) {
	bound, diags := resolve.Resolve(ctx, resolve.Options{
		Source:     in.Source,
		Main:       in.Main,
		Text:       in.Text,
		Library:    lib,
		ModulePath: in.ModulePath,
	})
	p := &Program{Bound: bound, lib: lib}
	if bound.Main == nil || unreadable(diags) {
		return p, diags
	}
	var more syntax.Diagnostics
	p.Types, more = infer.Check(bound, lib, kinds)
	return p, append(diags, more...)
}

// unreadable reports whether a text is no program: then nothing is to be said of its types.
func unreadable(diags syntax.Diagnostics) bool {
	return slices.ContainsFunc(diags, func(d *syntax.Diagnostic) bool {
		return d.Severity == syntax.Error && d.Phase < syntax.PhaseScope
	})
}

// Files returns the source files, in which the spans of diagnostics lie.
func (p *Program) Files() *syntax.Files { return p.Bound.Files }

// Read lists the paths of the files that the program was read from.
func (p *Program) Read() []string { return p.Bound.Read }

// Start instantiates the program in a flow graph whose sources run until ctx ends. The
// payloads of its outputs are of type [*compile.Contribution].
func (p *Program) Start(ctx context.Context, host *funcs.Host) *flow.Graph {
	return compile.Start(ctx, p.Bound, p.Types, p.lib, host)
}
