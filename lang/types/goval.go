package types

import (
	"fmt"
	"math"
	"reflect"
)

// ToGo returns v as plain Go data: bool, string, int64, float64, []any, and
// map[string]any for a struct or a map with string keys. Any other map is a [][2]any, pairs
// of key and value. A function has no Go form and stays what it is.
func ToGo(v Value) any {
	switch v := v.(type) {
	case Bool:
		return bool(v)
	case Str:
		return string(v)
	case Int:
		return int64(v)
	case Float:
		return float64(v)
	case *List:
		out := make([]any, len(v.Elems))
		for i, e := range v.Elems {
			out[i] = ToGo(e)
		}
		return out
	case *Map:
		return mapToGo(v)
	case *Struct:
		out := make(map[string]any, len(v.Elems))
		for i, e := range v.Elems {
			out[v.Names[i]] = ToGo(e)
		}
		return out
	}
	return v
}

func mapToGo(m *Map) any {
	if len(m.entries) > 0 && m.entries[0].Key.Kind() != KindStr {
		out := make([][2]any, len(m.entries))
		for i, e := range m.entries {
			out[i] = [2]any{ToGo(e.Key), ToGo(e.Value)}
		}
		return out
	}
	out := make(map[string]any, len(m.entries))
	for _, e := range m.entries {
		out[string(e.Key.(Str))] = ToGo(e.Value)
	}
	return out
}

// FromGo returns Go data as a value of type t. It takes what [ToGo] returns, and
// besides that any Go type of a fitting shape: all sizes of numbers that lose nothing,
// pointers, slices, maps, and structs by the names of their fields. A [Value] is
// returned as it is if it has type t.
func FromGo(x any, t *Type) (Value, error) {
	if v, ok := x.(Value); ok {
		if !HasType(v, t) {
			return nil, fmt.Errorf("%v is no %v", v, t)
		}
		return v, nil
	}
	return fromReflect(reflect.ValueOf(x), t)
}

func fromReflect(x reflect.Value, t *Type) (Value, error) {
	for x.IsValid() && (x.Kind() == reflect.Pointer || x.Kind() == reflect.Interface) {
		x = x.Elem()
	}
	if !x.IsValid() {
		return nil, fmt.Errorf("nil is no %v", t)
	}
	switch t.Kind {
	case KindBool:
		if x.Kind() == reflect.Bool {
			return Bool(x.Bool()), nil
		}
	case KindStr:
		if x.Kind() == reflect.String {
			return Str(x.String()), nil
		}
	case KindInt:
		if x.CanInt() {
			return Int(x.Int()), nil
		}
		if x.CanUint() && x.Uint() <= math.MaxInt64 {
			return Int(x.Uint()), nil
		}
	case KindFloat:
		if x.CanFloat() {
			return Float(x.Float()), nil
		}
	case KindList:
		if x.Kind() == reflect.Slice || x.Kind() == reflect.Array {
			return listFromReflect(x, t)
		}
	case KindMap:
		return mapFromReflect(x, t)
	case KindStruct:
		return structFromReflect(x, t)
	}
	return nil, fmt.Errorf("%v is no %v", x.Interface(), t)
}

func listFromReflect(x reflect.Value, t *Type) (Value, error) {
	out := &List{Elems: make([]Value, x.Len())}
	for i := range out.Elems {
		v, err := fromReflect(x.Index(i), t.Elem)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		out.Elems[i] = v
	}
	return out, nil
}

func mapFromReflect(x reflect.Value, t *Type) (Value, error) {
	var entries []Entry
	add := func(key, value reflect.Value) error {
		k, err := fromReflect(key, t.Key)
		if err != nil {
			return fmt.Errorf("key: %w", err)
		}
		v, err := fromReflect(value, t.Elem)
		if err != nil {
			return fmt.Errorf("at %v: %w", k, err)
		}
		entries = append(entries, Entry{k, v})
		return nil
	}
	switch x.Kind() {
	case reflect.Map:
		for it := x.MapRange(); it.Next(); {
			if err := add(it.Key(), it.Value()); err != nil {
				return nil, err
			}
		}
	case reflect.Slice:
		for _, e := range x.Seq2() {
			if e.Kind() == reflect.Interface {
				e = e.Elem()
			}
			if e.Kind() != reflect.Slice && e.Kind() != reflect.Array || e.Len() != 2 {
				return nil, fmt.Errorf("%v is no pair of a key and a value", e)
			}
			if err := add(e.Index(0), e.Index(1)); err != nil {
				return nil, err
			}
		}
	default:
		return nil, fmt.Errorf("%v is no %v", x.Interface(), t)
	}
	return NewMap(entries), nil
}

func structFromReflect(x reflect.Value, t *Type) (Value, error) {
	field, count := structFields(x)
	if field == nil {
		return nil, fmt.Errorf("%v is no %v", x.Interface(), t)
	}
	if count != len(t.Fields) {
		return nil, fmt.Errorf("%d fields where %v is wanted", count, t)
	}
	out := &Struct{Names: t.FieldNames(), Elems: make([]Value, len(t.Fields))}
	for i, f := range t.Fields {
		part := field(f.Name)
		if !part.IsValid() {
			return nil, fmt.Errorf("field %s of %v is missing", f.Name, t)
		}
		v, err := fromReflect(part, f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		out.Elems[i] = v
	}
	return out, nil
}

// structFields returns how to get at the named parts of a Go struct or map, and how
// many there are.
func structFields(x reflect.Value) (field func(name string) reflect.Value, count int) {
	switch {
	case x.Kind() == reflect.Struct:
		return x.FieldByName, x.NumField()
	case x.Kind() == reflect.Map && x.Type().Key().Kind() == reflect.String:
		key := x.Type().Key()
		return func(name string) reflect.Value {
			return x.MapIndex(reflect.ValueOf(name).Convert(key))
		}, x.Len()
	}
	return nil, 0
}

// HasType reports whether v is a value of type t. Of a function only the kind is known.
func HasType(v Value, t *Type) bool {
	if v == nil || v.Kind() != t.Kind {
		return false
	}
	switch v := v.(type) {
	case *List:
		return allHaveType(v.Elems, func(int) *Type { return t.Elem })
	case *Map:
		for _, e := range v.entries {
			if !HasType(e.Key, t.Key) || !HasType(e.Value, t.Elem) {
				return false
			}
		}
	case *Struct:
		if len(v.Elems) != len(t.Fields) {
			return false
		}
		for i, f := range t.Fields {
			if v.Names[i] != f.Name {
				return false
			}
		}
		return allHaveType(v.Elems, func(i int) *Type { return t.Fields[i].Type })
	}
	return true
}

func allHaveType(elems []Value, t func(i int) *Type) bool {
	for i, e := range elems {
		if !HasType(e, t(i)) {
			return false
		}
	}
	return true
}
