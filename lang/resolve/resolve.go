package resolve

import (
	"context"
	"slices"

	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
)

// Options say where a program is and what it may use.
type Options struct {
	Source Source // where files are read from
	// Main is the path in Source of the main file, of a module directory (ending in /), or
	// of the metadata.yaml of one.
	Main    string
	Text    []byte // of the main file, when it does not come from Source
	Library *funcs.Library
	// ModulePath are the directories in Source in which remote modules are looked for
	// last, each ending in /.
	ModulePath []string
}

// Resolve reads a program and binds its names. The program is returned as far as it is
// understood: what could not be bound has no Ref. It may run only if the diagnostics
// have no errors.
func Resolve(ctx context.Context, opts Options) (*Program, syntax.Diagnostics) {
	r := &resolver{
		ctx:     ctx,
		opts:    opts,
		lib:     opts.Library,
		reports: syntax.Reports{Phase: syntax.PhaseScope},
		prog:    &Program{Files: &syntax.Files{}, scopes: map[syntax.Node]*Scope{}},

		modules:  map[string]*Module{},
		classOfs: map[*syntax.IncludeStmt]*Ref{},
		edges:    make([]edge, 1),
		params:   map[int32]*Def{},

		functions: map[*funcs.Function]*Def{},
		constants: map[constKey]*Def{},
		imported:  map[string]bool{},
		misses:    map[miss]bool{},
	}
	main := r.loadMain()
	if main == nil {
		return r.prog, r.reports.Diagnostics()
	}
	r.prog.Main = main
	r.examine()
	r.unusedClasses()
	r.prog.Modules = append(r.prog.Modules, main)
	r.prog.IDs = r.ids.Len()
	r.prog.Refs = slices.Grow(r.prog.Refs, r.prog.IDs-len(r.prog.Refs))[:r.prog.IDs]
	r.order()
	r.countUses()
	diags := r.noExcuses(r.reports.Diagnostics())
	r.prog.Trace(diags)
	return r.prog, diags
}

// A resolver is the state of one run of Resolve.
type resolver struct {
	ctx  context.Context
	opts Options
	lib  *funcs.Library
	prog *Program
	ids  syntax.IDs

	reports syntax.Reports

	modules  map[string]*Module // by path; also those that are being read
	reading  []*Module          // that import one another
	root     string             // directory of the main module
	classOfs map[*syntax.IncludeStmt]*Ref

	functions map[*funcs.Function]*Def // of the library
	constants map[constKey]*Def

	modulesToBind []*Module
	classesToBind []*Def   // that examined code includes
	classes       []*Def   // all of them
	scopes        []*Scope // all blocks and loops, in the order of the text

	owner *Def // the definition whose text is being examined; nil for statements of the main file
	edges []edge
	roots int32 // first edge of the statements of the main file
	param *Def  // that the present include argument is for, or nil
	// params has, for edges of include arguments, the parameter that has to be live for them.
	params map[int32]*Def

	misses   map[miss]bool
	excuses  []excuse
	imported map[string]bool // what repairs have imported
}

// report adds a diagnostic. It is a throw-away when there were too many.
func (r *resolver) report(code syntax.Code, span syntax.Span, format string, args ...any) *syntax.Diagnostic {
	return r.reports.Add(code, span, format, args...)
}

// examine binds the names of everything that was read, of the classes that it includes,
// and of what these import and include in turn.
func (r *resolver) examine() {
	for len(r.modulesToBind)+len(r.classesToBind) > 0 {
		for len(r.modulesToBind) > 0 {
			m := r.modulesToBind[0]
			r.modulesToBind = r.modulesToBind[1:]
			r.owner = nil
			r.stmts(m.Scope, m.Tree.Stmts)
		}
		if n := len(r.classesToBind); n > 0 {
			class := r.classesToBind[n-1]
			r.classesToBind = r.classesToBind[:n-1]
			r.class(class)
		}
	}
}

// unusedClasses examines the classes that nothing includes.
func (r *resolver) unusedClasses() {
	for i := 0; i < len(r.classes); i++ {
		r.reports.Warning = true
		r.class(r.classes[i])
		r.reports.Warning = false
		r.examine()
	}
}

func (r *resolver) class(def *Def) {
	if def.state&examined != 0 {
		return
	}
	def.state |= examined
	r.owner = def
	r.stmts(def.Body, def.Class.Body.Stmts)
	r.owner = nil
}
