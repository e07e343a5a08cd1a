package infer

import (
	"mgmt/lang/types"
)

// unify makes two types equal by binding variables. It reports whether that is possible;
// if not, some variables may have been bound.
func (c *checker) unify(a, b *ty) bool {
	a, b = find(a), find(b)
	if a == b || a.kind == types.KindInvalid || b.kind == types.KindInvalid {
		return true
	}
	switch {
	case isVar(a) && a.v.scheme == nil:
		return c.bind(a, b)
	case isVar(b) && b.v.scheme == nil:
		return c.bind(b, a)
	case c.warn && (isVar(a) || isVar(b)):
		return true // what nothing uses says nothing about the definitions around it
	case a.kind != b.kind || isVar(a) || len(a.fields) != len(b.fields):
		return false
	}
	if a.elem != nil && !c.unify(a.elem, b.elem) {
		return false
	}
	if a.key != nil && !c.unify(a.key, b.key) {
		return false
	}
	for i := range a.fields {
		if a.kind == types.KindStruct && a.fields[i].name != b.fields[i].name {
			return false
		}
		if !c.unify(a.fields[i].t, b.fields[i].t) {
			return false
		}
	}
	return true
}

// bind makes a variable stand for t, unless it occurs in t. The constraints that wait for
// it are to be tried again.
func (c *checker) bind(v, t *ty) bool {
	if !adjust(v.v, t) {
		return false
	}
	v.v.bound = t
	if wait := v.v.wait; len(wait) > 0 {
		v.v.wait = nil
		c.work = append(c.work, wait...)
	}
	return true
}

// adjust lowers the levels in t to that of v, and reports whether v does not occur in t.
func adjust(v *variable, t *ty) bool {
	t = find(t)
	switch t.kind {
	case types.KindBool, types.KindStr, types.KindInt, types.KindFloat:
		return true
	case types.KindVar:
		if t.v == v {
			return false
		}
		if t.v.scheme == nil {
			t.v.level = min(t.v.level, v.level)
		}
		return true
	}
	if t.elem != nil && !adjust(v, t.elem) || t.key != nil && !adjust(v, t.key) {
		return false
	}
	for _, f := range t.fields {
		if !adjust(v, f.t) {
			return false
		}
	}
	return true
}

// mayBe reports whether unify could succeed, without binding anything. Type variables of
// a signature fit everything.
func mayBe(t *ty, sig *types.Type) bool {
	t = find(t)
	if isVar(t) || t.kind == types.KindInvalid || sig.Kind == types.KindVar {
		return true
	}
	if t.kind != sig.Kind || len(t.fields) != len(sig.Fields) {
		return false
	}
	if t.elem != nil && !mayBe(t.elem, sig.Elem) || t.key != nil && !mayBe(t.key, sig.Key) {
		return false
	}
	for i, f := range t.fields {
		if t.kind == types.KindStruct && f.name != sig.Fields[i].Name || !mayBe(f.t, sig.Fields[i].Type) {
			return false
		}
	}
	return true
}
