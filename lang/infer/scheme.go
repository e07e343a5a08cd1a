package infer

import (
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A group is the code that is generalised together: a named function, or a class with all
// that is defined in it.
type group struct {
	def   *resolve.Def
	level int32
	vars  []*ty         // made in the group
	open  []*constraint // not solved yet
	sigs  []*ty         // types that calls in the group look at when they run
}

// A scheme is what a generalised definition has in place of a type: variables that each
// use replaces, and the constraints on them.
type scheme struct {
	vars   []*variable
	params []field
	result *ty // of a function
	open   []*constraint
}

// enter runs f as part of the group of a definition; nil is what stands outside of any.
func (c *checker) enter(def *resolve.Def, f func()) {
	saved := c.group
	c.group = c.groupOf(def)
	f()
	c.solve()
	c.group = saved
}

func (c *checker) groupOf(def *resolve.Def) *group {
	g := c.groups[def]
	if g == nil {
		g = &group{def: def, level: c.groupOf(def.Scope.Class).level + 1}
		c.groups[def] = g
	}
	return g
}

// fresh returns a new type variable of the present group.
func (c *checker) fresh(from origin) *ty {
	x := &struct {
		t ty
		v variable
	}{}
	x.t.kind, x.t.size, x.t.v = types.KindVar, 1, &x.v
	x.v.level, x.v.origin = c.group.level, from
	c.group.vars = append(c.group.vars, &x.t)
	return &x.t
}

// generalise turns the open variables of a group into those of a scheme. Variables and
// constraints that belong further out are handed there.
func (c *checker) generalise(def *resolve.Def, params []field, result *ty) {
	g, outer := c.groups[def], c.groupOf(def.Scope.Class)
	s := &scheme{params: params, result: result}
	for _, t := range g.vars {
		v := t.v
		switch {
		case v.bound != nil:
			c.bounded(t)
		case v.scheme != nil:
		case v.level < g.level:
			outer.vars = append(outer.vars, t)
		default:
			v.scheme, v.index = s, int32(len(s.vars))
			v.wait = nil
			s.vars = append(s.vars, v)
		}
	}
	seen := map[overloadKey]bool{}
	for _, k := range g.open {
		switch {
		case k.solved:
		case !c.mentions(k.t, s):
			outer.open = append(outer.open, k)
		default:
			k.solved = true // it is the copies that will be
			if key, ok := k.overloadKey(); !ok || !seen[key] {
				seen[key] = ok
				s.open = append(s.open, k)
			}
		}
	}
	c.info.depends[def] = c.mentions(g.sigs, s)
	for _, t := range g.sigs {
		if !t.isClosed() {
			outer.sigs = append(outer.sigs, t)
		}
	}
	c.info.schemes[def] = s
	g.vars, g.open, g.sigs = nil, nil, nil
}

// mentions reports whether a variable of the scheme is in one of the types.
func (c *checker) mentions(list []*ty, s *scheme) bool {
	found := false
	for _, t := range list {
		c.walk(t, func(t *ty) bool {
			found = found || isVar(t) && t.v.scheme == s
			return !found
		})
	}
	return found
}

// A substitution replaces the variables of schemes.
type substitution []replacement

type replacement struct {
	scheme *scheme
	by     []*ty
}

// instantiate returns new variables for those of a scheme and takes over its constraints,
// for the use with the number and place. The scheme may stand in classes, whose
// variables outer replaces.
func (c *checker) instantiate(s *scheme, outer substitution, use int32, span syntax.Span) substitution {
	if len(s.vars) == 0 {
		return outer
	}
	by := make([]*ty, len(s.vars))
	sub := append(outer[:len(outer):len(outer)], replacement{s, by})
	for i, v := range s.vars {
		by[i] = c.fresh(v.origin)
		by[i].v.use = span
	}
	for _, k := range s.open {
		out := &constraint{rule: k.rule, t: make([]*ty, len(k.t)), span: k.span, use: span}
		for i, t := range k.t {
			out.t[i] = c.subst(t, sub)
		}
		c.add(out)
	}
	if use >= 0 {
		c.info.uses[use] = by
	}
	return sub
}

// subst returns t with the variables of schemes replaced.
func (c *checker) subst(t *ty, sub substitution) *ty {
	if len(sub) == 0 || find(t).closed {
		return t
	}
	s := substituter{sub: sub}
	return s.subst(t)
}

// A substituter copies types, each part once.
type substituter struct {
	sub   substitution
	count int
	done  map[*ty]*ty // made when the type is large
}

// manyParts is from how many parts on a substituter looks for common ones.
const manyParts = 32

func (s *substituter) subst(t *ty) *ty {
	t = find(t)
	if t.closed {
		return t
	}
	if isVar(t) {
		for i := range s.sub {
			if s.sub[i].scheme == t.v.scheme {
				return s.sub[i].by[t.v.index]
			}
		}
		return t
	}
	if s.count++; s.count > manyParts {
		if s.done == nil {
			s.done = map[*ty]*ty{}
		}
		if out := s.done[t]; out != nil {
			return out
		}
	}
	out := s.copy(t)
	if s.done != nil {
		s.done[t] = out
	}
	return out
}

// copy returns t with its parts replaced; t itself if none is different.
func (s *substituter) copy(t *ty) *ty {
	out := &ty{kind: t.kind}
	changed := false
	part := func(p *ty) *ty {
		if p == nil {
			return nil
		}
		q := s.subst(p)
		changed = changed || q != find(p)
		return q
	}
	out.elem, out.key = part(t.elem), part(t.key)
	if len(t.fields) > 0 {
		out.fields = make([]field, len(t.fields))
	}
	for i, f := range t.fields {
		out.fields[i] = field{f.name, part(f.t)}
	}
	if !changed {
		return t
	}
	return seal(out)
}

// through returns what the variables of the classes are in the instances that a reference
// goes through, and of those that a definition stands in.
func (c *checker) through(ref *resolve.Ref) substitution {
	var sub substitution
	for _, include := range ref.Via {
		inner := c.instances[include]
		if len(sub) == 0 {
			sub = inner
			continue
		}
		next := make(substitution, 0, len(inner)+len(sub))
		for _, r := range inner {
			by := make([]*ty, len(r.by))
			for i, t := range r.by {
				by[i] = c.subst(t, sub)
			}
			next = append(next, replacement{r.scheme, by})
		}
		sub = append(next, sub...)
	}
	if c.reports.Warning && len(ref.Via) == 0 && ref.Def.Scope != nil {
		return c.inside(ref.Def.Scope.Class)
	}
	return sub
}

// inside returns variables for those of the classes around unused code, which have been
// generalised without it.
func (c *checker) inside(class *resolve.Def) substitution {
	if class == nil {
		return nil
	}
	outer := c.inside(class.Scope.Class)
	s := c.info.schemes[class]
	if s == nil || len(s.vars) == 0 {
		return outer
	}
	if sub, ok := c.selves[class]; ok {
		return sub
	}
	sub := c.instantiate(s, outer, -1, syntax.Span{})
	c.selves[class] = sub
	return sub
}
