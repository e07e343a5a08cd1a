package infer

import (
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// expr returns the type of an expression and notes it.
func (c *checker) expr(e syntax.Expr) *ty {
	t := c.typeOf(e)
	c.info.exprs[e.ID()] = t
	return t
}

func (c *checker) typeOf(e syntax.Expr) *ty {
	switch e := e.(type) {
	case *syntax.BoolLit:
		return tyBool
	case *syntax.IntLit:
		return tyInt
	case *syntax.FloatLit:
		return tyFloat
	case *syntax.StringLit:
		for _, p := range e.Parts {
			if p.Var != nil {
				c.interpolated(p.Var)
			}
		}
		return tyStr
	case *syntax.ListLit:
		return c.list(e)
	case *syntax.MapLit:
		return c.mapLit(e)
	case *syntax.StructLit:
		out := &ty{kind: types.KindStruct}
		for _, f := range e.Fields {
			out.fields = append(out.fields, field{f.Name.Text, c.expr(f.Value)})
		}
		return out
	case *syntax.VarExpr:
		return c.ref(e.ID())
	case *syntax.FuncLit:
		return c.lambda(e)
	case *syntax.CallExpr:
		return c.call(e)
	case *syntax.IfExpr:
		c.condition(e.Cond)
		then, els := c.expr(e.Then), c.expr(e.Else)
		c.expect(e.Else, els, then, because{e.Then.Span(), "both branches have one type; this one is " + quote(then)})
		return then
	case *syntax.ParenExpr:
		return c.expr(e.X)
	case *syntax.IndexExpr:
		result := c.fresh(e.Span())
		c.add(&constraint{rule: index{}, t: []*ty{c.expr(e.X), c.expr(e.Index), result}, span: e.Span()})
		return result
	case *syntax.FieldExpr:
		return c.field(e)
	case *syntax.UnaryExpr:
		return c.unary(e)
	case *syntax.BinaryExpr:
		return c.binary(e)
	}
	return tyBad
}

func (c *checker) interpolated(v *syntax.VarExpr) {
	t := c.expr(v)
	if !c.unify(t, tyStr) {
		d := c.report("type-mismatch", v.Span(), "$%s is %s, and only a `str` can stand in a string", v.Path, quote(t))
		d.Hint = "make a string of it first, with fmt.printf"
	}
}

func (c *checker) condition(e syntax.Expr) {
	c.expect(e, c.expr(e), tyBool, because{e.Span(), "a condition is a `bool`"})
}

func (c *checker) list(e *syntax.ListLit) *ty {
	if len(e.Elems) == 0 {
		return listOf(c.fresh(e.Span()))
	}
	elem := c.expr(e.Elems[0])
	for _, x := range e.Elems[1:] {
		c.expect(x, c.expr(x), elem, because{e.Elems[0].Span(), "the elements of a list have one type; the first is " + quote(elem)})
	}
	return listOf(elem)
}

func (c *checker) mapLit(e *syntax.MapLit) *ty {
	if len(e.Entries) == 0 {
		key := c.fresh(e.Span())
		c.add(&constraint{rule: hashable, t: []*ty{key}, span: e.Span()})
		return mapOf(key, c.fresh(e.Span()))
	}
	first := e.Entries[0]
	key, value := c.expr(first.Key), c.expr(first.Value)
	for _, m := range e.Entries[1:] {
		c.expect(m.Key, c.expr(m.Key), key, because{first.Key.Span(), "the keys of a map have one type; the first is " + quote(key)})
		c.expect(m.Value, c.expr(m.Value), value, because{first.Value.Span(), "the values of a map have one type; the first is " + quote(value)})
	}
	c.add(&constraint{rule: hashable, t: []*ty{key}, span: first.Key.Span()})
	return mapOf(key, value)
}

// ref returns the type of what a variable is bound to. Through includes, the variables of
// the classes are those of the instances.
func (c *checker) ref(id int32) *ty {
	ref := c.prog.Refs[id]
	if ref == nil {
		return tyBad
	}
	if ref.Def.Kind == resolve.ConstDef {
		return c.constant(ref.Def)
	}
	return c.via(ref, c.defType(ref.Def))
}

// via gives a type from within a class instance its meaning here.
func (c *checker) via(ref *resolve.Ref, t *ty) *ty {
	for i := len(ref.Via) - 1; i >= 0; i-- {
		inc := ref.Via[i].Include
		class := c.prog.Refs[inc.ID]
		if class == nil {
			return tyBad
		}
		if s := c.info.schemes[class.Def]; s != nil && s.vars > 0 {
			saved := c.group
			c.group = c.groupOf(ref.Via[i].Scope.Class)
			t = t.subst(s, c.instance(inc, s))
			c.group = saved
		}
	}
	return t
}

// instance returns what the variables of a class are in an include. The alias may be used
// before the include statement is checked.
func (c *checker) instance(inc *syntax.IncludeStmt, s *scheme) []*ty {
	by := c.info.uses[inc.ID]
	if by == nil {
		by = c.instantiate(s, inc.ID, inc.Path.Span)
	}
	return by
}

func (c *checker) constant(def *resolve.Def) *ty {
	if def.Const == nil { // $hostname, which only the agent knows
		return tyStr
	}
	return valueType(def.Const)
}

// valueType returns the type of a constant of the library.
func valueType(v types.Value) *ty {
	switch v := v.(type) {
	case types.Bool:
		return tyBool
	case types.Int:
		return tyInt
	case types.Float:
		return tyFloat
	case types.Str:
		return tyStr
	case *types.List:
		if len(v.Elems) > 0 {
			return listOf(valueType(v.Elems[0]))
		}
	}
	return tyBad
}

func (c *checker) lambda(e *syntax.FuncLit) *ty {
	out := &ty{kind: types.KindFunc}
	for _, p := range c.prog.ScopeOf(e).Defs {
		out.fields = append(out.fields, field{p.Name, c.defType(p)})
	}
	out.elem = c.expr(e.Body)
	if e.Result != nil {
		want := written(e.Result)
		c.expect(e.Body, out.elem, want, because{e.Result.Span(), "the function is declared to return " + quote(want)})
		out.elem = want
	}
	return out
}

func (c *checker) field(e *syntax.FieldExpr) *ty {
	base, result := c.expr(e.X), c.fresh(e.Span())
	k := &constraint{rule: &member{e.Field.Text, e.Default != nil}, t: []*ty{base, result}, span: e.Field.Span}
	if e.Default != nil {
		def := c.expr(e.Default)
		c.unify(result, def)
	}
	c.add(k)
	c.solve()
	return result
}

func (c *checker) unary(e *syntax.UnaryExpr) *ty {
	t := c.expr(e.X)
	if e.Op == syntax.OpNot {
		c.expect(e.X, t, tyBool, because{e.X.Span(), "`not` takes a `bool`"})
		return tyBool
	}
	return c.library(e.ID(), e.Span(), c.lib.Func("", "_neg"), []syntax.Expr{e.X}, []*ty{t})
}

func (c *checker) binary(e *syntax.BinaryExpr) *ty {
	x, y := c.expr(e.X), c.expr(e.Y)
	switch e.Op {
	case syntax.OpAnd, syntax.OpOr:
		c.expect(e.X, x, tyBool, because{e.OpSpan, "`" + e.Op.String() + "` takes two `bool`s"})
		c.expect(e.Y, y, tyBool, because{e.OpSpan, "`" + e.Op.String() + "` takes two `bool`s"})
		return tyBool
	case syntax.OpExcept:
		c.expect(e.Y, y, x, because{e.X.Span(), "both sides of `<|>` have one type; this one is " + quote(x)})
		return x
	case syntax.OpIn:
		if find(y).kind == types.KindMap {
			d := c.report("type-mismatch", e.Y.Span(), "`in` looks in a list, and this is %s", quote(y))
			d.Hint = "look for a key with $key in map.keys($map)"
			return tyBool
		}
		c.expect(e.Y, y, listOf(x), because{e.X.Span(), "`in` looks for " + quote(x) + " in a list of the same"})
		return tyBool
	}
	f := c.lib.Func("", "_"+e.Op.String())
	if !c.unify(x, y) {
		d := c.report("type-mismatch", e.Y.Span(), "this is %s, but the other side of `%s` is %s", quote(y), e.Op, quote(x))
		d.Related = append(d.Related, syntax.Related{Span: e.X.Span(), Message: "this is " + quote(x)})
		c.explain(d, y, x)
		return c.resultOf(f)
	}
	return c.library(e.ID(), e.Span(), f, []syntax.Expr{e.X, e.Y}, []*ty{x, y})
}
