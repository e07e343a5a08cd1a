package lang

import (
	"errors"

	"mgmt/lang"
	"mgmt/lang/compile"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
	"mgmt/resource"
)

// validate reports the resources of a checked program that are wrong whatever happens: they
// stand at its top level, and all that they say is written out.
func validate(prog *lang.Program, kinds *resource.Registry) syntax.Diagnostics {
	b := &builder{kinds: kinds, files: prog.Files()}
	w := &written{prog: prog.Bound, known: map[*resolve.Def]reading{}}
	var errs []error
	for _, s := range prog.Bound.Main.Tree.Stmts {
		r, ok := s.(*syntax.Resource)
		if !ok {
			continue
		}
		for _, r := range w.resources(r) {
			_, err := b.build(r)
			if _, about := errors.AsType[*resource.AgentError](err); err == nil || about {
				continue
			}
			errs = append(errs, err)
			break // the others of the list have the same parameters
		}
	}
	return diagnose(errs)
}

// A written reads the values that are written out in a program.
type written struct {
	prog  *resolve.Program
	known map[*resolve.Def]reading // variables that were read
	size  int                      // what was read for the present statement, in parts and bytes
}

// A reading is what is known of a variable.
type reading struct {
	value types.Value
	ok    bool
	size  int
}

// maxWritten bounds what is read for a statement: of variables that double each other, twenty
// say more than there is room for. What is beyond counts as unknown.
const maxWritten = 1 << 16

// resources returns what a statement declares, or nothing if that is known only when the
// program runs.
func (w *written) resources(s *syntax.Resource) []*compile.Resource {
	w.size = 0
	name, ok := w.value(s.Name)
	if !ok || s.Collect {
		return nil
	}
	r := compile.Resource{Kind: s.Kind.Text, Span: s.Span()}
	for _, item := range s.Items {
		if item.Kind == syntax.EdgeItem {
			continue
		}
		v, ok := w.value(item.Value)
		if !ok || item.Cond != nil || item.Kind == syntax.MetaAllItem {
			return nil
		}
		p := compile.Param{Name: item.Name.Text, Value: v, Span: item.Span}
		if item.Kind == syntax.MetaItem {
			r.Meta = append(r.Meta, p)
		} else {
			r.Params = append(r.Params, p)
		}
	}
	names := []types.Value{name}
	if list, ok := name.(*types.List); ok {
		names = list.Elems
	}
	var out []*compile.Resource
	for _, n := range names {
		one := r
		one.Name = string(n.(types.Str))
		out = append(out, &one)
	}
	return out
}

// value returns the value of an expression made of literals, constants, and variables that
// are bound to such expressions.
func (w *written) value(e syntax.Expr) (types.Value, bool) {
	if w.size++; w.size > maxWritten {
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
		return w.text(e)
	case *syntax.ParenExpr:
		return w.value(e.X)
	case *syntax.VarExpr:
		return w.variable(e)
	case *syntax.ListLit:
		elems, ok := w.values(e.Elems)
		return &types.List{Elems: elems}, ok
	case *syntax.MapLit:
		return w.table(e)
	case *syntax.StructLit:
		s := &types.Struct{}
		for _, f := range e.Fields {
			v, ok := w.value(f.Value)
			if !ok {
				return nil, false
			}
			s.Names, s.Elems = append(s.Names, f.Name.Text), append(s.Elems, v)
		}
		return s, true
	}
	return nil, false
}

func (w *written) values(list []syntax.Expr) ([]types.Value, bool) {
	out := make([]types.Value, len(list))
	for i, e := range list {
		v, ok := w.value(e)
		if !ok {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

func (w *written) table(e *syntax.MapLit) (types.Value, bool) {
	entries := make([]types.Entry, len(e.Entries))
	for i, x := range e.Entries {
		pair, ok := w.values([]syntax.Expr{x.Key, x.Value})
		if !ok {
			return nil, false
		}
		entries[i] = types.Entry{Key: pair[0], Value: pair[1]}
	}
	return types.NewMap(entries), true
}

// text returns a string with its variables put in.
func (w *written) text(e *syntax.StringLit) (types.Value, bool) {
	if e.Parts == nil {
		return types.Str(e.Value), true
	}
	var text types.Str
	for _, part := range e.Parts {
		if part.Var == nil {
			text += types.Str(part.Text)
			continue
		}
		v, ok := w.variable(part.Var)
		s, isText := v.(types.Str)
		if w.size += len(s); !ok || !isText || w.size > maxWritten {
			return nil, false
		}
		text += s
	}
	return text, true
}

// variable follows a variable to its definition. There are no cycles of them.
func (w *written) variable(e *syntax.VarExpr) (types.Value, bool) {
	ref := w.prog.Refs[e.ID()]
	if ref == nil || len(ref.Via) > 0 {
		return nil, false
	}
	switch ref.Def.Kind {
	case resolve.ConstDef:
		return ref.Def.Const, ref.Def.Const != nil
	case resolve.VarDef:
	default:
		return nil, false
	}
	r, seen := w.known[ref.Def]
	if seen {
		w.size += r.size
	} else {
		before := w.size
		r.value, r.ok = w.value(ref.Def.Bind.Value)
		r.size = w.size - before
		w.known[ref.Def] = r
	}
	return r.value, r.ok && w.size <= maxWritten
}
