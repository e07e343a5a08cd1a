package types

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// A Value is an immutable datum of the language.
type Value interface {
	// Kind tells which of the concrete types of this package the value has.
	Kind() Kind
	// String is the text form: what %v prints for the value on its own.
	String() string
}

// The scalar values.
type (
	Bool  bool
	Str   string
	Int   int64
	Float float64
)

// A List is an ordered sequence of values of one type.
type List struct{ Elems []Value }

// A Map is a set of entries, kept sorted by key (see [Compare]).
type Map struct{ entries []Entry }

// An Entry is a key and its value in a map.
type Entry struct{ Key, Value Value }

// A Struct is a row of named fields. Values of one type may share Names.
type Struct struct {
	Names []string
	Elems []Value
}

// A Func is a function value. Two are the same when they come from the same
// function literal and captured the same values.
type Func struct {
	// Call applies the function. It is nil when the body contains an event source
	// and so has to be built into the flow graph.
	Call func(args []Value) (Value, error)
	// Code identifies the function literal, Captured holds the values it closed over,
	// and Frame is what Code needs of the place where it was made.
	Code     any
	Captured []Value
	Frame    any
}

func (Bool) Kind() Kind    { return KindBool }
func (Str) Kind() Kind     { return KindStr }
func (Int) Kind() Kind     { return KindInt }
func (Float) Kind() Kind   { return KindFloat }
func (*List) Kind() Kind   { return KindList }
func (*Map) Kind() Kind    { return KindMap }
func (*Struct) Kind() Kind { return KindStruct }
func (*Func) Kind() Kind   { return KindFunc }

// NewList returns a list of the elements, which it keeps.
func NewList(elems ...Value) *List { return &List{Elems: elems} }

// NewStrs returns a list of strings.
func NewStrs(elems []string) *List {
	l := &List{Elems: make([]Value, len(elems))}
	for i, s := range elems {
		l.Elems[i] = Str(s)
	}
	return l
}

// Strs returns the elements of a list of strings.
func (l *List) Strs() []string {
	out := make([]string, len(l.Elems))
	for i, v := range l.Elems {
		out[i] = string(v.(Str))
	}
	return out
}

// NewMap returns a map of the entries. Of entries with equal keys the last one
// counts. It keeps and reorders the slice.
func NewMap(entries []Entry) *Map {
	slices.SortStableFunc(entries, func(a, b Entry) int { return Compare(a.Key, b.Key) })
	out := entries[:0]
	for _, e := range entries {
		if n := len(out); n > 0 && Compare(out[n-1].Key, e.Key) == 0 {
			out[n-1] = e
			continue
		}
		out = append(out, e)
	}
	return &Map{entries: out}
}

// With returns a map that differs from m in some entries: one without a value is to be gone. It
// reorders the slice. Each key is in it once.
func (m *Map) With(changed []Entry) *Map {
	slices.SortFunc(changed, func(a, b Entry) int { return Compare(a.Key, b.Key) })
	out := make([]Entry, 0, len(m.entries)+len(changed))
	rest := m.entries
	for _, e := range changed {
		at, found := search(rest, e.Key)
		out = append(out, rest[:at]...)
		if rest = rest[at:]; found {
			rest = rest[1:]
		}
		if e.Value != nil {
			out = append(out, e)
		}
	}
	return &Map{entries: append(out, rest...)}
}

// search returns where an entry of the key is, or would be.
func search(entries []Entry, key Value) (at int, found bool) {
	at = sort.Search(len(entries), func(i int) bool { return Compare(entries[i].Key, key) >= 0 })
	return at, at < len(entries) && Compare(entries[at].Key, key) == 0
}

// Len returns the number of entries.
func (m *Map) Len() int { return len(m.entries) }

// Entries returns the entries in the order of their keys; not to be modified.
func (m *Map) Entries() []Entry { return m.entries }

// Get returns the value at key.
func (m *Map) Get(key Value) (Value, bool) {
	if i, ok := m.Index(key); ok {
		return m.entries[i].Value, true
	}
	return nil, false
}

// Index returns the position of the entry at key among [Map.Entries].
func (m *Map) Index(key Value) (int, bool) {
	return search(m.entries, key)
}

// Field returns the value of the named field, or nil.
func (s *Struct) Field(name string) Value {
	for i, n := range s.Names {
		if n == name {
			return s.Elems[i]
		}
	}
	return nil
}

// Equal is the == of the language: deep, NaN unequal to itself, -0.0 equal to 0.0.
// Functions are equal when they are the [Same].
func Equal(a, b Value) bool { return equal(a, b, false) }

// Same reports whether a and b cannot be told apart by any program: like Equal,
// but NaN is the same as NaN, and -0.0 is not the same as 0.0.
func Same(a, b Value) bool { return equal(a, b, true) }

// equal is Same if same is set, and otherwise Equal. One and the same container is
// always Same, which saves the walk, but not always Equal: it may hold a NaN.
func equal(a, b Value, same bool) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case Float:
		b, ok := b.(Float)
		if !same {
			return ok && a == b
		}
		return ok && (math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || a != a && b != b)
	case *List:
		b, ok := b.(*List)
		return ok && (same && a == b || equalElems(a.Elems, b.Elems, same))
	case *Map:
		b, ok := b.(*Map)
		return ok && (same && a == b || equalEntries(a.entries, b.entries, same))
	case *Struct:
		b, ok := b.(*Struct)
		return ok && (same && a == b || slices.Equal(a.Names, b.Names) && equalElems(a.Elems, b.Elems, same))
	case *Func:
		b, ok := b.(*Func)
		return ok && (a == b || a.Code != nil && a.Code == b.Code && equalElems(a.Captured, b.Captured, same))
	}
	return a == b
}

func equalElems(a, b []Value, same bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i], same) {
			return false
		}
	}
	return true
}

func equalEntries(a, b []Entry, same bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i].Key, b[i].Key, same) || !equal(a[i].Value, b[i].Value, same) {
			return false
		}
	}
	return true
}

// Compare orders two values of one hashable type: numbers by value, strings by
// bytes, false before true, structs field by field. NaN comes first, and -0.0
// equals 0.0.
func Compare(a, b Value) int {
	switch a := a.(type) {
	case Bool:
		x, y := 0, 0
		if a {
			x = 1
		}
		if b.(Bool) {
			y = 1
		}
		return x - y
	case Str:
		return cmp.Compare(a, b.(Str))
	case Int:
		return cmp.Compare(a, b.(Int))
	case Float:
		return cmp.Compare(a, b.(Float))
	case *Struct:
		b := b.(*Struct)
		return slices.CompareFunc(a.Elems, b.Elems, Compare)
	}
	panic(fmt.Sprintf("types: %T is not hashable", a))
}

// catchable is an error that <|> replaces.
type catchable struct{ err error }

func (c *catchable) Error() string { return c.err.Error() }
func (c *catchable) Unwrap() error { return c.err }

// Catchf returns a catchable error.
func Catchf(format string, args ...any) error { return &catchable{fmt.Errorf(format, args...)} }

// Catch makes err catchable. A nil error stays nil.
func Catch(err error) error {
	if err == nil {
		return nil
	}
	return &catchable{err}
}

// Catchable reports whether <|> replaces the error.
func Catchable(err error) bool {
	var c *catchable
	return errors.As(err, &c)
}
