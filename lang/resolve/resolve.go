package resolve

import (
	"context"
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
)

// Options say where a program is and what it may use.
type Options struct {
	Source  Source // where files are read from
	Main    string // path of the main file in Source
	Text    []byte // of the main file, when it does not come from Source
	Library *funcs.Library
	// ModulePath are the directories in Source in which remote modules are looked for,
	// each ending in /.
	ModulePath []string
}

// Resolve reads a program and binds its names. The program is returned as far as it is
// understood; it may be used further only if the diagnostics have no errors.
func Resolve(ctx context.Context, opts Options) (*Program, syntax.Diagnostics) {
	r := &resolver{
		ctx:  ctx,
		opts: opts,
		lib:  opts.Library,
		prog: &Program{Files: &syntax.Files{}, Uses: map[*Def]int{}, scopes: map[syntax.Node]*Scope{}},

		files:    map[string]*Module{},
		names:    map[*Scope]*names{},
		included: map[*syntax.IncludeStmt]*Ref{},
		library:  map[*funcs.Function]*Def{},
		deps:     map[*Def][]*Def{},
		spans:    map[step]syntax.Span{},
		done:     map[*Def]bool{},
	}
	main := r.loadMain()
	if main == nil {
		return r.prog, r.diags
	}
	r.prog.Main = main
	r.examineClasses()
	r.unusedClasses()
	r.prog.IDs = r.ids.Len()
	r.order()
	r.countUses()
	return r.prog, r.diags.Sort()
}

// A resolver is the state of one run of Resolve.
type resolver struct {
	ctx  context.Context
	opts Options
	lib  *funcs.Library
	prog *Program
	ids  syntax.IDs

	diags   syntax.Diagnostics
	warning bool // what is wrong is a warning

	files   map[string]*Module // by path; nil while being read
	reading []string           // files that import one another
	names   map[*Scope]*names
	// included caches the class of each include; nil where there is none.
	included map[*syntax.IncludeStmt]*Ref
	library  map[*funcs.Function]*Def

	owner *Def            // the definition whose text is being examined, or nil
	deps  map[*Def][]*Def // what each definition refers to; nil is live statements
	after map[*Def][]*Def // deps, and the definitions in a class
	spans map[step]syntax.Span

	classes []*Def        // that code includes and that wait to be examined
	all     []*Def        // every class that was seen
	done    map[*Def]bool // classes that were examined
}

// A step is a reference from one definition to another.
type step struct{ from, to *Def }

// report adds a diagnostic.
func (r *resolver) report(code syntax.Code, span syntax.Span, format string, args ...any) *syntax.Diagnostic {
	d := &syntax.Diagnostic{Phase: syntax.PhaseScope, Code: code, Span: span, Message: fmt.Sprintf(format, args...)}
	if r.warning {
		d.Severity = syntax.Warning
	}
	r.diags = append(r.diags, d)
	return d
}

func relate(d *syntax.Diagnostic, span syntax.Span, message string) {
	d.Related = append(d.Related, syntax.Related{Span: span, Message: message})
}

// use binds the name with the number to what it refers to.
func (r *resolver) use(id int32, ref *Ref, span syntax.Span) {
	for len(r.prog.Refs) <= int(id) {
		r.prog.Refs = append(r.prog.Refs, make([]*Ref, max(int(id)+1, r.ids.Len())-len(r.prog.Refs))...)
	}
	r.prog.Refs[id] = ref
	for _, via := range ref.Via {
		r.depend(via, span)
	}
	r.depend(ref.Def, span)
}

func (r *resolver) depend(on *Def, span syntax.Span) {
	if on.Kind == LibraryDef || on.Kind == ConstDef {
		return
	}
	r.deps[r.owner] = append(r.deps[r.owner], on)
	if s := (step{r.owner, on}); !r.spans[s].IsValid() {
		r.spans[s] = span
	}
}

// examineClasses resolves the classes that examined code includes, and the ones that
// these include.
func (r *resolver) examineClasses() {
	for len(r.classes) > 0 {
		def := r.classes[len(r.classes)-1]
		r.classes = r.classes[:len(r.classes)-1]
		if !r.done[def] {
			r.done[def] = true
			r.class(def)
		}
	}
}

// unusedClasses examines what nothing includes.
func (r *resolver) unusedClasses() {
	r.warning = true
	for i := 0; i < len(r.all); i++ {
		r.classes = append(r.classes, r.all[i])
		r.examineClasses()
	}
	r.warning = false
}

func (r *resolver) class(def *Def) {
	r.owner = def
	r.prog.Order = append(r.prog.Order, def.ParamScope.Defs...)
	r.open(def.Body, def.Class.Body.Stmts)
	r.owner = nil
}

// open collects the definitions of a block and then resolves its statements.
func (r *resolver) open(s *Scope, list []syntax.Stmt) {
	r.collect(s, list)
	for _, x := range list {
		r.stmt(s, x)
	}
}

// inside runs f as part of the text of a definition.
func (r *resolver) inside(def *Def, f func()) {
	owner := r.owner
	r.owner = def
	f()
	r.owner = owner
}

func (r *resolver) stmt(s *Scope, x syntax.Stmt) {
	switch x := x.(type) {
	case *syntax.Bind:
		if def := r.names[s].own(x); def != nil {
			r.inside(def, func() { r.expr(s, x.Value) })
		}
	case *syntax.Panic:
		r.exprs(s, x.Args)
	case *syntax.Resource:
		r.expr(s, x.Name)
		for i := range x.Items {
			r.expr(s, x.Items[i].Cond)
			r.expr(s, x.Items[i].Value)
			if h := x.Items[i].Half; h != nil {
				r.expr(s, h.Name)
			}
		}
	case *syntax.EdgeStmt:
		for i := range x.Halves {
			r.expr(s, x.Halves[i].Name)
		}
	case *syntax.IfStmt:
		r.expr(s, x.Cond)
		r.block(s, BranchScope, x.Then)
		r.block(s, BranchScope, x.Else)
	case *syntax.ForStmt:
		r.forStmt(s, x)
	case *syntax.FuncStmt:
		if def := r.names[s].own(x); def != nil {
			r.inside(def, func() { r.funcLit(s, x.Func) })
			def.ParamScope = r.prog.scopes[x.Func]
		}
	case *syntax.IncludeStmt:
		r.include(s, x)
	}
}

func (r *resolver) block(outer *Scope, kind ScopeKind, b *syntax.Block) {
	if b == nil {
		return
	}
	s := outer.inner(kind)
	r.prog.scopes[b] = s
	r.open(s, b.Stmts)
}

func (r *resolver) forStmt(outer *Scope, x *syntax.ForStmt) {
	r.expr(outer, x.Range)
	s := outer.inner(LoopScope)
	r.prog.scopes[x] = s
	n := r.newNames(s)
	key := s.add(&Def{Kind: LoopDef, Name: x.Key.Text, Span: x.Key.Span, Loop: x, IsKey: true})
	value := s.add(&Def{Kind: LoopDef, Name: x.Value.Text, Span: x.Value.Span, Loop: x})
	n.vars[key.Name] = key
	n.vars[value.Name] = value // of equal names this one counts
	r.prog.Order = append(r.prog.Order, key, value)
	r.block(s, BodyScope, x.Body)
}

func (r *resolver) include(s *Scope, x *syntax.IncludeStmt) {
	r.exprs(s, x.Args)
	def := r.names[s].own(x)
	resolve := func() {
		if ref := r.classOf(s, x); ref != nil {
			r.use(x.ID, ref, x.Path.Span)
			r.arity(x, ref.Def)
			r.classes = append(r.classes, ref.Def)
		}
	}
	if def == nil {
		resolve()
		return
	}
	// What is reached through the alias depends on the arguments too.
	r.depend(def, x.Alias.Span)
	r.inside(def, func() {
		resolve()
		r.exprs(s, x.Args)
	})
}

func (r *resolver) arity(x *syntax.IncludeStmt, class *Def) {
	if want := len(class.Class.Params); want != len(x.Args) {
		d := r.report("include-arguments", x.Path.Span, "class %s takes %s, and %d %s given", class.Name, count(want, "argument"), len(x.Args), isAre(len(x.Args)))
		relate(d, class.Span, "the class is defined here")
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func (r *resolver) exprs(s *Scope, list []syntax.Expr) {
	for _, e := range list {
		r.expr(s, e)
	}
}

func (r *resolver) expr(s *Scope, e syntax.Expr) {
	switch e := e.(type) {
	case *syntax.BinaryExpr: // long chains nest on the left
		r.expr(s, e.X)
		r.expr(s, e.Y)
	case *syntax.VarExpr:
		r.variable(s, e)
	case *syntax.StringLit:
		for _, p := range e.Parts {
			if p.Var != nil {
				r.variable(s, p.Var)
			}
		}
	case *syntax.ListLit:
		r.exprs(s, e.Elems)
	case *syntax.MapLit:
		for _, m := range e.Entries {
			r.expr(s, m.Key)
			r.expr(s, m.Value)
		}
	case *syntax.StructLit:
		for _, f := range e.Fields {
			r.expr(s, f.Value)
		}
	case *syntax.FuncLit:
		r.funcLit(s, e)
	case *syntax.CallExpr:
		r.call(s, e)
	case *syntax.IfExpr:
		r.expr(s, e.Cond)
		r.expr(s, e.Then)
		r.expr(s, e.Else)
	case *syntax.ParenExpr:
		r.expr(s, e.X)
	case *syntax.IndexExpr:
		r.expr(s, e.X)
		r.expr(s, e.Index)
	case *syntax.FieldExpr:
		r.expr(s, e.X)
		r.expr(s, e.Default)
	case *syntax.UnaryExpr:
		r.expr(s, e.X)
	}
}

func (r *resolver) call(s *Scope, e *syntax.CallExpr) {
	switch {
	case e.Lit != nil:
		r.funcLit(s, e.Lit)
	case e.Var != nil:
		r.variable(s, e.Var)
	default:
		r.function(s, e)
	}
	r.exprs(s, e.Args)
}

func (r *resolver) funcLit(outer *Scope, f *syntax.FuncLit) {
	s := outer.inner(ParamScope)
	r.prog.scopes[f] = s
	r.params(s, f.Params)
	r.expr(s, f.Body)
}

// params makes the definitions of parameters.
func (r *resolver) params(s *Scope, list []*syntax.Param) {
	n := r.newNames(s)
	for _, p := range list {
		def := s.add(&Def{Kind: ParamDef, Name: p.Name.Text, Span: p.Name.Span, Param: p})
		n.vars[def.Name] = def
		r.prog.Order = append(r.prog.Order, def)
	}
}

// inner returns a new scope within s.
func (s *Scope) inner(kind ScopeKind) *Scope {
	return &Scope{Kind: kind, Parent: s, Module: s.Module, Class: s.Class}
}

// add puts a definition into the scope.
func (s *Scope) add(def *Def) *Def {
	def.Scope, def.Index = s, len(s.Defs)
	s.Defs = append(s.Defs, def)
	return def
}

// ScopeOf returns the scope that a block, a loop or a function literal opens: for a loop
// that of its variables, for a function literal that of its parameters.
func (p *Program) ScopeOf(n syntax.Node) *Scope { return p.scopes[n] }
