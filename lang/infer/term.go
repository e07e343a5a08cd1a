package infer

import (
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A ty is a type with variables. It is not changed, except that two equal ones may be
// made one; types without variables are shared freely. One that has parts is made with
// seal.
type ty struct {
	kind   types.Kind
	closed bool  // there are no variables in it
	size   int32 // of the parts written out, as far as they were known; at most maxSize
	mark   int32 // of the walk that met it last; not of closed ones
	elem   *ty   // of a list; of the values of a map; the result of a function
	key    *ty
	fields []field // of a struct; the parameters of a function
	v      *variable
	same   *ty // found to be equal to this one, which stands for both; or nil
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
	origin origin
	use    syntax.Span   // of the function or class, for a variable that stands in for one of a scheme
	cause  syntax.Span   // of what bound it
	wait   []*constraint // to be tried again when it is bound
}

// An origin is what has the type that a variable stands for.
type origin struct {
	span syntax.Span
	kind originKind
}

// An originKind is what an origin is. Of two variables that turn out to be the same, the
// one with the greater kind is kept: it tells people more.
type originKind uint8

const (
	ofExpr originKind = iota
	ofCall
	ofLoop
	ofParam
	ofEmptyMap
	ofEmptyList
)

// maxSize bounds the parts of a type that is written out.
const maxSize = 1 << 16

func basic(kind types.Kind) *ty { return &ty{kind: kind, closed: true, size: 1} }

var (
	tyBool  = basic(types.KindBool)
	tyStr   = basic(types.KindStr)
	tyInt   = basic(types.KindInt)
	tyFloat = basic(types.KindFloat)
	// tyAny is the type of fields that take anything.
	tyAny = basic(types.KindVariant)
	// tyBad is the type of what has been reported already. It fits everywhere.
	tyBad = basic(types.KindInvalid)
)

func listOf(elem *ty) *ty { return seal(&ty{kind: types.KindList, elem: elem}) }

func mapOf(key, elem *ty) *ty { return seal(&ty{kind: types.KindMap, key: key, elem: elem}) }

func structOf(fields []field) *ty { return seal(&ty{kind: types.KindStruct, fields: fields}) }

func funcOf(params []field, result *ty) *ty {
	return seal(&ty{kind: types.KindFunc, fields: params, elem: result})
}

// seal notes about a new type what follows from its parts.
func seal(t *ty) *ty {
	t.closed, t.size = true, 1
	t.parts(func(p *ty) bool {
		p = find(p)
		t.closed = t.closed && p.closed
		t.size = min(maxSize, t.size+p.size)
		return true
	})
	return t
}

// find follows a bound variable to what it stands for, and a type to the one that stands
// for it.
func find(t *ty) *ty {
	for {
		next := t.next()
		if next == nil {
			return t
		}
		if after := next.next(); after != nil { // shorten the path
			if t.same != nil {
				t.same = after
			} else {
				t.v.bound = after
			}
		}
		t = next
	}
}

func (t *ty) next() *ty {
	if t.kind == types.KindVar {
		return t.v.bound
	}
	return t.same
}

func isVar(t *ty) bool { return t.kind == types.KindVar }

// parts calls f for the types that t is made of, until it returns false.
func (t *ty) parts(f func(*ty) bool) bool {
	if t.elem != nil && !f(t.elem) || t.key != nil && !f(t.key) {
		return false
	}
	for i := range t.fields {
		if !f(t.fields[i].t) {
			return false
		}
	}
	return true
}

// isClosed reports whether there are no variables in t. It remembers that for good.
func (t *ty) isClosed() bool {
	t = find(t)
	if t.closed || isVar(t) {
		return t.closed
	}
	t.closed = t.parts((*ty).isClosed)
	if t.closed {
		seal(t)
	}
	return t.closed
}

// walk calls f for t and the types in it that are not known to be closed, each once. When
// f returns false their parts are left out.
func (c *checker) walk(t *ty, f func(*ty) bool) {
	c.mark++
	walk(t, c.mark, func(t *ty) bool { return !t.closed && f(t) })
}

func walk(t *ty, mark int32, f func(*ty) bool) {
	t = find(t)
	if t.size == 1 && !isVar(t) { // without parts, and perhaps shared with other programs
		f(t)
		return
	}
	if t.mark == mark {
		return
	}
	t.mark = mark
	if f(t) {
		t.parts(func(p *ty) bool { walk(p, mark, f); return true })
	}
}

// has reports whether a type of the kind is in t.
func (c *checker) has(t *ty, kind types.Kind) bool {
	found := false
	c.mark++
	walk(t, c.mark, func(t *ty) bool {
		found = found || t.kind == kind
		return !found
	})
	return found
}

// A typeReader turns types of the library into terms. Equal type variables become equal
// variables.
type typeReader struct {
	c      *checker
	origin origin
	vars   [8]*ty // by number
	more   map[int]*ty
}

func (r *typeReader) read(t *types.Type) *ty {
	switch t.Kind {
	case types.KindBool:
		return tyBool
	case types.KindStr:
		return tyStr
	case types.KindInt:
		return tyInt
	case types.KindFloat:
		return tyFloat
	case types.KindVariant:
		return tyAny
	case types.KindVar:
		return r.variable(t.Var)
	}
	out := &ty{kind: t.Kind}
	if t.Elem != nil {
		out.elem = r.read(t.Elem)
	}
	if t.Key != nil {
		out.key = r.read(t.Key)
	}
	if len(t.Fields) > 0 {
		out.fields = make([]field, len(t.Fields))
	}
	for i, f := range t.Fields {
		out.fields[i] = field{f.Name, r.read(f.Type)}
	}
	return seal(out)
}

func (r *typeReader) variable(n int) *ty {
	if n < len(r.vars) {
		if r.vars[n] == nil {
			r.vars[n] = r.c.fresh(r.origin)
		}
		return r.vars[n]
	}
	if r.more[n] == nil {
		if r.more == nil {
			r.more = map[int]*ty{}
		}
		r.more[n] = r.c.fresh(r.origin)
	}
	return r.more[n]
}

// fromType turns a type without variables into a term.
func fromType(t *types.Type) *ty { return (&typeReader{}).read(t) }

// written turns a type as written into a term.
func (c *checker) written(t syntax.Type) *ty {
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
		}
		d := c.report(codeVariant, t.Span(), "no value has the type `%s`", t.Name)
		d.Hint = "only fields of resources take values of any type; leave the annotation out"
		return tyBad
	case *syntax.ListType:
		return listOf(c.written(t.Elem))
	case *syntax.MapType:
		return mapOf(c.written(t.Key), c.written(t.Value))
	case *syntax.StructType:
		return structOf(c.writtenFields(t.Fields))
	case *syntax.FuncType:
		return funcOf(c.writtenFields(t.Params), c.written(t.Result))
	}
	return tyBad
}

func (c *checker) writtenFields(list []syntax.FieldType) []field {
	out := make([]field, len(list))
	for i, f := range list {
		out[i] = field{f.Name.Text, c.written(f.Type)}
	}
	return out
}

// A concreter turns terms into types. Variables that are still open come out as numbered
// type variables.
type concreter struct {
	in    *Instance
	names map[*variable]int
	done  map[*ty]*types.Type // of terms with parts
}

func (c *concreter) concrete(t *ty) *types.Type {
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
	case types.KindVariant:
		return types.TVariant
	case types.KindVar:
		return c.variable(t.v)
	}
	if out := c.done[t]; out != nil {
		return out
	}
	out := &types.Type{Kind: t.kind}
	if t.elem != nil {
		out.Elem = c.concrete(t.elem)
	}
	if t.key != nil {
		out.Key = c.concrete(t.key)
	}
	if len(t.fields) > 0 {
		out.Fields = make([]types.Field, len(t.fields))
	}
	for i, f := range t.fields {
		out.Fields[i] = types.Field{Name: f.name, Type: c.concrete(f.t)}
	}
	if c.done == nil {
		c.done = map[*ty]*types.Type{}
	}
	c.done[t] = out
	return out
}

func (c *concreter) variable(v *variable) *types.Type {
	if t := c.in.lookup(v); t != nil {
		return t
	}
	if c.names[v] == 0 {
		if c.names == nil {
			c.names = map[*variable]int{}
		}
		c.names[v] = len(c.names) + 1
	}
	return types.Var(c.names[v])
}

// concrete returns the term as a type within an instance.
func (t *ty) concrete(in *Instance) *types.Type { return (&concreter{in: in}).concrete(t) }
