package infer

import (
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// Check infers the types of a program whose names are bound. The program may be compiled
// if the diagnostics have no errors. What has no binding because of a mistake fits
// everywhere, so that other mistakes are found in the same run.
func Check(p *resolve.Program, lib *funcs.Library, kinds Kinds) (*Info, syntax.Diagnostics) {
	c := &checker{
		prog:    p,
		lib:     lib,
		kinds:   kinds,
		reports: syntax.Reports{Phase: syntax.PhaseUnify},
		info: &Info{
			exprs:   make([]*ty, p.IDs),
			sigs:    map[int32]*ty{},
			uses:    map[int32][]*ty{},
			schemes: map[*resolve.Def]*scheme{},
			depends: map[*resolve.Def]bool{},
		},
		defs:      make(map[*resolve.Def]*ty, len(p.Order)),
		groups:    map[*resolve.Def]*group{nil: {}},
		instances: map[*resolve.Def]substitution{},
		selves:    map[*resolve.Def]substitution{},
		shapes:    map[*funcs.Function]*shape{},
		kindOf:    map[string]*kindTypes{},
		constants: map[*resolve.Def]constant{},
	}
	if p.Main == nil {
		return c.info, nil
	}
	c.live()
	c.unused()
	diags := c.reports.Diagnostics()
	p.Trace(diags)
	return c.info, diags
}

// A checker is the state of one run of Check.
type checker struct {
	prog  *resolve.Program
	lib   *funcs.Library
	kinds Kinds
	info  *Info

	reports syntax.Reports
	at      syntax.Span // of what is being unified

	defs      map[*resolve.Def]*ty          // of variables, parameters, loop variables
	groups    map[*resolve.Def]*group       // by class or function; nil is the rest
	group     *group                        // that is being checked
	instances map[*resolve.Def]substitution // of includes with an alias
	selves    map[*resolve.Def]substitution // of classes, for unused code in them

	work    []*constraint // to be tried again
	ignored []argument    // of parameters that nothing uses
	mark    int32         // of the last walk

	shapes    map[*funcs.Function]*shape
	operators [syntax.OpNeg + 1]*funcs.Function
	kindOf    map[string]*kindTypes
	constants map[*resolve.Def]constant
}

// live checks what may run: the definitions that live code uses, in their order, and then
// the statements of the main file.
func (c *checker) live() {
	for _, def := range c.prog.Order {
		if c.prog.Uses[def] > 0 {
			c.define(def)
		}
	}
	c.enter(nil, func() { c.stmts(c.prog.Main.Tree.Stmts) })
	c.finish()
}

// unused checks the rest, as far as that is possible. It changes nothing about the types
// of live code, which are known by then.
func (c *checker) unused() {
	c.reports.Warning = true
	for _, def := range c.prog.Order {
		if c.prog.Uses[def] == 0 {
			clear(c.selves)
			c.define(def)
		}
	}
	for len(c.ignored) > 0 {
		a := c.ignored[0]
		c.ignored = c.ignored[1:]
		clear(c.selves)
		c.enter(a.group, func() { c.expr(a.value) })
	}
}

// An argument is that of an include, in the group of a class or outside of any.
type argument struct {
	value syntax.Expr
	group *resolve.Def
}

// define checks a definition. What it refers to has been checked.
func (c *checker) define(def *resolve.Def) {
	switch def.Kind {
	case resolve.VarDef:
		c.enter(def.Scope.Class, func() { c.bindDef(def) })
	case resolve.LoopDef:
		if def.IsKey { // the first one of the two
			c.enter(def.Scope.Class, func() { c.loopHead(def.Loop) })
		}
	case resolve.IncludeDef:
		c.enter(def.Scope.Class, func() { c.instances[def] = c.include(def.Include) })
	case resolve.FuncDef:
		var t *ty
		c.enter(def, func() { t = c.expr(def.Func.Func) })
		c.generalise(def, find(t).fields, find(t).elem)
	case resolve.ClassDef:
		var params []field
		c.enter(def, func() {
			for _, p := range def.ParamScope.Defs {
				params = append(params, field{p.Name, c.defType(p)})
			}
			c.stmts(def.Class.Body.Stmts)
		})
		c.generalise(def, params, nil)
	}
}

// bindDef checks a variable: its value, and its annotation.
func (c *checker) bindDef(def *resolve.Def) {
	b := def.Bind
	if b.Type == nil {
		c.defs[def] = c.expr(b.Value)
		return
	}
	want := c.written(b.Type)
	c.check(b.Value, want, because{span: b.Type.Span(), format: "`${name}` is declared as {type}", name: def.Name})
	c.defs[def] = want
}

// defType returns the type of a variable, parameter or loop variable.
func (c *checker) defType(def *resolve.Def) *ty {
	if t := c.defs[def]; t != nil {
		return t
	}
	t := tyBad // it comes out of a cycle, or was not checked
	switch def.Kind {
	case resolve.ParamDef:
		class := def.Scope.Class
		switch {
		case def.Param.Type != nil:
			t = c.written(def.Param.Type)
		case class != nil && class.ParamScope == def.Scope:
			t = c.freshIn(class, origin{def.Span, ofParam})
		default: // of a function, which asks first
			t = c.fresh(origin{def.Span, ofParam})
		}
		c.info.exprs[def.Param.ID] = t
	case resolve.LoopDef:
		t = c.freshIn(def.Scope.Class, origin{def.Span, ofLoop})
		if def.IsKey {
			c.info.exprs[def.Loop.KeyID] = t
		} else {
			c.info.exprs[def.Loop.ValueID] = t
		}
	}
	c.defs[def] = t
	return t
}

// freshIn returns a new variable of the group of a class, or of what stands outside of
// any.
func (c *checker) freshIn(class *resolve.Def, from origin) *ty {
	saved := c.group
	c.group = c.groupOf(class)
	t := c.fresh(from)
	c.group = saved
	return t
}

// finish decides what is left open outside of functions and classes, and reports what
// cannot be.
func (c *checker) finish() {
	g := c.groups[nil]
	c.group = g
	for i := 0; i < len(g.open); i++ { // what is decided may leave more of them
		if k := g.open[i]; !k.solved && k.fallback(c) {
			c.solve()
		}
	}
	c.ambiguous(g)
	g.vars, g.open, c.work = nil, nil, nil
}

// ambiguous reports what has no one type: first constraints, which can say what is
// missing, then variables.
func (c *checker) ambiguous(g *group) {
	for _, k := range g.open {
		if what := k.missing(); what != "" && !k.solved && c.unknown(k) {
			d := c.fail(k, codeAmbiguous, "%s", what)
			c.explainOpen(d, k.t)
			for _, t := range k.t {
				c.giveUp(t)
			}
		}
	}
	for _, t := range g.vars {
		if t.v.bound == nil {
			c.openVariable(t.v)
			t.v.bound = tyBad
		}
		c.bounded(t)
	}
}

// bounded reports a variable that came to stand for a type that is too large.
func (c *checker) bounded(v *ty) {
	if v.isClosed() && find(v).size >= maxSize {
		c.report(codeTooLarge, v.v.origin.span, "the type of this has too many parts")
	}
}

// giveUp makes the open variables in t fit everywhere.
func (c *checker) giveUp(t *ty) {
	c.walk(t, func(t *ty) bool {
		if isVar(t) && t.v.scheme == nil {
			t.v.bound = tyBad
			return false
		}
		return true
	})
}

// unknown reports whether an open constraint depends on a variable of the program.
func (c *checker) unknown(k *constraint) bool {
	for _, t := range k.t {
		open := false
		c.walk(t, func(t *ty) bool {
			open = open || isVar(t)
			return !open
		})
		if open {
			return true
		}
	}
	return false
}

// openVariable reports a type that nothing tells.
func (c *checker) openVariable(v *variable) {
	var d *syntax.Diagnostic
	switch v.origin.kind {
	case ofEmptyList:
		d = c.report(codeAmbiguous, v.origin.span, "nothing tells what this empty list is a list of")
		d.Hint = "say so: bind it to a variable with a type, as in `$name []str = []`"
	case ofEmptyMap:
		d = c.report(codeAmbiguous, v.origin.span, "nothing tells what this empty map has as keys and values")
		d.Hint = "say so: bind it to a variable with a type, as in `$name map{str: int} = {}`"
	case ofParam:
		d = c.report(codeAmbiguous, v.origin.span, "nothing tells what type this parameter has")
		d.Hint = "write its type behind it, as in `$name str`"
	case ofCall:
		d = c.report(codeAmbiguous, v.origin.span, "nothing tells what type this call results in")
		d.Hint = "say so: bind it to a variable with a type, as in `$name str = …`"
	default:
		d = c.report(codeAmbiguous, v.origin.span, "nothing tells what type this has")
		d.Hint = "say so: bind it to a variable with a type, as in `$name str = …`"
	}
	if v.use.IsValid() {
		d.Relate(v.use, "in this use")
	}
}

// explainOpen says of which unknown types a constraint that is still open depends.
func (c *checker) explainOpen(d *syntax.Diagnostic, list []*ty) {
	for _, t := range list {
		if t = find(t); !isVar(t) || t.v.origin.span == d.Span {
			continue
		}
		switch t.v.origin.kind {
		case ofParam:
			d.Hint = "write the type of the parameter behind it, as in `$name str`"
		case ofEmptyList, ofEmptyMap, ofCall:
			d.Hint = "bind it to a variable with a type first"
		default:
			continue
		}
		d.Relate(t.v.origin.span, "the type of this is not known")
		return
	}
}

// operator returns the library function of an operator, or nil.
func (c *checker) operator(op syntax.Op) *funcs.Function {
	if c.operators[op] == nil {
		name := "_" + op.String()
		if op == syntax.OpNeg {
			name = "_neg"
		}
		c.operators[op] = c.lib.Func("", name)
	}
	return c.operators[op]
}
