package compile

import (
	"fmt"
	"slices"

	"mgmt/lang/flow"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// expr returns the term of an expression in an environment.
func (c *compiler) expr(e *env, x syntax.Expr) *term {
	switch x := x.(type) {
	case *syntax.BoolLit:
		return staticValue(types.Bool(x.Value))
	case *syntax.IntLit:
		return staticValue(types.Int(x.Value))
	case *syntax.FloatLit:
		return staticValue(types.Float(x.Value))
	case *syntax.StringLit:
		return c.stringLit(e, x)
	case *syntax.ListLit:
		return c.marking(c.exprs(e, x.Elems), x.Span(), func(v []types.Value) (types.Value, error) {
			return types.NewList(v...), nil
		}, elementwise)
	case *syntax.MapLit:
		return c.mapLit(e, x)
	case *syntax.StructLit:
		return c.structLit(e, x)
	case *syntax.VarExpr:
		return c.variable(e, c.prog.Refs[x.ID()])
	case *syntax.FuncLit:
		return c.literal(e, x)
	case *syntax.CallExpr:
		return c.call(e, x)
	case *syntax.IfExpr:
		return c.ifExpr(c.expr(e, x.Cond), c.expr(e, x.Then), c.expr(e, x.Else))
	case *syntax.ParenExpr:
		return c.expr(e, x.X)
	case *syntax.IndexExpr:
		return c.marking(c.exprs(e, []syntax.Expr{x.X, x.Index}), x.Span(), c.builtin("_index").Pure, indexed)
	case *syntax.FieldExpr:
		return c.field(e, x)
	case *syntax.UnaryExpr:
		op := "_not"
		if x.Op == syntax.OpNeg {
			op = "_neg"
		}
		return c.strict(c.exprs(e, []syntax.Expr{x.X}), x.Span(), c.builtin(op).Pure)
	case *syntax.BinaryExpr:
		if x.Op == syntax.OpExcept {
			return c.except(c.expr(e, x.X), c.expr(e, x.Y))
		}
		return c.strict(c.exprs(e, []syntax.Expr{x.X, x.Y}), x.Span(), c.builtin("_"+x.Op.String()).Pure)
	}
	panic(fmt.Sprintf("compile: %T is no expression of a checked program", x))
}

func (c *compiler) exprs(e *env, list []syntax.Expr) []*term {
	out := make([]*term, len(list))
	for i, x := range list {
		out[i] = c.expr(e, x)
	}
	return out
}

func (c *compiler) stringLit(e *env, x *syntax.StringLit) *term {
	if x.Parts == nil {
		return staticValue(types.Str(x.Value))
	}
	parts := make([]*term, len(x.Parts))
	for i, p := range x.Parts {
		if p.Var != nil {
			parts[i] = c.expr(e, p.Var)
		} else {
			parts[i] = staticValue(types.Str(p.Text))
		}
	}
	return c.strict(parts, x.Span(), func(v []types.Value) (types.Value, error) {
		n := 0
		for _, s := range v {
			n += len(s.(types.Str))
		}
		b := make([]byte, 0, n)
		for _, s := range v {
			b = append(b, s.(types.Str)...)
		}
		return types.Str(b), nil
	})
}

func (c *compiler) mapLit(e *env, x *syntax.MapLit) *term {
	parts := make([]*term, 0, 2*len(x.Entries))
	for _, m := range x.Entries {
		parts = append(parts, c.expr(e, m.Key), c.expr(e, m.Value))
	}
	return c.marking(parts, x.Span(), func(v []types.Value) (types.Value, error) {
		entries := make([]types.Entry, 0, len(v)/2)
		for kv := range slices.Chunk(v, 2) {
			entries = append(entries, types.Entry{Key: kv[0], Value: kv[1]})
		}
		return types.NewMap(entries), nil
	}, mapped)
}

func (c *compiler) structLit(e *env, x *syntax.StructLit) *term {
	parts := make([]*term, len(x.Fields))
	names := make([]string, len(x.Fields))
	for i, f := range x.Fields {
		parts[i], names[i] = c.expr(e, f.Value), f.Name.Text
	}
	return c.marking(parts, x.Span(), func(v []types.Value) (types.Value, error) {
		return &types.Struct{Names: names, Elems: v}, nil
	}, elementwise)
}

// field is x->name, or x->name <|> default, where the default counts when the type of
// x has no such field.
func (c *compiler) field(e *env, x *syntax.FieldExpr) *term {
	name := x.Field.Text
	list := []syntax.Expr{x.X}
	if x.Default != nil {
		list = append(list, x.Default)
	}
	return c.marking(c.exprs(e, list), x.Span(), func(v []types.Value) (types.Value, error) {
		if f := v[0].(*types.Struct).Field(name); f != nil {
			return f, nil
		}
		return v[1], nil
	}, func(v []types.Value, marks []*types.Mark, _ types.Value) *types.Mark {
		if i := slices.Index(v[0].(*types.Struct).Names, name); i >= 0 {
			return marks[0].Part(i)
		}
		return marks[1] // which of both is a matter of types
	})
}

// ifExpr chooses between two terms. Only the chosen one is evaluated. Where a branch
// reads nodes of its own these are needed only while it is chosen.
func (c *compiler) ifExpr(cond, then, els *term) *term {
	choose := func(r flow.Result) *term {
		if r.Value == types.Bool(true) {
			return then
		}
		return els
	}
	if cond.static {
		if cond.value.Err() != nil {
			return cond
		}
		return choose(cond.value)
	}
	fused := then.covered(cond.inputs) && els.covered(cond.inputs)
	if fused || cond.framed || then.framed || els.framed {
		return c.combine([]*term{cond, then, els}, func(fr *frame) flow.Result {
			r := cond.code(fr)
			if r.Err() != nil {
				return r
			}
			return choose(r).code(fr)
		})
	}
	on := c.nodeOf(cond)
	var now *term
	wire := func() []*flow.Node {
		now = nil
		if r := on.Result(); r.Value != nil {
			now = choose(r)
			return now.inputs
		}
		return nil
	}
	return nodeTerm(c.graph.Dynamic([]*flow.Node{on}, wire, func() flow.Result {
		if now == nil {
			return on.Result()
		}
		return whenReady(now)()
	}))
}

// except is a <|> b: b where a has failed in a way that can be caught. What b reads is
// needed only while a fails.
func (c *compiler) except(a, b *term) *term {
	if a.static {
		if a.value.Err() != nil && types.Catchable(a.value.Err()) {
			return b
		}
		return a
	}
	if b.covered(a.inputs) || a.framed || b.framed {
		return c.combine([]*term{a, b}, func(fr *frame) flow.Result {
			r := a.code(fr)
			if r.Err() != nil && types.Catchable(r.Err()) {
				return b.code(fr)
			}
			return r
		})
	}
	on := c.nodeOf(a)
	failing := func() bool { return on.Result().Err() != nil && types.Catchable(on.Result().Err()) }
	wire := func() []*flow.Node {
		if failing() {
			return b.inputs
		}
		return nil
	}
	return nodeTerm(c.graph.Dynamic([]*flow.Node{on}, wire, func() flow.Result {
		if failing() {
			return whenReady(b)()
		}
		return on.Result()
	}))
}
