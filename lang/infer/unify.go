package infer

import (
	"mgmt/lang/types"
)

// unify makes two types equal by binding variables. It reports whether that is possible;
// if not, some variables may have been bound.
func (c *checker) unify(a, b *ty) bool {
	a, b = find(a), find(b)
	switch {
	case a == b:
		return true
	case a.kind == types.KindInvalid: // what it is compared with may never be known
		c.giveUp(b)
		return true
	case b.kind == types.KindInvalid:
		c.giveUp(a)
		return true
	case isVar(a) && a.v.scheme == nil && !(isVar(b) && b.v.scheme == nil && b.v.origin.kind < a.v.origin.kind):
		return c.bind(a, b)
	case isVar(b) && b.v.scheme == nil:
		return c.bind(b, a)
	case a.kind != b.kind || isVar(a) || len(a.fields) != len(b.fields):
		return false
	case a.closed && b.closed && a.size < maxSmall && b.size < maxSmall:
		return equal(a, b)
	}
	if !c.unifyParts(a, b) {
		return false
	}
	// From here on one stands for both, so that types with common parts are compared once
	// for each part and not once for each way to it.
	if a.closed {
		a, b = b, a
	}
	a.same = b
	return true
}

// maxSmall is the size up to which closed types are compared as they are.
const maxSmall = 16

func equal(a, b *ty) bool {
	a, b = find(a), find(b)
	if a == b || a.kind == types.KindInvalid || b.kind == types.KindInvalid {
		return true
	}
	if a.kind != b.kind || len(a.fields) != len(b.fields) {
		return false
	}
	if a.elem != nil && !equal(a.elem, b.elem) || a.key != nil && !equal(a.key, b.key) {
		return false
	}
	for i := range a.fields {
		if a.kind == types.KindStruct && a.fields[i].name != b.fields[i].name || !equal(a.fields[i].t, b.fields[i].t) {
			return false
		}
	}
	return true
}

func (c *checker) unifyParts(a, b *ty) bool {
	for i := range a.fields {
		if a.kind == types.KindStruct && a.fields[i].name != b.fields[i].name {
			return false
		}
	}
	if a.elem != nil && !c.unify(a.elem, b.elem) || a.key != nil && !c.unify(a.key, b.key) {
		return false
	}
	for i := range a.fields {
		if !c.unify(a.fields[i].t, b.fields[i].t) {
			return false
		}
	}
	return true
}

// bind makes a variable stand for t, unless it occurs in t. The constraints that wait for
// it are to be tried again.
func (c *checker) bind(v, t *ty) bool {
	if !c.adjust(v.v, t) {
		return false
	}
	v.v.bound, v.v.cause = t, c.at
	if wait := v.v.wait; len(wait) > 0 {
		v.v.wait = nil
		c.work = append(c.work, wait...)
	}
	return true
}

// adjust lowers the levels in t to that of v, and reports whether v does not occur in t.
func (c *checker) adjust(v *variable, t *ty) bool {
	if t.isClosed() {
		return true
	}
	free := true
	c.walk(t, func(t *ty) bool {
		if isVar(t) {
			free = free && t.v != v
			if t.v.scheme == nil {
				t.v.level = min(t.v.level, v.level)
			}
		}
		return free
	})
	return free
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
