package infer

import (
	"fmt"
	"slices"

	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// call returns the type of a call.
func (c *checker) call(e *syntax.CallExpr) *ty {
	switch {
	case e.Lit != nil:
		return c.apply(e, "the function", c.expr(e.Lit), e.Lit.Span())
	case e.Var != nil:
		return c.apply(e, "`$"+e.Var.Path+"`", c.expr(e.Var), e.Var.Span())
	}
	ref := c.prog.Refs[e.ID()]
	if ref == nil {
		c.exprs(e.Args)
		return tyBad
	}
	if ref.Def.Kind == resolve.LibraryDef {
		return c.library(e, ref.Def.Library, e.Args, c.libraryArgs(e.Args))
	}
	s := c.info.schemes[ref.Def]
	if s == nil { // it comes out of a cycle
		c.exprs(e.Args)
		return tyBad
	}
	sub := c.instantiate(s, c.through(ref), e.ID(), e.Span())
	if c.info.depends[ref.Def] {
		c.group.sigs = append(c.group.sigs, c.info.uses[e.ID()]...)
	}
	c.arguments(e, "`"+ref.Def.Name+"`", s.params, sub, ref.Def.Span)
	return c.subst(s.result, sub)
}

// libraryArgs returns the types of arguments. Function literals are left out: they are
// looked at when the types of their parameters are known.
func (c *checker) libraryArgs(list []syntax.Expr) []*ty {
	out := make([]*ty, len(list))
	for i, e := range list {
		if _, ok := e.(*syntax.FuncLit); !ok {
			out[i] = c.expr(e)
		}
	}
	return out
}

// complete fills in the types of arguments that were left out.
func (c *checker) complete(list []syntax.Expr, args []*ty) {
	for i, e := range list {
		if args[i] == nil {
			args[i] = c.expr(e)
		}
	}
}

func (c *checker) exprs(list []syntax.Expr) []*ty {
	if len(list) == 0 {
		return nil
	}
	out := make([]*ty, len(list))
	for i, e := range list {
		out[i] = c.expr(e)
	}
	return out
}

// apply returns the type of a call of a function value of type t.
func (c *checker) apply(e *syntax.CallExpr, name string, t *ty, def syntax.Span) *ty {
	t = find(t)
	switch {
	case t.kind == types.KindFunc:
		c.arguments(e, name, t.fields, nil, def)
		return t.elem
	case isVar(t):
		params := make([]field, len(e.Args))
		for i, a := range e.Args {
			params[i].t = c.expr(a)
		}
		result := c.fresh(origin{e.Span(), ofCall})
		c.at = e.Span()
		if !c.unify(t, funcOf(params, result)) {
			c.report(codeEndless, e.Span(), "%s cannot be given to itself: its type would have no end", name)
			c.giveUp(t)
			c.giveUp(result)
			return tyBad
		}
		return result
	}
	c.exprs(e.Args)
	if t.kind != types.KindInvalid {
		d := c.report(codeNoFunction, def, "%s is called, but it is %s and no function", name, quote(t))
		if e.Var != nil {
			c.source(d, e.Var, t)
		}
	}
	return tyBad
}

// arguments checks the arguments of a call against the parameters.
func (c *checker) arguments(e *syntax.CallExpr, name string, params []field, sub substitution, def syntax.Span) {
	for i, a := range e.Args {
		if i >= len(params) {
			c.expr(a)
			continue
		}
		why := because{span: def, format: "the parameter `${name}` of this function is {type}", name: params[i].name}
		if params[i].name == "" || e.Name.Text == "" {
			why.format = ""
		}
		c.check(a, c.subst(params[i].t, sub), why)
	}
	if len(params) != len(e.Args) {
		d := c.report(codeArguments, e.Span(), "%s", syntax.Arity(name, len(params), len(e.Args)))
		if def != d.Span {
			d.Relate(def, "the function")
		}
	}
}

// library returns the type of a call of a library function or operator.
func (c *checker) library(e syntax.Expr, f *funcs.Function, exprs []syntax.Expr, args []*ty) *ty {
	if f == nil {
		return tyBad
	}
	sigs, err := c.signatures(f, exprs)
	if err != nil {
		c.complete(exprs, args)
		c.report(codeArguments, e.Span(), "%s: %v", display(f), err)
		return tyBad
	}
	sigs = withArity(sigs, f.Variadic && f.Infer == nil, len(args))
	if len(sigs) != 1 {
		c.complete(exprs, args)
	}
	if len(sigs) == 0 {
		c.wrongCount(f, e.Span(), len(args))
		return c.resultOf(f)
	}
	all := append(args[:len(args):len(args)], nil)
	var ok bool
	if len(sigs) == 1 {
		all[len(args)], ok = c.one(f, sigs[0], e, exprs, all)
	} else {
		all[len(args)], ok = c.overloaded(f, sigs, e.Span(), all)
	}
	if !ok {
		return c.resultOf(f)
	}
	if f.Check != nil {
		c.add(&constraint{rule: &checked{f}, t: all, span: e.Span()})
	}
	if f.Typed != nil || f.Impure != nil || f.Source != nil {
		params := make([]field, len(args))
		for i := range args {
			params[i].t = all[i]
		}
		sig := funcOf(params, all[len(args)])
		c.info.sigs[e.ID()] = sig
		c.group.sigs = append(c.group.sigs, sig)
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
		params := slices.Clone(sig.Fields[:fixed])
		for range n - fixed {
			params = append(params, sig.Fields[fixed])
		}
		return []*types.Type{types.FuncOf(params, sig.Elem)}
	}
	if !slices.ContainsFunc(sigs, func(s *types.Type) bool { return len(s.Fields) != n }) {
		return sigs
	}
	return slices.DeleteFunc(slices.Clone(sigs), func(s *types.Type) bool { return len(s.Fields) != n })
}

func (c *checker) wrongCount(f *funcs.Function, span syntax.Span, n int) {
	d := c.report(codeArguments, span, "%s does not take %s", display(f), syntax.Count(n, "argument"))
	d.Hint = "it is " + sigList(f.Sigs)
	if n == 3 && f.Name == "lookup" {
		d.Hint = "the value for what is missing is given with `<|>`: $container[key] <|> default"
	}
}

func sigList(sigs []*types.Type) string {
	names := make([]string, len(sigs))
	for i, s := range sigs {
		names[i] = s.String()
	}
	return list(names)
}

// one applies the only signature. all has room for the result at its end, and lacks what
// was left out.
func (c *checker) one(f *funcs.Function, sig *types.Type, e syntax.Expr, exprs []syntax.Expr, all []*ty) (result *ty, ok bool) {
	r := typeReader{c: c, origin: origin{e.Span(), ofCall}}
	ok = true
	for i, x := range exprs {
		if got := all[i]; got != nil && !c.argument(f, i, sig.Fields[i].Name, x, got, r.read(sig.Fields[i].Type)) {
			ok = false
		}
	}
	reports := c.reports.Added
	for i, x := range exprs {
		if all[i] == nil {
			all[i] = r.read(sig.Fields[i].Type)
			c.check(x, all[i], because{})
		}
	}
	result = r.read(sig.Elem)
	if ok = ok && c.reports.Added == reports; !ok {
		for _, v := range r.vars {
			if v != nil {
				c.giveUp(v)
			}
		}
	}
	return result, ok
}

// argument checks an argument that has been inferred.
func (c *checker) argument(f *funcs.Function, i int, name string, e syntax.Expr, got, want *ty) bool {
	c.at = e.Span()
	if c.unify(got, want) {
		return true
	}
	what := fmt.Sprintf("argument %d of %s", i+1, display(f))
	if len(name) > 1 {
		what = fmt.Sprintf("the argument %s of %s", name, display(f))
	}
	d := c.report(codeMismatch, e.Span(), "this is %s, but %s is %s", quote(got), what, quote(want))
	c.conflict(d, e, got, want, because{})
	return false
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
	s := &shape{same: make([]int, len(sigs[0].Fields)+1)}
	for i := range s.same {
		s.same[i] = i
		for j := range i {
			if !slices.ContainsFunc(sigs, func(sig *types.Type) bool { return !types.Identical(part(sig, i), part(sig, j)) }) {
				s.same[i] = j
				break
			}
		}
	}
	t := sigs[0].Elem
	if isScalar(t) && !slices.ContainsFunc(sigs, func(sig *types.Type) bool { return !types.Identical(sig.Elem, t) }) {
		s.result = fromType(t)
	}
	c.shapes[f] = s
	return s
}

func isScalar(t *types.Type) bool { return t.Kind >= types.KindBool && t.Kind <= types.KindFloat }

// overloaded applies one of several signatures: what they have in common at once, the
// rest when it is known which one it is. all has room for the result at its end.
func (c *checker) overloaded(f *funcs.Function, sigs []*types.Type, span syntax.Span, all []*ty) (result *ty, ok bool) {
	s := c.shapeOf(f, sigs)
	n := len(all) - 1
	switch {
	case s.result != nil:
		all[n] = s.result
	case s.same[n] < n:
		all[n] = all[s.same[n]]
	default:
		all[n] = c.fresh(origin{span, ofCall})
	}
	c.at = span
	for i, j := range s.same[:n] {
		if j < i {
			c.unify(all[i], all[j])
		}
	}
	reports := c.reports.Added
	c.add(&constraint{rule: &overload{f, sigs}, t: all, span: span})
	return all[n], c.reports.Added == reports
}

// resultOf returns the result type of a function that could not be applied, as far as it
// is clear.
func (c *checker) resultOf(f *funcs.Function) *ty {
	if f == nil {
		return tyBad
	}
	t := f.Sigs[0].Elem
	if isScalar(t) && !slices.ContainsFunc(f.Sigs, func(s *types.Type) bool { return !types.Identical(s.Elem, t) }) {
		return fromType(t)
	}
	return tyBad
}
