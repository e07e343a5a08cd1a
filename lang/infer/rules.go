package infer

import (
	"slices"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// overload is a call whose function has several signatures. t are the arguments and the
// result.
type overload struct {
	f    *funcs.Function
	sigs []*types.Type
}

func (o *overload) missing() string {
	return "nothing tells which types " + display(o.f) + " is used with here"
}

func (o *overload) try(c *checker, k *constraint) []*ty {
	n := len(k.t) - 1
	var fit *types.Type
	for _, sig := range o.sigs {
		ok := mayBe(k.t[n], sig.Elem)
		for i := 0; ok && i < n; i++ {
			ok = mayBe(k.t[i], sig.Fields[i].Type)
		}
		if !ok {
			continue
		}
		if fit != nil {
			if open := openVars(k.t); len(open) > 0 {
				return open
			}
			return nil // all are bad
		}
		fit = sig
	}
	if fit == nil {
		o.mismatch(c, k)
		return nil
	}
	r := typeReader{c: c, origin: origin{k.span, ofCall}}
	ok := c.unify(k.t[n], r.read(fit.Elem))
	for i := range n {
		ok = c.unify(k.t[i], r.read(fit.Fields[i].Type)) && ok
	}
	if !ok {
		o.mismatch(c, k)
	}
	return nil
}

func (o *overload) mismatch(c *checker, k *constraint) {
	n := len(k.t) - 1
	var got []string
	for _, t := range k.t[:n] {
		got = append(got, quote(t))
	}
	takes := func(sig *types.Type) bool {
		for i := range n {
			if !mayBe(k.t[i], sig.Fields[i].Type) {
				return false
			}
		}
		return true
	}
	operands := strings.Join(slices.Compact(got), " and ")
	if slices.ContainsFunc(o.sigs, takes) {
		c.fail(k, codeOverload, "%s of %s does not give %s, which is needed here", display(o.f), operands, quote(k.t[n]))
		c.giveUp(k.t[n])
		return
	}
	d := c.fail(k, codeOverload, "%s does not take %s", display(o.f), operands)
	c.giveUp(k.t[n])
	if !isOperator(o.f) {
		d.Hint = "it is " + sigList(o.sigs)
		return
	}
	var kinds []string
	for _, sig := range o.sigs {
		kinds = append(kinds, "`"+sig.Fields[0].Type.String()+"`")
	}
	d.Hint = "it takes " + orList(kinds)
	if find(k.t[0]).kind == types.KindList && o.f.Name == "_+" {
		d.Hint = "list.concat joins lists"
	}
}

func orList(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

func isOperator(f *funcs.Function) bool { return strings.HasPrefix(f.Name, "_") }

// display is what a function is called in messages: an operator without its mark.
func display(f *funcs.Function) string {
	name := strings.TrimPrefix(f.Name, "_")
	if name == "neg" {
		name = "-"
	}
	return "`" + name + "`"
}

// index is t[0][t[1]] of type t[2], in a list or a map.
type index struct{ e *syntax.IndexExpr }

func (*index) missing() string {
	return "nothing tells whether this is looked up in a list or in a map"
}

func (x *index) try(c *checker, k *constraint) []*ty {
	base, key, result := find(k.t[0]), find(k.t[1]), k.t[2]
	switch base.kind {
	case types.KindInvalid:
	case types.KindVar:
		if isVar(key) || key.kind == types.KindInt || key.kind == types.KindInvalid {
			return openVars(k.t[:2])
		}
		c.needsHashable(key, x.e.Index.Span())
		c.unify(base, mapOf(key, result))
		return nil
	case types.KindList:
		if !c.unify(key, tyInt) {
			d := c.fail(k, codeMismatch, "a list is looked up by an `int`, and this is %s", quote(key))
			d.Span = x.e.Index.Span()
			d.Relate(x.e.X.Span(), "this is %s", quote(base))
		}
		return x.result(c, k, base.elem)
	case types.KindMap:
		if !c.unify(key, base.key) {
			d := c.fail(k, codeMismatch, "this map is looked up by %s, and this is %s", quote(base.key), quote(key))
			d.Span = x.e.Index.Span()
			d.Relate(x.e.X.Span(), "this is %s", quote(base))
		}
		return x.result(c, k, base.elem)
	default:
		d := c.fail(k, codeMismatch, "only a list or a map can be looked up in, and this is %s", quote(base))
		d.Span = x.e.X.Span()
		c.source(d, x.e.X, k.t[0])
		if base.kind == types.KindStruct {
			d.Hint = "a field of a struct is reached with `->`"
		}
	}
	c.giveUp(result)
	return nil
}

func (x *index) result(c *checker, k *constraint, elem *ty) []*ty {
	if !c.unify(elem, k.t[2]) {
		d := c.fail(k, codeMismatch, "this is %s, but %s is needed here", quote(elem), quote(k.t[2]))
		explain(d, find(elem), find(k.t[2]))
	}
	return nil
}

// member is t[0]->name of type t[1]. With a default, t[1] is the type of that.
type member struct{ e *syntax.FieldExpr }

func (m *member) missing() string {
	return "nothing tells which struct the field `" + m.e.Field.Text + "` is looked up in"
}

func (m *member) try(c *checker, k *constraint) []*ty {
	base, result := find(k.t[0]), k.t[1]
	switch base.kind {
	case types.KindVar:
		return []*ty{base}
	case types.KindInvalid:
	case types.KindStruct:
		m.inStruct(c, k, base, result)
		return nil
	default:
		d := c.fail(k, codeMismatch, "only a struct has fields, and this is %s", quote(base))
		d.Span = m.e.X.Span()
		c.source(d, m.e.X, k.t[0])
		if base.kind == types.KindMap {
			d.Hint = "the value at a key of a map is reached with `[\"" + m.e.Field.Text + "\"]`"
		}
	}
	if m.e.Default == nil {
		c.giveUp(result)
	}
	return nil
}

func (m *member) inStruct(c *checker, k *constraint, base, result *ty) {
	name := m.e.Field.Text
	var names []string
	for _, f := range base.fields {
		if f.name != name {
			names = append(names, f.name)
			continue
		}
		if c.unify(f.t, result) {
			return
		}
		if m.e.Default != nil {
			d := c.fail(k, codeMismatch, "this is %s, but the field `%s` is %s", quote(result), name, quote(f.t))
			d.Span = m.e.Default.Span()
			d.Relate(m.e.X.Span(), "the struct has the field `%s`", name)
			return
		}
		d := c.fail(k, codeMismatch, "the field `%s` is %s, but %s is needed here", name, quote(f.t), quote(result))
		explain(d, find(f.t), find(result))
		return
	}
	if m.e.Default != nil {
		return
	}
	d := c.fail(k, codeField, "%s has no field `%s`", quote(base), name)
	didYouMean(d, m.e.Field, names)
	if k.use.IsValid() { // what is wrong may as well be the use
		d.Fix = nil
	}
	c.source(d, m.e.X, k.t[0])
	c.giveUp(result)
}

// oneOf is the type of names: t[0] is one of a few types, and the last of them when
// nothing else is known.
type oneOf struct {
	what  string
	types []*types.Type
}

func (o *oneOf) try(c *checker, k *constraint) []*ty {
	t := find(k.t[0])
	var fit *types.Type
	for _, x := range o.types {
		if !mayBe(t, x) {
			continue
		}
		if fit != nil {
			return openVars(k.t)
		}
		fit = x
	}
	if fit != nil {
		c.unify(t, fromType(fit))
		return nil
	}
	var names []string
	for _, x := range o.types {
		names = append(names, "`"+x.String()+"`")
	}
	c.fail(k, codeMismatch, "%s is %s, and this is %s", o.what, orList(names), quote(t))
	return nil
}

func (o *oneOf) fallback(c *checker, k *constraint) bool {
	k.solved = true
	c.unify(k.t[0], fromType(o.types[len(o.types)-1]))
	return true
}

// known is tried when all types are known, and then checks a property of them.
type known struct {
	check func(c *checker, k *constraint)
}

func (n *known) try(c *checker, k *constraint) []*ty {
	if open := openVars(k.t); len(open) > 0 {
		return open
	}
	if !c.anyBad(k.t) {
		n.check(c, k)
	}
	return nil
}

// anyBad reports whether something in the types has been reported, or is too large to be
// looked at.
func (c *checker) anyBad(list []*ty) bool {
	return slices.ContainsFunc(list, func(t *ty) bool {
		return find(t).size >= maxSize || c.has(t, types.KindInvalid)
	})
}

// needsHashable asks that a type can be the key of a map.
func (c *checker) needsHashable(key *ty, span syntax.Span) {
	if k := find(key).kind; k >= types.KindBool && k <= types.KindFloat {
		return
	}
	c.add(&constraint{rule: hashable, t: []*ty{key}, span: span})
}

var hashable = &known{func(c *checker, k *constraint) {
	if !k.t[0].hashable() {
		c.fail(k, codeKey, "%s cannot be the key of a map", quote(k.t[0])).Hint = "keys are `bool`, `str`, `int`, `float`, or structs of these"
	}
}}

func (t *ty) hashable() bool {
	t = find(t)
	switch t.kind {
	case types.KindBool, types.KindStr, types.KindInt, types.KindFloat:
		return true
	case types.KindStruct:
		return t.parts((*ty).hashable)
	}
	return false
}

// storable checks what is given to a field that takes anything.
var storable = &known{func(c *checker, k *constraint) {
	if c.has(k.t[0], types.KindFunc) {
		c.fail(k, codeMismatch, "a function cannot be stored in a resource")
	}
}}

// comparable checks what is looked for in a list.
var comparable = &known{func(c *checker, k *constraint) {
	if c.has(k.t[0], types.KindFunc) {
		c.fail(k, codeOverload, "functions cannot be compared")
	}
}}

// checked lets a library function reject its solved signature. t are the arguments and
// the result.
type checked struct{ f *funcs.Function }

func (x *checked) try(c *checker, k *constraint) []*ty {
	if open := openVars(k.t); len(open) > 0 {
		return open
	}
	if c.anyBad(k.t) {
		return nil
	}
	if err := x.f.Check(signature(k.t)); err != nil {
		c.fail(k, codeOverload, "%s: %v", display(x.f), err)
	}
	return nil
}

// signature makes a function type of arguments and result.
func signature(list []*ty) *types.Type {
	var c concreter
	n := len(list) - 1
	params := make([]types.Field, n)
	for i, t := range list[:n] {
		params[i].Type = c.concrete(t)
	}
	return types.FuncOf(params, c.concrete(list[n]))
}
