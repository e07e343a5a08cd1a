package infer

import (
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A ty is a type with variables. Types without variables are shared freely.
type ty struct {
	kind   types.Kind
	elem   *ty // of a list; of the values of a map; the result of a function
	key    *ty
	fields []field // of a struct; the parameters of a function
	v      *variable
}

type field struct {
	name string
	t    *ty
}

// A variable is the state of a type variable. Once bound it stands for another type; once
// generalised it belongs to a scheme and every use has its own.
type variable struct {
	bound  *ty
	level  int32
	index  int32 // within the scheme
	scheme *scheme
	span   syntax.Span   // of what has the type
	wait   []*constraint // to be tried again when it is bound
}

var (
	tyBool  = &ty{kind: types.KindBool}
	tyStr   = &ty{kind: types.KindStr}
	tyInt   = &ty{kind: types.KindInt}
	tyFloat = &ty{kind: types.KindFloat}
	tyStrs  = &ty{kind: types.KindList, elem: tyStr}
	// tyBad is the type of what has been reported already. It fits everywhere.
	tyBad = &ty{kind: types.KindInvalid}
)

func listOf(elem *ty) *ty { return &ty{kind: types.KindList, elem: elem} }

func mapOf(key, elem *ty) *ty { return &ty{kind: types.KindMap, key: key, elem: elem} }

// find follows a bound variable to what it stands for.
func find(t *ty) *ty {
	for t.kind == types.KindVar && t.v.bound != nil {
		if next := t.v.bound; next.kind == types.KindVar && next.v.bound != nil {
			t.v.bound = next.v.bound // shorten the path
		}
		t = t.v.bound
	}
	return t
}

func isVar(t *ty) bool { return t.kind == types.KindVar }

// fromType turns a type into a term; its type variables stand for vars, by number, and
// missing ones are made by fresh.
func fromType(t *types.Type, vars map[int]*ty, fresh func() *ty) *ty {
	switch t.Kind {
	case types.KindBool:
		return tyBool
	case types.KindStr:
		return tyStr
	case types.KindInt:
		return tyInt
	case types.KindFloat:
		return tyFloat
	case types.KindVar:
		if vars[t.Var] == nil {
			vars[t.Var] = fresh()
		}
		return vars[t.Var]
	}
	out := &ty{kind: t.Kind}
	if t.Elem != nil {
		out.elem = fromType(t.Elem, vars, fresh)
	}
	if t.Key != nil {
		out.key = fromType(t.Key, vars, fresh)
	}
	for _, f := range t.Fields {
		out.fields = append(out.fields, field{f.Name, fromType(f.Type, vars, fresh)})
	}
	return out
}

// written turns a type as written into a term.
func written(t syntax.Type) *ty {
	switch t := t.(type) {
	case *syntax.BasicType:
		switch t.Name {
		case "bool":
			return tyBool
		case "str":
			return tyStr
		case "int":
			return tyInt
		case "float":
			return tyFloat
		case "variant":
			return &ty{kind: types.KindVariant}
		}
	case *syntax.ListType:
		return listOf(written(t.Elem))
	case *syntax.MapType:
		return mapOf(written(t.Key), written(t.Value))
	case *syntax.StructType:
		out := &ty{kind: types.KindStruct}
		for _, f := range t.Fields {
			out.fields = append(out.fields, field{f.Name.Text, written(f.Type)})
		}
		return out
	case *syntax.FuncType:
		out := &ty{kind: types.KindFunc, elem: written(t.Result)}
		for _, f := range t.Params {
			out.fields = append(out.fields, field{f.Name.Text, written(f.Type)})
		}
		return out
	}
	return tyBad
}

// concrete returns the term as a type within an instance. Variables that are still open
// come out as type variables numbered by names.
func (t *ty) concrete(in *Instance, names map[*variable]int) *types.Type {
	t = find(t)
	switch t.kind {
	case types.KindBool:
		return types.TBool
	case types.KindStr:
		return types.TStr
	case types.KindInt:
		return types.TInt
	case types.KindFloat:
		return types.TFloat
	case types.KindVar:
		if c := in.lookup(t.v); c != nil {
			return c
		}
		if names[t.v] == 0 {
			names[t.v] = len(names) + 1
		}
		return types.Var(names[t.v])
	}
	out := &types.Type{Kind: t.kind}
	if t.elem != nil {
		out.Elem = t.elem.concrete(in, names)
	}
	if t.key != nil {
		out.Key = t.key.concrete(in, names)
	}
	for _, f := range t.fields {
		out.Fields = append(out.Fields, types.Field{Name: f.name, Type: f.t.concrete(in, names)})
	}
	return out
}

// String prints the term for people.
func (t *ty) String() string { return t.concrete(nil, map[*variable]int{}).String() }

// open returns a variable in t that is neither bound nor generalised, or nil.
func (t *ty) open() *variable {
	t = find(t)
	if isVar(t) {
		if t.v.scheme != nil {
			return nil
		}
		return t.v
	}
	return t.anyPart((*ty).open)
}

// free returns a variable in t that is not bound: an open or a generalised one.
func (t *ty) free() *variable {
	t = find(t)
	if isVar(t) {
		return t.v
	}
	return t.anyPart((*ty).free)
}

func (t *ty) anyPart(f func(*ty) *variable) *variable {
	if t.elem != nil {
		if v := f(t.elem); v != nil {
			return v
		}
	}
	if t.key != nil {
		if v := f(t.key); v != nil {
			return v
		}
	}
	for _, x := range t.fields {
		if v := f(x.t); v != nil {
			return v
		}
	}
	return nil
}

// hasFunc reports whether a function type is in t.
func (t *ty) hasFunc() bool {
	t = find(t)
	if t.kind == types.KindFunc || t.elem != nil && t.elem.hasFunc() || t.key != nil && t.key.hasFunc() {
		return true
	}
	for _, f := range t.fields {
		if f.t.hasFunc() {
			return true
		}
	}
	return false
}

// subst returns t with the variables of a scheme replaced.
func (t *ty) subst(s *scheme, by []*ty) *ty {
	t = find(t)
	if isVar(t) {
		if t.v.scheme == s {
			return by[t.v.index]
		}
		return t
	}
	elem, key := t.elem, t.key
	if elem != nil {
		elem = elem.subst(s, by)
	}
	if key != nil {
		key = key.subst(s, by)
	}
	fields := t.fields
	for i, f := range t.fields {
		if x := f.t.subst(s, by); x != f.t {
			if &fields[0] == &t.fields[0] {
				fields = append([]field(nil), t.fields...)
			}
			fields[i].t = x
		}
	}
	same := elem == t.elem && key == t.key && (len(fields) == 0 || &fields[0] == &t.fields[0])
	if same {
		return t
	}
	return &ty{kind: t.kind, elem: elem, key: key, fields: fields}
}
