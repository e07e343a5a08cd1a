package stdgolang

import (
	"fmt"
	"reflect"
	"unicode"
	"unicode/utf8"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// naming says under which names a template finds the fields of a struct.
type naming uint8

const (
	upperCase naming = iota // with an upper-case first letter
	bothCases               // as they are as well
)

var (
	anyType    = reflect.TypeFor[any]()
	fieldsType = reflect.TypeFor[map[string]any]()
	errorType  = reflect.TypeFor[error]()
)

// goType returns the Go type in which a template sees values of type t. What is in a
// map or struct is seen as any. A struct is a map of its fields, since its own names
// are not exported ones; only as the key of a map it has to be a Go struct.
func goType(t *types.Type) reflect.Type {
	switch t.Kind {
	case types.KindBool:
		return reflect.TypeFor[bool]()
	case types.KindStr:
		return reflect.TypeFor[string]()
	case types.KindInt:
		return reflect.TypeFor[int64]()
	case types.KindFloat:
		return reflect.TypeFor[float64]()
	case types.KindList:
		return reflect.SliceOf(goType(t.Elem))
	case types.KindMap:
		return reflect.MapOf(keyType(t.Key), anyType)
	case types.KindStruct:
		return fieldsType
	}
	return anyType
}

func keyType(t *types.Type) reflect.Type {
	if t.Kind != types.KindStruct {
		return goType(t)
	}
	fields := make([]reflect.StructField, len(t.Fields))
	for i, f := range t.Fields {
		fields[i] = reflect.StructField{Name: exported(f.Name), Type: keyType(f.Type)}
	}
	return reflect.StructOf(fields)
}

// exported returns the name with an upper-case first letter. A field name begins with
// a letter.
func exported(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[n:]
}

// toTemplate returns v as a template sees it.
func toTemplate(v types.Value, t *types.Type, names naming) reflect.Value {
	switch v := v.(type) {
	case *types.List:
		out := reflect.MakeSlice(goType(t), len(v.Elems), len(v.Elems))
		for i, e := range v.Elems {
			out.Index(i).Set(toTemplate(e, t.Elem, names))
		}
		return out
	case *types.Map:
		out := reflect.MakeMapWithSize(goType(t), v.Len())
		for _, e := range v.Entries() {
			out.SetMapIndex(toKey(e.Key, t.Key), toTemplate(e.Value, t.Elem, names))
		}
		return out
	case *types.Struct:
		out := make(map[string]any, len(v.Elems))
		for i, f := range t.Fields {
			x := toTemplate(v.Elems[i], f.Type, names).Interface()
			if names == bothCases {
				out[f.Name] = x
			}
			out[exported(f.Name)] = x
		}
		return reflect.ValueOf(out)
	}
	return reflect.ValueOf(types.ToGo(v))
}

func toKey(v types.Value, t *types.Type) reflect.Value {
	s, ok := v.(*types.Struct)
	if !ok {
		return reflect.ValueOf(types.ToGo(v))
	}
	out := reflect.New(keyType(t)).Elem()
	for i, f := range t.Fields {
		out.Field(i).Set(toKey(s.Elems[i], f.Type))
	}
	return out
}

// templateFunc returns a Go function that calls f. Its Go type lets package
// text/template check and convert the arguments.
func templateFunc(f *funcs.Function, m mode) any {
	sig := f.Sigs[0]
	in := make([]reflect.Type, len(sig.Fields))
	for i, p := range sig.Fields {
		in[i] = paramType(p.Type)
	}
	out := goType(sig.Elem)
	call := f.Pure
	if call == nil {
		place := &funcs.Call{Sig: sig, Caught: m.caught}
		call = func(args []types.Value) (types.Value, error) { return f.Impure(place, args) }
	}
	fn := func(args []reflect.Value) []reflect.Value {
		v, err := callWith(call, sig, args)
		if err != nil {
			return []reflect.Value{reflect.Zero(out), reflect.ValueOf(&err).Elem()}
		}
		return []reflect.Value{toTemplate(v, sig.Elem, m.fields), reflect.Zero(errorType)}
	}
	return reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{out, errorType}, false), fn).Interface()
}

// paramType is as goType, but the values of a map have their own type.
func paramType(t *types.Type) reflect.Type {
	if t.Kind == types.KindMap {
		return reflect.MapOf(keyType(t.Key), paramType(t.Elem))
	}
	return goType(t)
}

func callWith(call func([]types.Value) (types.Value, error), sig *types.Type, args []reflect.Value) (types.Value, error) {
	values := make([]types.Value, len(args))
	for i, a := range args {
		v, err := types.FromGo(a.Interface(), sig.Fields[i].Type)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
		values[i] = v
	}
	return call(values)
}
