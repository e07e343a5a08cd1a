package infer

import (
	"strings"

	"mgmt/lang/resolve"
	"mgmt/lang/types"
)

// Kinds is what inference needs to know of resources.
type Kinds interface {
	// Kind returns what is known of a resource kind, or nil.
	Kind(name string) *Kind
	// Names lists the kinds, for suggestions.
	Names() []string
}

// A Kind is the language's view of a resource kind.
type Kind struct {
	Name   string
	Fields []types.Field // a variant field takes anything
	// Optional has the fields that may be unset.
	Optional map[string]bool
	// Widths gives the Go type of number fields that are narrower than the language's
	// ("int8", "float32", …), for send and receive.
	Widths map[string]string
	// Sends are the keys the kind can send; nil if it sends nothing.
	Sends         []types.Field
	SendsOptional map[string]bool
}

// fieldOf returns the type of the named field, or nil.
func fieldOf(fields []types.Field, name string) *types.Type {
	for _, f := range fields {
		if f.Name == name {
			return f.Type
		}
	}
	return nil
}

func fieldNames(fields []types.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// Info is what inference has found out. It is used by one goroutine at a time.
type Info struct {
	exprs   []*ty           // by number of the expression
	sigs    map[int32]*ty   // of library calls that look at their signature
	uses    map[int32][]*ty // what the variables of a scheme are, by call or include
	schemes map[*resolve.Def]*scheme
	depends map[*resolve.Def]bool

	instances map[instanceKey]*Instance
}

// An Instance is one use of a polymorphic definition (a named function, or a class): its
// type variables bound to types. The nil Instance is code outside of any. Uses of a
// definition with the same types are the same Instance.
type Instance struct {
	scheme *scheme
	home   *Instance // that the definition stands in
	vars   []*types.Type
}

// An instanceKey identifies an instance: vars is the text of its types.
type instanceKey struct {
	scheme *scheme
	home   *Instance
	vars   string
}

// lookup returns what a generalised variable is in the instance, or nil.
func (in *Instance) lookup(v *variable) *types.Type {
	for ; in != nil; in = in.home {
		if v.scheme == in.scheme {
			return in.vars[v.index]
		}
	}
	return nil
}

// Enter returns the instance that a call of a named function or an include makes. at is
// the instance that the use stands in, home the one that the definition stands in.
func (f *Info) Enter(use int32, def *resolve.Def, at, home *Instance) *Instance {
	s := f.schemes[def]
	if s == nil || len(s.vars) == 0 {
		return home
	}
	c := concreter{in: at}
	vars := make([]*types.Type, len(s.vars))
	var text strings.Builder
	for i, t := range f.uses[use] {
		vars[i] = c.concrete(t)
		text.WriteString(vars[i].String())
		text.WriteByte(';')
	}
	key := instanceKey{s, home, text.String()}
	in := f.instances[key]
	if in == nil {
		in = &Instance{scheme: s, home: home, vars: vars}
		if f.instances == nil {
			f.instances = map[instanceKey]*Instance{}
		}
		f.instances[key] = in
	}
	return in
}

// Depends reports whether what a named function evaluates to depends on the types of its
// use, because it contains calls of library functions that look at their signature.
func (f *Info) Depends(def *resolve.Def) bool { return f.depends[def] }

// Sig returns the signature that the call of a library function was solved to. It is nil
// for functions that do not look at theirs.
func (f *Info) Sig(call int32, in *Instance) *types.Type {
	t := f.sigs[call]
	if t == nil {
		return nil
	}
	return t.concrete(in)
}

// TypeOf returns the type of an expression, or nil if it was not checked. A parameter or
// loop variable is asked for by its own number. Outside of an instance, types that
// depend on the use come out as type variables.
func (f *Info) TypeOf(id int32, in *Instance) *types.Type {
	if int(id) >= len(f.exprs) || f.exprs[id] == nil {
		return nil
	}
	return f.exprs[id].concrete(in)
}
