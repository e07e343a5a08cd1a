package infer

import (
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// Check infers the types of a program whose names are bound. The program may be compiled
// if the diagnostics have no errors.
func Check(p *resolve.Program, lib *funcs.Library, kinds Kinds) (*Info, syntax.Diagnostics) {
	c := &checker{
		prog:  p,
		lib:   lib,
		kinds: kinds,
		info: &Info{
			exprs:   make([]*ty, p.IDs),
			sigs:    map[int32]*ty{},
			uses:    map[int32][]*ty{},
			schemes: map[*resolve.Def]*scheme{},
			depends: map[*resolve.Def]bool{},
		},
		defs:   map[*resolve.Def]*ty{},
		groups: map[*resolve.Def]*group{nil: {}},
		shapes: map[*funcs.Function]*shape{},
		kindOf: map[string]map[string]*ty{},
	}
	c.pass(func(d *resolve.Def) bool { return p.Uses[d] > 0 }, p.Main.Tree.Stmts)
	c.warn = true
	c.pass(func(d *resolve.Def) bool { return p.Uses[d] == 0 }, nil)
	return c.info, c.diags.Sort()
}

// A checker is the state of one run of Check.
type checker struct {
	prog  *resolve.Program
	lib   *funcs.Library
	kinds Kinds
	info  *Info
	diags syntax.Diagnostics
	warn  bool // what is wrong is a warning

	defs   map[*resolve.Def]*ty    // of variables, parameters, loop variables
	groups map[*resolve.Def]*group // by class or function; nil is the rest
	group  *group                  // that is being checked
	work   []*constraint           // to be tried again
	shapes map[*funcs.Function]*shape
	kindOf map[string]map[string]*ty // field types of resource kinds
}

// A group is the code that is generalised together: a named function, or a class with all
// that is defined in it.
type group struct {
	def   *resolve.Def
	level int32
	vars  []*ty         // made in the group
	open  []*constraint // not solved yet
	typed bool          // contains calls that look at their signature
}

// A scheme is what a generalised definition has in place of a type: variables that each
// use replaces, and the constraints on them.
type scheme struct {
	def    *resolve.Def
	vars   int
	t      *ty   // of a function
	params []*ty // of a class
	open   []*constraint
}

// pass checks the definitions that want selects, in order, and then the statements.
func (c *checker) pass(want func(*resolve.Def) bool, stmts []syntax.Stmt) {
	for _, def := range c.prog.Order {
		if want(def) {
			c.define(def)
		}
	}
	c.enter(nil, func() { c.stmts(stmts) })
	c.finish(c.groups[nil])
}

// enter runs f as part of the group of a definition.
func (c *checker) enter(def *resolve.Def, f func()) {
	saved := c.group
	c.group = c.groupOf(def)
	f()
	c.solve()
	c.group = saved
}

func (c *checker) groupOf(def *resolve.Def) *group {
	g := c.groups[def]
	if g == nil {
		g = &group{def: def, level: c.groupOf(def.Scope.Class).level + 1}
		c.groups[def] = g
	}
	return g
}

func (c *checker) define(def *resolve.Def) {
	switch def.Kind {
	case resolve.VarDef:
		c.enter(def.Scope.Class, func() { c.bindDef(def) })
	case resolve.FuncDef:
		var t *ty
		c.enter(def, func() { t = c.expr(def.Func.Func) })
		s := c.generalise(def)
		s.t = t
	case resolve.ClassDef:
		c.enter(def, func() { c.stmts(def.Class.Body.Stmts) })
		params := make([]*ty, len(def.ParamScope.Defs))
		c.enter(def, func() {
			for i, p := range def.ParamScope.Defs {
				params[i] = c.defType(p)
			}
		})
		s := c.generalise(def)
		s.params = params
	}
}

// bindDef checks a variable: its value, and its annotation.
func (c *checker) bindDef(def *resolve.Def) {
	b := def.Bind
	t := c.expr(b.Value)
	if b.Type != nil {
		want := written(b.Type)
		c.expect(b.Value, t, want, because{b.Type.Span(), "the variable is declared as " + quote(want)})
		t = want
	}
	c.defs[def] = t
}

// defType returns the type of a variable, parameter or loop variable.
func (c *checker) defType(def *resolve.Def) *ty {
	if t := c.defs[def]; t != nil {
		return t
	}
	t := tyBad // it comes out of a cycle, or was not checked
	switch def.Kind {
	case resolve.ParamDef:
		switch class := def.Scope.Class; {
		case def.Param.Type != nil:
			t = written(def.Param.Type)
		case class != nil && class.ParamScope == def.Scope:
			t = c.freshIn(class, def.Span)
		default: // of a function, which is being checked
			t = c.fresh(def.Span)
		}
		c.info.exprs[def.Param.ID] = t
	case resolve.LoopDef:
		t = c.freshIn(def.Scope.Class, def.Span)
		if def.IsKey {
			c.info.exprs[def.Loop.KeyID] = t
		} else {
			c.info.exprs[def.Loop.ValueID] = t
		}
	}
	c.defs[def] = t
	return t
}

// freshIn returns a new variable that belongs to a class, whatever is being checked.
func (c *checker) freshIn(class *resolve.Def, span syntax.Span) *ty {
	saved := c.group
	c.group = c.groupOf(class)
	t := c.fresh(span)
	c.group = saved
	return t
}

// fresh returns a new type variable for what stands at span.
func (c *checker) fresh(span syntax.Span) *ty {
	x := &struct {
		t ty
		v variable
	}{}
	x.t = ty{kind: types.KindVar, v: &x.v}
	x.v.level, x.v.span = c.group.level, span
	c.group.vars = append(c.group.vars, &x.t)
	return &x.t
}

// generalise turns the open variables of a group into those of a scheme.
func (c *checker) generalise(def *resolve.Def) *scheme {
	g := c.groups[def]
	outer := c.groupOf(def.Scope.Class)
	s := &scheme{def: def}
	for _, t := range g.vars {
		v := t.v
		if v.bound != nil || v.scheme != nil {
			continue
		}
		if v.level < g.level { // it belongs further out
			outer.vars = append(outer.vars, t)
			continue
		}
		v.scheme, v.index = s, int32(s.vars)
		s.vars++
	}
	for _, k := range g.open {
		switch {
		case k.solved:
		case k.mentions(s):
			s.open = append(s.open, k)
		default:
			outer.open = append(outer.open, k)
		}
	}
	c.info.schemes[def] = s
	c.info.depends[def] = g.typed
	g.vars, g.open = nil, nil
	return s
}

// instantiate returns new variables for those of a scheme and takes over its constraints.
// Nothing is copied for a scheme without variables.
func (c *checker) instantiate(s *scheme, use int32, span syntax.Span) []*ty {
	if s.vars == 0 {
		return nil
	}
	by := make([]*ty, s.vars)
	for i := range by {
		by[i] = c.fresh(span)
	}
	for _, k := range s.open {
		c.add(k.subst(s, by, span))
	}
	c.info.uses[use] = by
	return by
}

// finish solves what is left at the end of a pass, and reports what cannot be.
func (c *checker) finish(g *group) {
	c.group = g
	for again := true; again; {
		again = false
		c.solve()
		for _, k := range g.open {
			if !k.solved && k.fallback(c) {
				again = true
				break
			}
		}
	}
	if !c.warn {
		c.ambiguous(g)
	}
	for _, t := range g.vars {
		if t.v.bound == nil && t.v.scheme == nil {
			t.v.bound = tyBad
		}
	}
	g.vars, g.open = nil, nil
	c.work = nil
}

// ambiguous reports what has no one type: first constraints, which can say what is
// missing, then variables.
func (c *checker) ambiguous(g *group) {
	reported := len(c.diags)
	for _, k := range g.open {
		if !k.solved && c.unknown(k) {
			c.report("ambiguous-type", k.span, "%s", k.missing())
		}
	}
	if len(c.diags) > reported {
		return
	}
	for _, t := range g.vars {
		if t.v.bound == nil && t.v.scheme == nil && t.v.level == g.level && t.v.span.IsValid() {
			d := c.report("ambiguous-type", t.v.span, "nothing tells what type this has")
			d.Hint = "annotate it: bind it to a variable first, as in $name []str = []"
			t.v.bound = tyBad
		}
	}
}

// unknown reports whether an open constraint depends on a variable of the program.
func (c *checker) unknown(k *constraint) bool {
	for _, t := range k.t {
		if t.open() != nil {
			return true
		}
	}
	return false
}

func (c *checker) report(code syntax.Code, span syntax.Span, format string, args ...any) *syntax.Diagnostic {
	d := &syntax.Diagnostic{Phase: syntax.PhaseUnify, Code: code, Span: span, Message: fmt.Sprintf(format, args...)}
	if c.warn {
		d.Severity = syntax.Warning
	}
	c.diags = append(c.diags, d)
	return d
}

// because is why a type is expected: another place and what it says.
type because struct {
	span syntax.Span
	note string
}

func (w because) attach(d *syntax.Diagnostic) {
	if w.note != "" && w.span.IsValid() && w.span != d.Span {
		d.Related = append(d.Related, syntax.Related{Span: w.span, Message: w.note})
	}
}

func quote(t *ty) string { return "`" + t.String() + "`" }

// expect makes the type of e the wanted one, or reports that it is not.
func (c *checker) expect(e syntax.Expr, got, want *ty, why ...because) bool {
	if c.unify(got, want) {
		return true
	}
	d := c.report("type-mismatch", e.Span(), "this is %s, but %s is needed here", quote(got), quote(want))
	for _, w := range why {
		w.attach(d)
	}
	c.explain(d, got, want)
	return false
}

// explain adds a hint for well-known confusions.
func (c *checker) explain(d *syntax.Diagnostic, got, want *ty) {
	g, w := find(got), find(want)
	switch {
	case g.kind == types.KindInt && w.kind == types.KindStr:
		d.Hint = "there is no implicit conversion; use fmt.printf(\"%d\", …)"
	case g.kind == types.KindFloat && w.kind == types.KindInt:
		d.Hint = "`/` always yields a float; convert.to_int cuts one to an int"
	case g.kind == types.KindInt && w.kind == types.KindFloat:
		d.Hint = "write the number with a point, or use convert.to_float"
	case g.kind == types.KindStr && w.kind == types.KindList && find(w.elem).kind == types.KindStr:
		d.Hint = "put it in brackets to make a list of one"
	}
}
