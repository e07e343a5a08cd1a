package infer

import (
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// call returns the type of a call.
func (c *checker) call(e *syntax.CallExpr) *ty {
	args := make([]*ty, len(e.Args))
	for i, a := range e.Args {
		args[i] = c.expr(a)
	}
	switch {
	case e.Lit != nil:
		return c.apply(e, "the function", c.expr(e.Lit), args, e.Lit.Span())
	case e.Var != nil:
		return c.apply(e, "$"+e.Var.Path, c.expr(e.Var), args, e.Var.Span())
	}
	ref := c.prog.Refs[e.ID()]
	if ref == nil {
		return tyBad
	}
	if ref.Def.Kind == resolve.LibraryDef {
		return c.library(e.ID(), e.Span(), ref.Def.Library, e.Args, args)
	}
	s := c.info.schemes[ref.Def]
	if s == nil {
		return tyBad // it comes out of a cycle
	}
	if c.info.depends[ref.Def] {
		c.group.typed = true
	}
	t := s.t
	if by := c.instantiate(s, e.ID(), e.Span()); by != nil {
		t = t.subst(s, by)
	}
	return c.apply(e, ref.Def.Name, c.via(ref, t), args, ref.Def.Span)
}

// apply returns the type of a call of a function of type t that is defined at def.
func (c *checker) apply(e *syntax.CallExpr, name string, t *ty, args []*ty, def syntax.Span) *ty {
	t = find(t)
	switch {
	case t.kind == types.KindInvalid:
		return tyBad
	case isVar(t):
		want := &ty{kind: types.KindFunc, elem: c.fresh(e.Span())}
		for _, a := range args {
			want.fields = append(want.fields, field{"", a})
		}
		if !c.unify(t, want) {
			c.report("type-mismatch", e.Span(), "%s cannot be called with itself: its type would be endless", name)
			return tyBad
		}
		return want.elem
	case t.kind != types.KindFunc:
		d := c.report("not-a-function", e.Span(), "%s is called, but it is %s and not a function", name, quote(t))
		because{def, "it is defined here"}.attach(d)
		return tyBad
	case len(t.fields) != len(args):
		d := c.report("wrong-arguments", e.Span(), "%s takes %s, and %d %s given", name, plural(len(t.fields), "argument"), len(args), isAre(len(args)))
		because{def, "it is defined here"}.attach(d)
		return t.elem
	}
	for i, a := range args {
		if c.unify(a, t.fields[i].t) {
			continue
		}
		d := c.report("type-mismatch", e.Args[i].Span(), "argument %d of %s is %s, but %s is needed", i+1, name, quote(a), quote(t.fields[i].t))
		because{def, "the function is defined here"}.attach(d)
		c.explain(d, a, t.fields[i].t)
	}
	return t.elem
}

func plural(n int, what string) string {
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

// library returns the type of a call of a library function or operator.
func (c *checker) library(id int32, span syntax.Span, f *funcs.Function, exprs []syntax.Expr, args []*ty) *ty {
	sigs, err := c.signatures(f, exprs)
	if err != nil {
		c.report("wrong-arguments", span, "%s: %v", display(f), err)
		return tyBad
	}
	sigs = withArity(sigs, f.Variadic, len(args))
	if len(sigs) == 0 {
		c.wrongCount(f, span, len(args))
		return c.resultOf(f)
	}
	all := append(args[:len(args):len(args)], nil)
	if len(sigs) == 1 {
		all[len(args)] = c.one(f, sigs[0], span, exprs, args)
	} else {
		all[len(args)] = c.overloaded(f, sigs, span, all)
	}
	if f.Check != nil {
		c.add(&constraint{rule: checked(f), t: all, span: span})
	}
	if f.Typed != nil || f.Impure != nil || f.Source != nil {
		t := &ty{kind: types.KindFunc, elem: all[len(args)]}
		for _, a := range args {
			t.fields = append(t.fields, field{"", a})
		}
		c.info.sigs[id] = t
		c.group.typed = true
	}
	return all[len(args)]
}

// signatures returns the alternatives of a function for a call.
func (c *checker) signatures(f *funcs.Function, exprs []syntax.Expr) ([]*types.Type, error) {
	if f.Infer == nil {
		return f.Sigs, nil
	}
	return f.Infer(funcs.Site{
		Args:  len(exprs),
		Const: func(i int) (types.Value, bool) { return c.fold(exprs[i], 0) },
	})
}

// withArity keeps the signatures that take n arguments. A variadic one is stretched.
func withArity(sigs []*types.Type, variadic bool, n int) []*types.Type {
	if variadic {
		sig := sigs[0]
		fixed := len(sig.Fields) - 1
		if n < fixed {
			return nil
		}
		out := *sig
		out.Fields = append([]types.Field(nil), sig.Fields[:fixed]...)
		for range n - fixed {
			out.Fields = append(out.Fields, sig.Fields[fixed])
		}
		return []*types.Type{&out}
	}
	same := true
	for _, s := range sigs {
		same = same && len(s.Fields) == n
	}
	if same {
		return sigs
	}
	var out []*types.Type
	for _, s := range sigs {
		if len(s.Fields) == n {
			out = append(out, s)
		}
	}
	return out
}

func (c *checker) wrongCount(f *funcs.Function, span syntax.Span, n int) {
	d := c.report("wrong-arguments", span, "%s does not take %s", display(f), plural(n, "argument"))
	for i, s := range f.Sigs {
		if i > 0 {
			d.Hint += ", "
		}
		d.Hint += "`" + s.String() + "`"
	}
	d.Hint = "it is " + d.Hint
}

// one applies the only signature.
func (c *checker) one(f *funcs.Function, sig *types.Type, span syntax.Span, exprs []syntax.Expr, args []*ty) *ty {
	vars := map[int]*ty{}
	fresh := func() *ty { return c.fresh(span) }
	for i, a := range args {
		want := fromType(sig.Fields[i].Type, vars, fresh)
		if c.unify(a, want) {
			continue
		}
		d := c.report("type-mismatch", exprs[i].Span(), "argument %d of %s is %s, but %s is needed", i+1, display(f), quote(a), quote(want))
		if n := sig.Fields[i].Name; n != "" {
			d.Message = fmt.Sprintf("argument %d of %s (%s) is %s, but %s is needed", i+1, display(f), n, quote(a), quote(want))
		}
		c.explain(d, a, want)
	}
	return fromType(sig.Elem, vars, fresh)
}

// A shape is what all signatures of an overloaded function have in common.
type shape struct {
	same   []int // for each argument and the result: the first position of equal type
	result *ty   // of all signatures, or nil
}

func (c *checker) shapeOf(f *funcs.Function, sigs []*types.Type) *shape {
	if s := c.shapes[f]; s != nil && len(s.same) == len(sigs[0].Fields)+1 {
		return s
	}
	part := func(sig *types.Type, i int) *types.Type {
		if i < len(sig.Fields) {
			return sig.Fields[i].Type
		}
		return sig.Elem
	}
	n := len(sigs[0].Fields)
	s := &shape{same: make([]int, n+1)}
	for i := range n + 1 {
		s.same[i] = i
		for j := range i {
			all := true
			for _, sig := range sigs {
				all = all && types.Identical(part(sig, i), part(sig, j))
			}
			if all {
				s.same[i] = j
				break
			}
		}
	}
	same := true
	for _, sig := range sigs[1:] {
		same = same && types.Identical(sig.Elem, sigs[0].Elem)
	}
	if t := sigs[0].Elem; same && t.Kind >= types.KindBool && t.Kind <= types.KindFloat {
		s.result = fromType(t, nil, nil)
	}
	c.shapes[f] = s
	return s
}

// overloaded applies one of several signatures: what they have in common at once, the
// rest when it is known which one it is. all has room for the result at its end.
func (c *checker) overloaded(f *funcs.Function, sigs []*types.Type, span syntax.Span, all []*ty) *ty {
	s := c.shapeOf(f, sigs)
	n := len(all) - 1
	switch {
	case s.result != nil:
		all[n] = s.result
	case s.same[n] < n:
		all[n] = all[s.same[n]]
	default:
		all[n] = c.fresh(span)
	}
	for i, j := range s.same[:n] {
		if j < i {
			c.unify(all[i], all[j])
		}
	}
	k := &constraint{rule: &overload{display(f), sigs}, t: all, span: span}
	if wait := k.rule.try(c, k); len(wait) > 0 {
		c.add(k)
	}
	return all[n]
}

// resultOf returns the result type of a function that could not be applied, as far as it
// is clear.
func (c *checker) resultOf(f *funcs.Function) *ty {
	if len(f.Sigs) == 1 && f.Sigs[0].Elem.Kind >= types.KindBool && f.Sigs[0].Elem.Kind <= types.KindFloat {
		return fromType(f.Sigs[0].Elem, nil, nil)
	}
	return tyBad
}

// maxFold bounds how far constants are followed while types are inferred.
const maxFold = 1000

// fold returns the value of an expression that is known before the program runs: made of
// literals, variables bound to such expressions, operators and pure functions.
func (c *checker) fold(e syntax.Expr, depth int) (types.Value, bool) {
	if depth > maxFold {
		return nil, false
	}
	switch e := e.(type) {
	case *syntax.BoolLit:
		return types.Bool(e.Value), true
	case *syntax.IntLit:
		return types.Int(e.Value), true
	case *syntax.FloatLit:
		return types.Float(e.Value), true
	case *syntax.StringLit:
		switch {
		case e.Parts == nil:
			return types.Str(e.Value), true
		case len(e.Parts) == 1 && e.Parts[0].Var != nil:
			return c.fold(e.Parts[0].Var, depth+1)
		}
	case *syntax.ParenExpr:
		return c.fold(e.X, depth+1)
	case *syntax.VarExpr:
		ref := c.prog.Refs[e.ID()]
		switch {
		case ref == nil || len(ref.Via) > 0:
		case ref.Def.Kind == resolve.ConstDef:
			return ref.Def.Const, ref.Def.Const != nil
		case ref.Def.Kind == resolve.VarDef:
			return c.fold(ref.Def.Bind.Value, depth+1)
		}
	case *syntax.BinaryExpr:
		if e.Op != syntax.OpExcept {
			return c.foldCall(c.lib.Func("", "_"+e.Op.String()), []syntax.Expr{e.X, e.Y}, depth)
		}
	case *syntax.CallExpr:
		if ref := c.prog.Refs[e.ID()]; e.Name.Text != "" && ref != nil && ref.Def.Kind == resolve.LibraryDef {
			return c.foldCall(ref.Def.Library, e.Args, depth)
		}
	}
	return nil, false
}

func (c *checker) foldCall(f *funcs.Function, exprs []syntax.Expr, depth int) (v types.Value, ok bool) {
	if f == nil || f.Pure == nil || f.NoFold {
		return nil, false
	}
	args := make([]types.Value, len(exprs))
	for i, e := range exprs {
		if args[i], ok = c.fold(e, depth+1); !ok {
			return nil, false
		}
	}
	defer func() {
		if recover() != nil { // of a type that will be reported
			v, ok = nil, false
		}
	}()
	v, err := f.Pure(args)
	return v, err == nil
}
