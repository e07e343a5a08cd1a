// Package table helps to write the tables of the standard library: it reads
// signatures, and makes Go functions of native types into functions of the language.
//
// A row of a table that needs nothing special looks like this:
//
//	{
//		Name: "has_prefix",
//		Doc:  "Reports whether s begins with prefix.",
//		Sigs: table.Sig("func(s str, prefix str) bool"),
//		Pure: table.Pure2(strings.HasPrefix),
//	}
package table

import (
	"fmt"

	"mgmt/lang/types"
)

// A Func is the form of a pure function in a table.
type Func = func(args []types.Value) (types.Value, error)

// Sig returns the signatures of an entry, given as the text of types.
func Sig(texts ...string) []*types.Type {
	sigs := make([]*types.Type, len(texts))
	for i, text := range texts {
		sigs[i] = types.MustParse(text)
	}
	return sigs
}

// Native are the Go types that values convert to and from.
type Native interface {
	bool | string | int | int64 | float64 | []byte | []string
}

// Pure0 makes f, which takes nothing, a function of the language; Pure1 and so on do
// the same for more arguments. The types of f have to fit the signature of the entry.
func Pure0[R Native](f func() R) Func {
	r := writer[R]()
	return func([]types.Value) (types.Value, error) { return r(f()), nil }
}

// Pure1 is as [Pure0], for one argument.
func Pure1[A, R Native](f func(A) R) Func {
	a, r := reader[A](), writer[R]()
	return func(args []types.Value) (types.Value, error) { return r(f(a(args[0]))), nil }
}

// Pure2 is as [Pure0], for two arguments.
func Pure2[A, B, R Native](f func(A, B) R) Func {
	a, b, r := reader[A](), reader[B](), writer[R]()
	return func(args []types.Value) (types.Value, error) { return r(f(a(args[0]), b(args[1]))), nil }
}

// Pure3 is as [Pure0], for three arguments.
func Pure3[A, B, C, R Native](f func(A, B, C) R) Func {
	a, b, c, r := reader[A](), reader[B](), reader[C](), writer[R]()
	return func(args []types.Value) (types.Value, error) {
		return r(f(a(args[0]), b(args[1]), c(args[2]))), nil
	}
}

// Pure4 is as [Pure0], for four arguments.
func Pure4[A, B, C, D, R Native](f func(A, B, C, D) R) Func {
	a, b, c, d, r := reader[A](), reader[B](), reader[C](), reader[D](), writer[R]()
	return func(args []types.Value) (types.Value, error) {
		return r(f(a(args[0]), b(args[1]), c(args[2]), d(args[3]))), nil
	}
}

// Try0 is as [Pure0], for a function that may fail; Try1 and so on for more arguments.
func Try0[R Native](f func() (R, error)) Func {
	r := writer[R]()
	return func([]types.Value) (types.Value, error) { return try(f())(r) }
}

// Try1 is as [Try0], for one argument.
func Try1[A, R Native](f func(A) (R, error)) Func {
	a, r := reader[A](), writer[R]()
	return func(args []types.Value) (types.Value, error) { return try(f(a(args[0])))(r) }
}

// Try2 is as [Try0], for two arguments.
func Try2[A, B, R Native](f func(A, B) (R, error)) Func {
	a, b, r := reader[A](), reader[B](), writer[R]()
	return func(args []types.Value) (types.Value, error) { return try(f(a(args[0]), b(args[1])))(r) }
}

// Try3 is as [Try0], for three arguments.
func Try3[A, B, C, R Native](f func(A, B, C) (R, error)) Func {
	a, b, c, r := reader[A](), reader[B](), reader[C](), writer[R]()
	return func(args []types.Value) (types.Value, error) {
		return try(f(a(args[0]), b(args[1]), c(args[2])))(r)
	}
}

// try holds the results of a call until it is known how to write them.
func try[R Native](x R, err error) func(func(R) types.Value) (types.Value, error) {
	return func(r func(R) types.Value) (types.Value, error) {
		if err != nil {
			return nil, err
		}
		return r(x), nil
	}
}

// reader returns the conversion from a value to T, chosen once so that a call costs no
// reflection.
func reader[T Native]() func(types.Value) T {
	var f any
	switch any(*new(T)).(type) {
	case bool:
		f = func(v types.Value) bool { return bool(v.(types.Bool)) }
	case string:
		f = func(v types.Value) string { return string(v.(types.Str)) }
	case int:
		f = func(v types.Value) int { return int(v.(types.Int)) }
	case int64:
		f = func(v types.Value) int64 { return int64(v.(types.Int)) }
	case float64:
		f = func(v types.Value) float64 { return float64(v.(types.Float)) }
	case []byte:
		f = func(v types.Value) []byte { return []byte(v.(types.Str)) }
	case []string:
		f = func(v types.Value) []string { return v.(*types.List).Strs() }
	}
	return f.(func(types.Value) T)
}

// writer is the opposite of reader.
func writer[T Native]() func(T) types.Value {
	var f any
	switch any(*new(T)).(type) {
	case bool:
		f = func(x bool) types.Value { return types.Bool(x) }
	case string:
		f = func(x string) types.Value { return types.Str(x) }
	case int:
		f = func(x int) types.Value { return types.Int(x) }
	case int64:
		f = func(x int64) types.Value { return types.Int(x) }
	case float64:
		f = func(x float64) types.Value { return types.Float(x) }
	case []byte:
		f = func(x []byte) types.Value { return types.Str(x) }
	case []string:
		f = func(x []string) types.Value { return types.NewStrs(x) }
	}
	return f.(func(T) types.Value)
}

// NoFunc is a check of signatures that refuses functions in what is passed.
func NoFunc(sig *types.Type) error {
	for _, p := range sig.Fields {
		if p.Type.HasFunc() {
			return fmt.Errorf("functions cannot be compared or printed, but the argument has type %v", p.Type)
		}
	}
	return nil
}
