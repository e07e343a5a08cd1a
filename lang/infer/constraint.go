package infer

import (
	"fmt"
	"slices"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A constraint is something that has to hold of types and can be decided only when more
// of them is known.
type constraint struct {
	rule   rule
	t      []*ty // what it is about
	span   syntax.Span
	use    syntax.Span // where it comes back in an instance; invalid in the original
	solved bool
}

// A rule is the kind of a constraint.
type rule interface {
	// try decides the constraint if enough is known. It returns the variables to wait for
	// otherwise, and none when it is done, well or badly.
	try(c *checker, k *constraint) []*ty
	// missing says what has to be known.
	missing(k *constraint) string
}

// add takes on a constraint.
func (c *checker) add(k *constraint) {
	c.group.open = append(c.group.open, k)
	c.work = append(c.work, k)
}

// solve tries all constraints for which something has changed.
func (c *checker) solve() {
	for len(c.work) > 0 {
		k := c.work[len(c.work)-1]
		c.work = c.work[:len(c.work)-1]
		if k.solved {
			continue
		}
		wait := k.rule.try(c, k)
		k.solved = len(wait) == 0
		for _, t := range wait {
			if t = find(t); isVar(t) && !slices.Contains(t.v.wait, k) {
				t.v.wait = append(t.v.wait, k)
			}
		}
	}
}

// mentions reports whether the constraint is about a variable of the scheme.
func (k *constraint) mentions(s *scheme) bool {
	for _, t := range k.t {
		if t.within(s) {
			return true
		}
	}
	return false
}

func (t *ty) within(s *scheme) bool {
	t = find(t)
	if isVar(t) {
		return t.v.scheme == s
	}
	if t.elem != nil && t.elem.within(s) || t.key != nil && t.key.within(s) {
		return true
	}
	for _, f := range t.fields {
		if f.t.within(s) {
			return true
		}
	}
	return false
}

// subst returns the constraint for an instance.
func (k *constraint) subst(s *scheme, by []*ty, use syntax.Span) *constraint {
	out := &constraint{rule: k.rule, t: make([]*ty, len(k.t)), span: k.span, use: use}
	for i, t := range k.t {
		out.t[i] = t.subst(s, by)
	}
	return out
}

func (k *constraint) missing() string { return k.rule.missing(k) }

// fallback makes a choice for a constraint that is still open at the end.
func (k *constraint) fallback(c *checker) bool {
	d, ok := k.rule.(interface {
		fallback(c *checker, k *constraint) bool
	})
	return ok && d.fallback(c, k)
}

// fail reports that the constraint cannot hold.
func (c *checker) fail(k *constraint, code syntax.Code, format string, args ...any) *syntax.Diagnostic {
	d := c.report(code, k.span, format, args...)
	if k.use.IsValid() {
		d.Related = append(d.Related, syntax.Related{Span: k.use, Message: "with the types of this use"})
	}
	return d
}

// overload is a call whose function has several signatures, or one that may still reject.
// t are the arguments and the result.
type overload struct {
	name string
	sigs []*types.Type
}

func (o *overload) missing(k *constraint) string {
	return fmt.Sprintf("nothing tells which types %s is used with here", o.name)
}

func (o *overload) try(c *checker, k *constraint) []*ty {
	n := len(k.t) - 1
	var fit []*types.Type
	for _, sig := range o.sigs {
		ok := mayBe(k.t[n], sig.Elem)
		for i := 0; ok && i < n; i++ {
			ok = mayBe(k.t[i], sig.Fields[i].Type)
		}
		if ok {
			fit = append(fit, sig)
		}
	}
	if len(fit) > 1 {
		return openVars(k.t)
	}
	if len(fit) == 1 {
		vars := map[int]*ty{}
		fresh := func() *ty { return c.fresh(k.span) }
		ok := c.unify(k.t[n], fromType(fit[0].Elem, vars, fresh))
		for i := range n {
			ok = c.unify(k.t[i], fromType(fit[0].Fields[i].Type, vars, fresh)) && ok
		}
		if ok {
			return nil
		}
	}
	o.mismatch(c, k)
	return nil
}

func (o *overload) mismatch(c *checker, k *constraint) {
	n := len(k.t) - 1
	var got []string
	for _, t := range k.t[:n] {
		got = append(got, quote(t))
	}
	d := c.fail(k, "no-overload", "%s does not take %s", o.name, strings.Join(got, " and "))
	var have []string
	fits := false
	for _, sig := range o.sigs {
		have = append(have, "`"+sig.String()+"`")
		ok := true
		for i := range n {
			ok = ok && mayBe(k.t[i], sig.Fields[i].Type)
		}
		fits = fits || ok
	}
	if fits {
		d.Message = fmt.Sprintf("%s of %s does not give %s, which is needed here", o.name, strings.Join(got, " and "), quote(k.t[n]))
	}
	d.Hint = "it has " + strings.Join(have, ", ")
}

func openVars(list []*ty) []*ty {
	var out []*ty
	for _, t := range list {
		if v := openTerm(t); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// openTerm returns the term of a variable in t that is not bound.
func openTerm(t *ty) *ty {
	t = find(t)
	if isVar(t) {
		return t
	}
	if t.elem != nil {
		if v := openTerm(t.elem); v != nil {
			return v
		}
	}
	if t.key != nil {
		if v := openTerm(t.key); v != nil {
			return v
		}
	}
	for _, f := range t.fields {
		if v := openTerm(f.t); v != nil {
			return v
		}
	}
	return nil
}

// index is t[0][t[1]] of type t[2], of a list or a map.
type index struct{}

func (index) missing(*constraint) string {
	return "nothing tells whether this is looked up in a list or in a map"
}

func (index) try(c *checker, k *constraint) []*ty {
	base, key, result := find(k.t[0]), find(k.t[1]), k.t[2]
	switch base.kind {
	case types.KindInvalid:
		c.unify(result, tyBad)
		return nil
	case types.KindVar:
		if isVar(key) || key.kind == types.KindInt {
			return []*ty{base, key}
		}
		base = mapOf(key, result)
		c.unify(k.t[0], base)
		return nil
	case types.KindList:
		if !c.unify(key, tyInt) {
			c.fail(k, "type-mismatch", "a list is looked up by an `int`, and this is %s", quote(key))
			return nil
		}
	case types.KindMap:
		if !c.unify(key, base.key) {
			c.fail(k, "type-mismatch", "this map is looked up by %s, and this is %s", quote(base.key), quote(key))
			return nil
		}
	default:
		c.fail(k, "type-mismatch", "only a list or a map can be looked up in, and this is %s", quote(base))
		c.unify(result, tyBad)
		return nil
	}
	if !c.unify(base.elem, result) {
		c.fail(k, "type-mismatch", "this is %s, but %s is needed here", quote(base.elem), quote(result))
	}
	return nil
}

// member is t[0]->name of type t[1], and with a default t[2] = t[1].
type member struct {
	name   string
	orElse bool
}

func (m *member) missing(*constraint) string {
	return fmt.Sprintf("nothing tells which struct the field %q is looked up in", m.name)
}

func (m *member) try(c *checker, k *constraint) []*ty {
	base, result := find(k.t[0]), k.t[1]
	switch base.kind {
	case types.KindVar:
		return []*ty{base}
	case types.KindInvalid:
		c.unify(result, tyBad)
		return nil
	case types.KindStruct:
	default:
		c.fail(k, "type-mismatch", "only a struct has fields, and this is %s", quote(base))
		c.unify(result, tyBad)
		return nil
	}
	var names []string
	for _, f := range base.fields {
		if f.name == m.name {
			if !c.unify(f.t, result) {
				c.fail(k, "type-mismatch", "the field %q is %s, but %s is needed here", m.name, quote(f.t), quote(result))
			}
			return nil
		}
		names = append(names, f.name)
	}
	if m.orElse {
		return nil
	}
	d := c.fail(k, "unknown-field", "%s has no field %q", quote(base), m.name)
	if near := syntax.Suggest(m.name, names); near != "" {
		d.Hint = "did you mean " + near + "?"
	}
	c.unify(result, tyBad)
	return nil
}

// oneOf is the type of names: t[0] is one of a few types, and the last of them when
// nothing else is known.
type oneOf struct {
	what  string
	types []*types.Type
}

func (o *oneOf) missing(*constraint) string { return "nothing tells what type this has" }

func (o *oneOf) try(c *checker, k *constraint) []*ty {
	t := find(k.t[0])
	var fit []*types.Type
	for _, x := range o.types {
		if mayBe(t, x) {
			fit = append(fit, x)
		}
	}
	switch len(fit) {
	case 0:
		var names []string
		for _, x := range o.types {
			names = append(names, "`"+x.String()+"`")
		}
		c.fail(k, "type-mismatch", "%s is %s, and this is %s", o.what, strings.Join(names, " or "), quote(t))
	case 1:
		c.unify(t, fromType(fit[0], nil, nil))
	default:
		return openVars(k.t)
	}
	return nil
}

func (o *oneOf) fallback(c *checker, k *constraint) bool {
	k.solved = true
	c.unify(k.t[0], fromType(o.types[len(o.types)-1], nil, nil))
	return true
}

// known is tried when all types are known, and then checks a property of them.
type known struct {
	check func(c *checker, k *constraint)
}

func (*known) missing(*constraint) string { return "nothing tells what type this has" }

func (n *known) try(c *checker, k *constraint) []*ty {
	if open := openVars(k.t); len(open) > 0 {
		return open
	}
	for _, t := range k.t {
		if find(t).kind == types.KindInvalid {
			return nil
		}
	}
	n.check(c, k)
	return nil
}

// hashable checks the key type of a map.
var hashable = &known{func(c *checker, k *constraint) {
	if t := k.t[0].concrete(nil, map[*variable]int{}); !t.Hashable() {
		c.fail(k, "bad-map-key", "%s cannot be the key of a map", quote(k.t[0])).Hint = "keys are bool, str, int, float, or structs of these"
	}
}}

// storable checks what is given to a field that takes anything.
var storable = &known{func(c *checker, k *constraint) {
	if k.t[0].hasFunc() {
		c.fail(k, "type-mismatch", "a function cannot be stored in a resource")
	}
}}

// checked lets a library function reject its solved signature. t are the arguments and
// the result.
func checked(f *funcs.Function) *known {
	return &known{func(c *checker, k *constraint) {
		if err := f.Check(signature(k.t)); err != nil {
			c.fail(k, "no-overload", "%s: %v", display(f), err)
		}
	}}
}

// signature makes a function type of arguments and result.
func signature(list []*ty) *types.Type {
	names := map[*variable]int{}
	sig := &types.Type{Kind: types.KindFunc}
	for _, t := range list[:len(list)-1] {
		sig.Fields = append(sig.Fields, types.Field{Type: t.concrete(nil, names)})
	}
	sig.Elem = list[len(list)-1].concrete(nil, names)
	return sig
}

// display is what a function is called in messages: an operator without its mark.
func display(f *funcs.Function) string {
	switch name := strings.TrimPrefix(f.Name, "_"); name {
	case f.Name:
		return name
	case "neg":
		return "`-`"
	default:
		return "`" + name + "`"
	}
}
