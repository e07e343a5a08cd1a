package resolve

import (
	"maps"
	"slices"
	"strings"

	"mgmt/lang/syntax"
)

// order puts every definition after those it refers to, and reports the cycles that
// keep that from being possible. It is Tarjan's algorithm with a stack of its own, so
// that a chain of any length can be followed.
//
// A class comes after all that is defined in it.
func (r *resolver) order() {
	r.after = maps.Clone(r.deps)
	for s, n := range r.names {
		if s.Class == nil {
			continue
		}
		for _, def := range n.byStmt {
			if def != s.Class {
				r.after[s.Class] = append(slices.Clip(r.after[s.Class]), def)
			}
		}
	}
	t := &tarjan{r: r, index: make(map[*Def]int, len(r.deps)), low: make(map[*Def]int, len(r.deps)), on: map[*Def]bool{}}
	for _, def := range r.definitions() {
		if t.index[def] == 0 {
			t.visit(def)
		}
	}
}

// definitions lists what can refer to something, in the order of the program.
func (r *resolver) definitions() []*Def {
	seen := map[*Def]bool{}
	var out []*Def
	for _, p := range r.prog.Order { // parameters and loop variables
		seen[p] = true
	}
	for from, list := range r.deps {
		for _, def := range append(list, from) {
			if def != nil && !seen[def] {
				seen[def] = true
				out = append(out, def)
			}
		}
	}
	for _, n := range r.names {
		for _, def := range n.byStmt {
			if !seen[def] {
				seen[def] = true
				out = append(out, def)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Def) int { return int(a.Span.Start) - int(b.Span.Start) })
	return out
}

type tarjan struct {
	r          *resolver
	index, low map[*Def]int
	on         map[*Def]bool
	stack      []*Def
}

// visit explores from a definition. Each entry of work is a definition and how many of
// its references have been followed.
func (t *tarjan) visit(root *Def) {
	type entry struct {
		def  *Def
		next int
	}
	enter := func(def *Def) entry {
		t.index[def] = len(t.index) + 1
		t.low[def] = t.index[def]
		t.stack = append(t.stack, def)
		t.on[def] = true
		return entry{def: def}
	}
	work := []entry{enter(root)}
	for len(work) > 0 {
		top := &work[len(work)-1]
		def := top.def
		if deps := t.r.after[def]; top.next < len(deps) {
			dep := deps[top.next]
			top.next++
			switch {
			case dep.Kind == ParamDef || dep.Kind == LoopDef:
			case t.index[dep] == 0:
				work = append(work, enter(dep))
			case t.on[dep]:
				t.low[def] = min(t.low[def], t.index[dep])
			}
			continue
		}
		work = work[:len(work)-1]
		if len(work) > 0 {
			up := work[len(work)-1].def
			t.low[up] = min(t.low[up], t.low[def])
		}
		if t.low[def] == t.index[def] {
			t.component(def)
		}
	}
}

// component takes a finished component off the stack: one definition, or a cycle.
func (t *tarjan) component(root *Def) {
	i := slices.Index(t.stack, root)
	if n := len(t.stack); t.stack[n-1] == root { // the common case, without the search
		i = n - 1
	}
	group := slices.Clone(t.stack[i:])
	t.stack = t.stack[:i]
	for _, def := range group {
		delete(t.on, def)
	}
	t.r.prog.Order = append(t.r.prog.Order, group...)
	if len(group) > 1 || slices.Contains(t.r.after[root], root) {
		t.r.cycle(group)
	}
}

// cycle reports a recursion with each of its steps.
func (r *resolver) cycle(group []*Def) {
	in := map[*Def]bool{}
	for _, def := range group {
		in[def] = true
	}
	first := slices.MinFunc(group, func(a, b *Def) int { return int(a.Span.Start) - int(b.Span.Start) })
	path := shortestCycle(first, r.after, in)
	var names []string
	for _, def := range path {
		names = append(names, def.describe())
	}
	names = append(names, first.describe())
	span := r.spans[step{path[0], path[1%len(path)]}]
	d := r.report("recursion", span, "recursive reference: %s", strings.Join(names, " → "))
	d.Severity = syntax.Error
	for i, def := range path {
		next := path[(i+1)%len(path)]
		span, ok := r.spans[step{def, next}]
		if !ok { // it is defined in the class
			span = next.Span
		}
		relate(d, span, def.describe()+" refers to "+next.describe()+" here")
	}
	d.Hint = "nothing may refer to itself, directly or through others"
}

// shortestCycle finds a way from first back to itself within the component.
func shortestCycle(first *Def, deps map[*Def][]*Def, in map[*Def]bool) []*Def {
	came := map[*Def]*Def{}
	queue := []*Def{first}
	for len(queue) > 0 {
		def := queue[0]
		queue = queue[1:]
		for _, next := range deps[def] {
			if next == first {
				path := []*Def{def}
				for def != first {
					def = came[def]
					path = append(path, def)
				}
				slices.Reverse(path)
				return path
			}
			if in[next] && came[next] == nil {
				came[next] = def
				queue = append(queue, next)
			}
		}
	}
	return []*Def{first}
}

// describe names the definition the way it is written.
func (d *Def) describe() string {
	switch d.Kind {
	case VarDef, ParamDef, LoopDef:
		return "$" + d.Name
	case FuncDef:
		return d.Name + "()"
	case ClassDef:
		return "class " + d.Name
	case IncludeDef:
		return "include … as " + d.Name
	}
	return d.Name
}

// countUses counts the references from what may run: from live statements, and from
// definitions that these use.
func (r *resolver) countUses() {
	work := []*Def{nil}
	for len(work) > 0 {
		def := work[len(work)-1]
		work = work[:len(work)-1]
		for _, dep := range r.deps[def] {
			r.prog.Uses[dep]++
			if r.prog.Uses[dep] == 1 {
				work = append(work, dep)
			}
		}
	}
}
