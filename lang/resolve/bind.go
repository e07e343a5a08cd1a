package resolve

import (
	"mgmt/lang/syntax"
)

// stmts binds the names in the statements of a block. The definitions of the block are in
// the order of its statements, so that each statement finds its own as it comes.
func (r *resolver) stmts(s *Scope, list []syntax.Stmt) {
	r.follow(s)
	rest := s.Defs
	own := func(x syntax.Stmt) *Def {
		if len(rest) == 0 || rest[0].stmt() != x {
			return nil // it has been reported
		}
		def := rest[0]
		rest = rest[1:]
		r.contains(def)
		return def
	}
	for _, x := range list {
		r.stmt(s, x, own)
	}
	for _, def := range rest { // classes that are written elsewhere
		r.contains(def)
	}
}

// stmt returns the statement that makes the definition.
func (d *Def) stmt() syntax.Stmt {
	switch d.Kind {
	case VarDef:
		return d.Bind
	case FuncDef:
		return d.Func
	case ClassDef:
		return d.Class
	case IncludeDef:
		return d.Include
	}
	return nil
}

func (r *resolver) stmt(s *Scope, x syntax.Stmt, own func(syntax.Stmt) *Def) {
	switch x := x.(type) {
	case *syntax.Bind:
		r.bind(s, own(x), x)
	case *syntax.FuncStmt:
		r.funcStmt(s, own(x), x)
	case *syntax.ClassStmt:
		own(x)
	case *syntax.IncludeStmt:
		r.include(s, own(x), x)
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
		r.block(x.Then)
		r.block(x.Else)
	case *syntax.ForStmt:
		r.loop(s, x)
	}
}

func (r *resolver) block(b *syntax.Block) {
	if b != nil {
		r.stmts(r.prog.scopes[b], b.Stmts)
	}
}

// enter makes def the owner of the names that follow, and returns the previous one.
func (r *resolver) enter(def *Def) *Def {
	saved := r.owner
	r.owner = def
	return saved
}

// bind binds the names in the value of a variable. That of a second definition of a name
// belongs to nobody.
func (r *resolver) bind(s *Scope, def *Def, x *syntax.Bind) {
	if def == nil {
		def = &Def{Kind: VarDef, Name: x.Name.Text}
	}
	saved := r.enter(def)
	r.expr(s, x.Value)
	r.owner = saved
}

func (r *resolver) funcStmt(s *Scope, def *Def, x *syntax.FuncStmt) {
	if def == nil {
		def = &Def{Kind: FuncDef, Name: x.Name.Text}
	}
	saved := r.enter(def)
	def.ParamScope = r.funcLit(s, x.Func)
	r.owner = saved
}

// include binds an include. What is reached through its alias depends on the class and
// on the arguments.
func (r *resolver) include(s *Scope, def *Def, x *syntax.IncludeStmt) {
	saved := r.owner
	if def != nil {
		r.depend(def, x.Alias.Span)
		r.owner = def
	}
	ref := r.classOf(s, x)
	for i, arg := range x.Args {
		r.param = parameter(ref, i)
		r.expr(s, arg)
	}
	r.param = nil
	if ref != nil {
		r.use(x.ID, ref, x.Path.Span)
		r.arity(x, ref.Def)
		r.classesToBind = append(r.classesToBind, ref.Def)
	}
	r.owner = saved
}

// parameter returns the parameter of a class that an argument is for, if that is not even
// looked at unless the class uses the parameter.
func parameter(class *Ref, i int) *Def {
	if class == nil || i >= len(class.Def.ParamScope.Defs) {
		return nil
	}
	if def := class.Def.ParamScope.Defs[i]; def.Param.Type == nil {
		return def
	}
	return nil
}

func (r *resolver) arity(x *syntax.IncludeStmt, class *Def) {
	want, got := len(class.Class.Params), len(x.Args)
	if want == got {
		return
	}
	d := r.report(codeIncludeArguments, x.Path.Span, "%s", syntax.Arity("class `"+class.Name+"`", want, got))
	d.Relate(class.Span, "the class is defined here")
}

// loop binds a loop. Its variables depend on what it goes over.
func (r *resolver) loop(outer *Scope, x *syntax.ForStmt) {
	vars := r.prog.scopes[x]
	key, value := vars.Defs[0], vars.Defs[1]
	for _, def := range vars.Defs {
		r.contains(def)
		r.runs(def)
	}
	saved := r.enter(key)
	r.expr(outer, x.Range)
	r.owner = value
	r.runs(key)
	r.owner = saved
	r.block(x.Body)
}

func (r *resolver) exprs(s *Scope, list []syntax.Expr) {
	for _, e := range list {
		r.expr(s, e)
	}
}

func (r *resolver) expr(s *Scope, e syntax.Expr) {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		r.expr(s, e.X)
		r.expr(s, e.Y)
	case *syntax.VarExpr:
		r.variable(s, e, false)
	case *syntax.StringLit:
		for _, p := range e.Parts {
			if p.Var != nil {
				r.variable(s, p.Var, false)
			}
		}
	case *syntax.CallExpr:
		r.call(s, e)
	case *syntax.ParenExpr:
		r.expr(s, e.X)
	case *syntax.ListLit:
		r.exprs(s, e.Elems)
	case *syntax.MapLit:
		for i := range e.Entries {
			r.expr(s, e.Entries[i].Key)
			r.expr(s, e.Entries[i].Value)
		}
	case *syntax.StructLit:
		for i := range e.Fields {
			r.expr(s, e.Fields[i].Value)
		}
	case *syntax.FuncLit:
		r.funcLit(s, e)
	case *syntax.IfExpr:
		r.expr(s, e.Cond)
		r.expr(s, e.Then)
		r.expr(s, e.Else)
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
		r.variable(s, e.Var, true)
	default:
		r.function(s, e)
	}
	r.exprs(s, e.Args)
}

func (r *resolver) funcLit(outer *Scope, f *syntax.FuncLit) *Scope {
	s := outer.inner(ParamScope)
	r.prog.scopes[f] = s
	s.params(f.Params)
	r.expr(s, f.Body)
	return s
}

// variable binds a variable, which may be one that is called.
func (r *resolver) variable(s *Scope, x *syntax.VarExpr, called bool) {
	if ref := r.lookup(s, varSpace, x.Path); ref != nil {
		r.use(x.ID(), ref, x.Span())
		return
	}
	r.undefinedVariable(s, x, called)
}

// function binds the name of a called function.
func (r *resolver) function(s *Scope, x *syntax.CallExpr) {
	if ref := r.lookup(s, funcSpace, x.Name.Text); ref != nil {
		r.use(x.ID(), ref, x.Name.Span)
		return
	}
	r.undefinedFunction(s, x)
}

// classOf finds the class that an include names. It reports one that does not exist,
// once.
func (r *resolver) classOf(s *Scope, x *syntax.IncludeStmt) *Ref {
	if ref, seen := r.classOfs[x]; seen {
		return ref
	}
	r.classOfs[x] = nil // an include that is looked up through itself finds nothing
	ref := r.lookup(s, classSpace, x.Path.Text)
	if ref == nil {
		r.undefinedClass(s, x)
	}
	r.classOfs[x] = ref
	return ref
}

// use binds the name with the number to what it refers to.
func (r *resolver) use(id int32, ref *Ref, span syntax.Span) {
	if int(id) >= len(r.prog.Refs) {
		r.prog.Refs = append(r.prog.Refs, make([]*Ref, r.ids.Len()-len(r.prog.Refs))...)
	}
	r.prog.Refs[id] = ref
	for _, via := range ref.Via {
		r.depend(via, span)
	}
	r.depend(ref.Def, span)
}
