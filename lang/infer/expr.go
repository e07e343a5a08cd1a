package infer

import (
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// expr returns the type of an expression and notes it.
func (c *checker) expr(e syntax.Expr) *ty {
	t := c.typeOf(e)
	if t.size >= maxSize {
		c.report(codeTooLarge, e.Span(), "the type of this has too many parts")
		t = tyBad
	}
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
		c.interpolated(e)
		return tyStr
	case *syntax.ListLit:
		return c.list(e)
	case *syntax.MapLit:
		return c.mapLit(e)
	case *syntax.StructLit:
		return c.structLit(e)
	case *syntax.VarExpr:
		return c.ref(e.ID())
	case *syntax.FuncLit:
		return c.lambda(e)
	case *syntax.CallExpr:
		return c.call(e)
	case *syntax.IfExpr:
		c.condition(e.Cond)
		then := c.expr(e.Then)
		c.check(e.Else, then, because{span: e.Then.Span(), format: "both branches have one type, and this one is {type}"})
		return then
	case *syntax.ParenExpr:
		return c.expr(e.X)
	case *syntax.IndexExpr:
		return c.index(e)
	case *syntax.FieldExpr:
		return c.field(e)
	case *syntax.UnaryExpr:
		return c.unary(e)
	case *syntax.BinaryExpr:
		return c.binary(e)
	}
	return tyBad
}

func (c *checker) interpolated(e *syntax.StringLit) {
	for _, p := range e.Parts {
		if p.Var == nil {
			continue
		}
		got := c.expr(p.Var)
		c.at = p.Var.Span()
		if !c.unify(got, tyStr) {
			d := c.report(codeMismatch, p.Var.Span(), "only a `str` can stand in a string, and `$%s` is %s", p.Var.Path, quote(got))
			c.conflict(d, p.Var, got, tyStr, because{})
		}
	}
}

func (c *checker) condition(e syntax.Expr) {
	c.at = e.Span()
	got := c.expr(e)
	if !c.unify(got, tyBool) {
		d := c.report(codeMismatch, e.Span(), "a condition is a `bool`, and this is %s", quote(got))
		c.conflict(d, e, got, tyBool, because{})
	}
}

func (c *checker) list(e *syntax.ListLit) *ty {
	if len(e.Elems) == 0 {
		return listOf(c.fresh(origin{e.Span(), ofEmptyList}))
	}
	first, reports := e.Elems[0], c.reports.Added
	elem := c.expr(first)
	for _, x := range e.Elems[1:] {
		c.check(x, elem, because{span: first.Span(), format: "the elements of a list have one type, and the first is {type}"})
	}
	if c.reports.Added > reports { // it is not clear what it should be a list of
		elem = tyBad
	}
	return listOf(elem)
}

func (c *checker) mapLit(e *syntax.MapLit) *ty {
	if len(e.Entries) == 0 {
		from := origin{e.Span(), ofEmptyMap}
		key := c.fresh(from)
		c.needsHashable(key, e.Span())
		return mapOf(key, c.fresh(from))
	}
	first := e.Entries[0]
	key, value := c.expr(first.Key), c.expr(first.Value)
	for i := range e.Entries[1:] {
		m := &e.Entries[i+1]
		c.check(m.Key, key, because{span: first.Key.Span(), format: "the keys of a map have one type, and the first is {type}"})
		c.check(m.Value, value, because{span: first.Value.Span(), format: "the values of a map have one type, and the first is {type}"})
	}
	c.needsHashable(key, first.Key.Span())
	return mapOf(key, value)
}

func (c *checker) structLit(e *syntax.StructLit) *ty {
	fields := make([]field, len(e.Fields))
	for i := range e.Fields {
		fields[i] = field{e.Fields[i].Name.Text, c.expr(e.Fields[i].Value)}
	}
	return structOf(fields)
}

// ref returns the type of what a variable is bound to. Through includes, the variables of
// the classes are those of the instances.
func (c *checker) ref(id int32) *ty {
	ref := c.prog.Refs[id]
	switch {
	case ref == nil:
		return tyBad
	case ref.Def.Kind == resolve.ConstDef:
		return constType(ref.Def)
	}
	t := c.defType(ref.Def)
	if len(ref.Via) == 0 && !c.reports.Warning {
		return t
	}
	return c.subst(t, c.through(ref))
}

// constType returns the type of a constant of the library.
func constType(def *resolve.Def) *ty {
	if def.Const == nil { // $hostname, which only the agent knows
		return tyStr
	}
	return valueType(def.Const)
}

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
	defs := c.prog.ScopeOf(e).Defs
	params := make([]field, len(defs))
	for i, p := range defs {
		params[i] = field{p.Name, c.defType(p)}
	}
	if e.Result == nil {
		return funcOf(params, c.expr(e.Body))
	}
	want := c.written(e.Result)
	c.check(e.Body, want, because{span: e.Result.Span(), format: "the function is declared to return {type}"})
	return funcOf(params, want)
}

func (c *checker) index(e *syntax.IndexExpr) *ty {
	x, i := c.expr(e.X), c.expr(e.Index)
	switch base := find(x); base.kind {
	case types.KindList: // what is known already costs no constraint
		c.expect(e.Index, i, tyInt, because{span: e.X.Span(), format: "this is a list, which is looked up by {type}"})
		return base.elem
	case types.KindMap:
		c.expect(e.Index, i, base.key, because{span: e.X.Span(), format: "this is a map whose keys are {type}"})
		return base.elem
	}
	result := c.fresh(origin{e.Span(), ofExpr})
	c.add(&constraint{rule: &index{e}, t: []*ty{x, i, result}, span: e.Span()})
	return result
}

func (c *checker) field(e *syntax.FieldExpr) *ty {
	base := c.expr(e.X)
	if s := find(base); s.kind == types.KindStruct && e.Default == nil {
		for _, f := range s.fields {
			if f.name == e.Field.Text {
				return f.t
			}
		}
	}
	// Whether the struct has the field or not, the result has the type of the default.
	var result *ty
	if e.Default != nil {
		result = c.expr(e.Default)
	} else {
		result = c.fresh(origin{e.Span(), ofExpr})
	}
	c.add(&constraint{rule: &member{e}, t: []*ty{base, result}, span: e.Field.Span})
	return result
}

func (c *checker) unary(e *syntax.UnaryExpr) *ty {
	if e.Op == syntax.OpNot {
		c.check(e.X, tyBool, because{span: e.Span(), format: "`not` takes a {type}"})
		return tyBool
	}
	return c.library(e, c.operator(e.Op), []syntax.Expr{e.X}, []*ty{c.expr(e.X)})
}

func (c *checker) binary(e *syntax.BinaryExpr) *ty {
	switch e.Op {
	case syntax.OpAnd, syntax.OpOr:
		why := because{span: e.OpSpan, format: "`{name}` takes two of {type}", name: e.Op.String()}
		c.check(e.X, tyBool, why)
		c.check(e.Y, tyBool, why)
		return tyBool
	case syntax.OpExcept:
		x := c.expr(e.X)
		c.check(e.Y, x, because{span: e.X.Span(), format: "both sides of `<|>` have one type, and this one is {type}"})
		return x
	case syntax.OpIn:
		return c.in(e)
	}
	x, y := c.expr(e.X), c.expr(e.Y)
	f := c.operator(e.Op)
	c.at = e.Span()
	if !c.unify(y, x) {
		d := c.report(codeMismatch, e.Y.Span(), "this is %s, but the other side of `%s` is %s", quote(y), e.Op, quote(x))
		c.conflict(d, e.Y, y, x, because{span: e.X.Span(), format: "this is {type}"})
		c.source(d, e.X, x)
		return c.resultOf(f)
	}
	return c.library(e, f, []syntax.Expr{e.X, e.Y}, []*ty{x, y})
}

func (c *checker) in(e *syntax.BinaryExpr) *ty {
	x, y := c.expr(e.X), c.expr(e.Y)
	switch list := find(y); list.kind {
	case types.KindMap:
		d := c.report(codeMismatch, e.Y.Span(), "`in` looks in a list, and this is %s", quote(y))
		d.Hint = "map.keys($map) lists the keys of a map"
	case types.KindList:
		c.expect(e.X, x, list.elem, because{span: e.Y.Span(), format: "`in` looks for one of {type} in this list"})
	default:
		c.expect(e.Y, y, listOf(x), because{span: e.X.Span(), format: "`in` looks for this in a list of its type"})
	}
	c.add(&constraint{rule: comparable, t: []*ty{x}, span: e.X.Span()})
	return tyBool
}
