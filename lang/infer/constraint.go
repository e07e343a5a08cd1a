package infer

import (
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
	solved bool        // or nothing to care about any more
}

// A rule is the kind of a constraint.
type rule interface {
	// try decides the constraint if enough is known. It returns the variables to wait for
	// otherwise, and none when it is done, well or badly.
	try(c *checker, k *constraint) []*ty
}

// missing says what has to be known for the constraint to be decided, if it knows better
// than the variables that it waits for.
func (k *constraint) missing() string {
	if r, ok := k.rule.(interface{ missing() string }); ok {
		return r.missing()
	}
	return ""
}

// add takes on a constraint, unless it can be decided at once.
func (c *checker) add(k *constraint) {
	if c.try(k); !k.solved {
		c.group.open = append(c.group.open, k)
	}
}

// try tries a constraint. If it cannot be decided it will be tried again when something
// becomes known.
func (c *checker) try(k *constraint) {
	c.at = k.span
	wait := k.rule.try(c, k)
	k.solved = len(wait) == 0
	for _, t := range wait {
		v := find(t).v
		if n := len(v.wait); n == 0 || v.wait[n-1] != k {
			v.wait = append(v.wait, k)
		}
	}
}

// solve tries all constraints for which something has changed.
func (c *checker) solve() {
	for len(c.work) > 0 {
		k := c.work[len(c.work)-1]
		c.work = c.work[:len(c.work)-1]
		if !k.solved {
			c.try(k)
		}
	}
}

// fallback makes a choice for a constraint that is still open at the end.
func (k *constraint) fallback(c *checker) bool {
	d, ok := k.rule.(interface {
		fallback(c *checker, k *constraint) bool
	})
	return ok && d.fallback(c, k)
}

// An overloadKey is equal for calls of the same overloaded function with the same types:
// one of them stands for all.
type overloadKey struct {
	sigs *types.Type // the first one
	t    [3]*ty
}

func (k *constraint) overloadKey() (overloadKey, bool) {
	o, ok := k.rule.(*overload)
	if !ok || len(k.t) > 3 {
		return overloadKey{}, false
	}
	key := overloadKey{sigs: o.sigs[0]}
	for i, t := range k.t {
		key.t[i] = find(t)
	}
	return key, true
}

// fail reports that the constraint cannot hold.
func (c *checker) fail(k *constraint, code syntax.Code, format string, args ...any) *syntax.Diagnostic {
	d := c.report(code, k.span, format, args...)
	if k.use.IsValid() {
		d.Relate(k.use, "with the types of this use")
	}
	return d
}

// openVars returns, of each type, a variable in it that is not bound.
func openVars(list []*ty) []*ty {
	var out []*ty
	for _, t := range list {
		if v := openTerm(t); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// openTerm returns the term of a variable in t that is not bound, or nil.
func openTerm(t *ty) *ty {
	t = find(t)
	switch {
	case isVar(t):
		return t
	case t.isClosed():
		return nil
	}
	var open *ty
	t.parts(func(p *ty) bool {
		open = openTerm(p)
		return open == nil
	})
	return open
}
