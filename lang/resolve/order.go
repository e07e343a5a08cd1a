package resolve

import (
	"fmt"
	"slices"
	"strings"

	"mgmt/lang/syntax"
)

// An edge says that one definition depends on another. The edges of a definition form a
// list in the table of the resolver, newest first.
type edge struct {
	to   *Def
	span syntax.Span // of what refers to it
	next int32       // in the list; 0 ends it
	kind edgeKind
}

// An edgeKind tells what a dependency is.
type edgeKind uint8

const (
	refers   edgeKind = iota // by name
	runsWith                 // the other one runs whenever this one does
	holds                    // the other one is defined in this class
)

// state is how far a definition has come.
type state uint8

const (
	examined state = 1 << iota // a class whose names are bound
	entered                    // on the path of the walk that makes the order
	ordered
	cyclic // part of a cycle that was reported
	live   // may run
)

func (r *resolver) edge(to *Def, kind edgeKind, span syntax.Span) {
	first := &r.roots
	if r.owner != nil {
		first = &r.owner.edges
	}
	r.edges = append(r.edges, edge{to, span, *first, kind})
	*first = int32(len(r.edges) - 1)
	if r.param != nil {
		r.params[*first] = r.param
	}
}

// depend notes that what is being examined refers to a definition.
func (r *resolver) depend(on *Def, span syntax.Span) {
	if on.Scope != nil {
		r.edge(on, refers, span)
	}
}

// runs notes that a definition runs whenever what is being examined does.
func (r *resolver) runs(def *Def) { r.edge(def, runsWith, def.Span) }

// contains notes that a definition stands in the class that is being examined.
func (r *resolver) contains(def *Def) {
	if r.owner != nil {
		r.edge(def, holds, def.Span)
	}
}

// order puts every definition after those it refers to, and reports the cycles that
// keep that from being possible. The walk has a stack of its own, so that a chain of any
// length can be followed.
func (r *resolver) order() {
	n := 0
	for _, s := range r.scopes {
		n += len(s.Defs)
	}
	r.prog.Order = make([]*Def, 0, n)
	for _, s := range r.scopes {
		for _, def := range s.Defs {
			if def.state&ordered == 0 {
				r.visit(def)
			}
		}
	}
}

// A visit is a definition on the path of the walk, and the edge that was followed from
// it last.
type visit struct {
	def *Def
	at  int32
}

func (r *resolver) visit(root *Def) {
	root.state |= entered
	path := []visit{{root, 0}}
	for len(path) > 0 {
		top := &path[len(path)-1]
		if top.at == 0 {
			top.at = top.def.edges
		} else {
			top.at = r.edges[top.at].next
		}
		if top.at == 0 {
			top.def.state |= ordered
			r.prog.Order = append(r.prog.Order, top.def)
			path = path[:len(path)-1]
			continue
		}
		switch to := r.edges[top.at].to; {
		case to.state&ordered != 0, to.Kind == ParamDef:
		case to.state&entered != 0:
			r.cycle(path, to)
		default:
			to.state |= entered
			path = append(path, visit{to, 0})
		}
	}
}

// cycle reports the recursion that the last edge of the path closes, by leading back to
// a definition on the path.
func (r *resolver) cycle(path []visit, to *Def) {
	i := len(path) - 1
	for path[i].def != to {
		i--
	}
	cycle := path[i:]
	last := path[len(path)-1].def
	if last.state&cyclic != 0 && to.state&cyclic != 0 {
		return // another way around the same definitions
	}
	for _, v := range cycle {
		v.def.state |= cyclic
	}
	// Begin with the reference that comes first in the text.
	first := 0
	for i, v := range cycle {
		a, b := r.edges[v.at], r.edges[cycle[first].at]
		if a.kind < b.kind || a.kind == b.kind && a.span.Start < b.span.Start {
			first = i
		}
	}
	r.reportCycle(slices.Concat(cycle[first:], cycle[:first]))
}

// maxSteps is how many steps of a cycle are shown in its message, maxPlaces how many
// with their places.
const (
	maxSteps  = 8
	maxPlaces = 100
)

func (r *resolver) reportCycle(cycle []visit) {
	first := cycle[0].def
	names := make([]string, 0, len(cycle)+1)
	for _, v := range cycle {
		names = append(names, v.def.String())
	}
	names = append(names, first.String())
	if len(names) > maxSteps {
		names = slices.Concat(names[:maxSteps-2], []string{"…"}, names[len(names)-2:])
	}
	span := r.edges[cycle[0].at].span
	d := r.report(codeRecursion, span, "%s depends on itself: %s", first, strings.Join(names, " → "))
	if len(cycle) == 1 {
		d.Message = fmt.Sprintf("%s refers to itself", first)
		if first.Kind == VarDef {
			d.Hint = "a definition hides an outer one of the same name throughout its block; give it another name"
		}
		if first.Span != span {
			d.Relate(first.Span, "it is defined here")
		}
		return
	}
	for i, v := range cycle {
		if i == maxPlaces {
			d.Hint = fmt.Sprintf("%d more steps are not shown", len(cycle)-i)
			break
		}
		next := cycle[(i+1)%len(cycle)].def
		e := r.edges[v.at]
		if e.kind == holds {
			d.Relate(e.span, "%s is defined in %s", next, v.def)
		} else if i > 0 {
			d.Relate(e.span, "%s refers to %s here", v.def, next)
		}
	}
}

// String names the definition the way it is written.
func (d *Def) String() string {
	switch d.Kind {
	case VarDef, ParamDef, LoopDef, ConstDef:
		return "`$" + d.Name + "`"
	case FuncDef, LibraryDef:
		return "`" + d.Name + "()`"
	case ClassDef:
		return "class `" + d.Name + "`"
	}
	return "the include `" + d.Name + "`"
}

// countUses counts the references from what may run: from the statements of the main
// file, and from the definitions that these use. An argument of an include may run only if
// the class uses the parameter.
func (r *resolver) countUses() {
	r.prog.Uses = make(map[*Def]int, len(r.prog.Order))
	waiting := map[*Def][]*Def{} // by parameter: what arguments for it refer to
	work := []int32{r.roots}
	for len(work) > 0 {
		at := work[len(work)-1]
		if at == 0 {
			work = work[:len(work)-1]
			continue
		}
		e := &r.edges[at]
		work[len(work)-1] = e.next
		if param := r.params[at]; param != nil && param.state&live == 0 {
			waiting[param] = append(waiting[param], e.to)
		} else if e.kind != holds {
			work = r.countUse(e.to, waiting, work)
		}
	}
}

// countUse counts one use of a definition. If it is the first one, the references of the
// definition, and of the arguments that were waiting for it, are to be followed.
func (r *resolver) countUse(def *Def, waiting map[*Def][]*Def, work []int32) []int32 {
	for defs := []*Def{def}; len(defs) > 0; {
		def, defs = defs[len(defs)-1], defs[:len(defs)-1]
		r.prog.Uses[def]++
		if def.state&live == 0 {
			def.state |= live
			work = append(work, def.edges)
			defs = append(defs, waiting[def]...)
			delete(waiting, def)
		}
	}
	return work
}
