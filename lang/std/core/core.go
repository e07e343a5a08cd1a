// Package stdcore has what a program can name without an import: the functions and
// constants of the module with the empty path, and the operators, which are entries of
// the same table under names that begin with an underscore.
package stdcore

import (
	"crypto/rand"
	"errors"
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module with the empty path.
func Module() *funcs.Module {
	m := &funcs.Module{
		Doc:    "What needs no import.",
		Consts: constants(),
	}
	m.Funcs = append(m.Funcs, operators()...)
	m.Funcs = append(m.Funcs, lookups()...)
	m.Funcs = append(m.Funcs, functions()...)
	return m
}

func functions() []*funcs.Function {
	return []*funcs.Function{
		{
			Name: "concat",
			Doc:  "Joins two strings.",
			Sigs: table.Sig("func(a str, b str) str"),
			Pure: table.Pure2(func(a, b string) string { return a + b }),
		},
		{
			Name:  "contains",
			Doc:   "Reports whether the list has an element equal to needle. The same as the operator in.",
			Sigs:  table.Sig("func(needle ?1, haystack []?1) bool"),
			Check: table.NoFunc,
			Pure:  contains,
		},
		{
			Name: "len",
			Doc:  "Returns the number of bytes of a string, of elements of a list, or of keys of a map.",
			Sigs: table.Sig("func(str) int", "func([]?1) int", "func(map{?1: ?2}) int"),
			Pure: length,
		},
		{
			Name: "panic",
			Doc:  "Stops the program with x as the message if x is true or not empty. Otherwise it returns false.",
			Sigs: table.Sig("func(x bool) bool", "func(x str) bool"),
			Impure: func(_ *funcs.Call, args []types.Value) (types.Value, error) {
				return panicIf(args[0], args[0].String())
			},
		},
		{
			Name: "panic_debug",
			Doc:  "Stops the program with the message err if x is true. Otherwise it returns false.",
			Sigs: table.Sig("func(x bool, err str) bool"),
			Impure: func(_ *funcs.Call, args []types.Value) (types.Value, error) {
				return panicIf(args[0], args[1].String())
			},
		},
		{
			Name:   "random1",
			Doc:    "Returns length random letters and digits from a cryptographic source, at most 65535. They stay the same until another length is asked for. Another number is an error.",
			Sigs:   table.Sig("func(length int) str"),
			Impure: random,
		},
		history,
	}
}

func contains(args []types.Value) (types.Value, error) {
	for _, e := range args[1].(*types.List).Elems {
		if types.Equal(args[0], e) {
			return types.Bool(true), nil
		}
	}
	return types.Bool(false), nil
}

func length(args []types.Value) (types.Value, error) {
	switch x := args[0].(type) {
	case types.Str:
		return types.Int(len(x)), nil
	case *types.List:
		return types.Int(len(x.Elems)), nil
	case *types.Map:
		return types.Int(x.Len()), nil
	}
	return nil, fmt.Errorf("len of %v: it is no string, list or map", args[0])
}

func panicIf(x types.Value, text string) (types.Value, error) {
	if x == types.Bool(false) || x == types.Str("") {
		return types.Bool(false), nil
	}
	return nil, errors.New(text)
}

func random(_ *funcs.Call, args []types.Value) (types.Value, error) {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	n := int64(args[0].(types.Int))
	if n < 0 || n > 65535 {
		return nil, fmt.Errorf("length %d is not between 0 and 65535", n)
	}
	out := make([]byte, 0, n)
	var pool [256]byte
	for int64(len(out)) < n {
		rand.Read(pool[:])
		for _, b := range pool {
			// Bytes past the last whole multiple of the alphabet would favour its head.
			if int(b) < 256/len(alphabet)*len(alphabet) && int64(len(out)) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return types.Str(out), nil
}
