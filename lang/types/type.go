package types

import (
	"strconv"
	"strings"
)

// A Kind is the outermost form of a type.
type Kind uint8

// The kinds of types.
const (
	KindInvalid Kind = iota
	KindBool
	KindStr
	KindInt
	KindFloat
	KindList
	KindMap
	KindStruct
	KindFunc
	KindVariant // a field that takes anything; no expression has it
	KindVar     // a type variable of a signature
)

// A Type is a type. Types are immutable and compared with [Identical].
type Type struct {
	Kind   Kind
	Elem   *Type   // of a list; of the values of a map; the result of a function
	Key    *Type   // of a map
	Fields []Field // of a struct; the parameters of a function
	Var    int     // number of a type variable, from 1
}

// A Field is a field of a struct, or a parameter of a function, whose name has no
// part in the identity of the type.
type Field struct {
	Name string
	Type *Type
}

// The types without parts.
var (
	TBool    = &Type{Kind: KindBool}
	TStr     = &Type{Kind: KindStr}
	TInt     = &Type{Kind: KindInt}
	TFloat   = &Type{Kind: KindFloat}
	TVariant = &Type{Kind: KindVariant}
)

// ListOf returns the type []elem.
func ListOf(elem *Type) *Type { return &Type{Kind: KindList, Elem: elem} }

// MapOf returns the type map{key: value}.
func MapOf(key, value *Type) *Type { return &Type{Kind: KindMap, Key: key, Elem: value} }

// StructOf returns the struct type with the fields.
func StructOf(fields ...Field) *Type { return &Type{Kind: KindStruct, Fields: fields} }

// FuncOf returns the type of functions from params to result.
func FuncOf(params []Field, result *Type) *Type {
	return &Type{Kind: KindFunc, Fields: params, Elem: result}
}

// Var returns type variable ?n.
func Var(n int) *Type { return &Type{Kind: KindVar, Var: n} }

// Identical reports whether a and b are the same type. Struct fields must agree in
// name, order and type; parameter names are ignored.
func Identical(a, b *Type) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Kind != b.Kind || a.Var != b.Var || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Fields {
		if a.Kind == KindStruct && a.Fields[i].Name != b.Fields[i].Name {
			return false
		}
		if !Identical(a.Fields[i].Type, b.Fields[i].Type) {
			return false
		}
	}
	return Identical(a.Elem, b.Elem) && Identical(a.Key, b.Key)
}

// Hashable reports whether values of the type may be the keys of a map.
func (t *Type) Hashable() bool {
	switch t.Kind {
	case KindBool, KindStr, KindInt, KindFloat:
		return true
	case KindStruct:
		for _, f := range t.Fields {
			if !f.Type.Hashable() {
				return false
			}
		}
		return true
	}
	return false
}

// HasFunc reports whether a function type is anywhere in the type.
func (t *Type) HasFunc() bool {
	if t == nil {
		return false
	}
	if t.Kind == KindFunc || t.Elem.HasFunc() || t.Key.HasFunc() {
		return true
	}
	for _, f := range t.Fields {
		if f.Type.HasFunc() {
			return true
		}
	}
	return false
}

// String prints the type as it is written in a program, type variables as ?1.
func (t *Type) String() string {
	var b strings.Builder
	t.print(&b)
	return b.String()
}

func (t *Type) print(b *strings.Builder) {
	if t == nil {
		b.WriteString("?")
		return
	}
	switch t.Kind {
	case KindBool:
		b.WriteString("bool")
	case KindStr:
		b.WriteString("str")
	case KindInt:
		b.WriteString("int")
	case KindFloat:
		b.WriteString("float")
	case KindVariant:
		b.WriteString("variant")
	case KindVar:
		b.WriteByte('?')
		b.WriteString(strconv.Itoa(t.Var))
	case KindList:
		b.WriteString("[]")
		t.Elem.print(b)
	case KindMap:
		b.WriteString("map{")
		t.Key.print(b)
		b.WriteString(": ")
		t.Elem.print(b)
		b.WriteByte('}')
	case KindStruct:
		b.WriteString("struct{")
		for i, f := range t.Fields {
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(f.Name)
			b.WriteByte(' ')
			f.Type.print(b)
		}
		b.WriteByte('}')
	case KindFunc:
		b.WriteString("func(")
		for i, f := range t.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			if f.Name != "" {
				b.WriteString(f.Name)
				b.WriteByte(' ')
			}
			f.Type.print(b)
		}
		b.WriteString(") ")
		t.Elem.print(b)
	default:
		b.WriteString("?")
	}
}
