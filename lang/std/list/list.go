// Package stdlist has the module list.
package stdlist

import (
	"mgmt/lang/funcs"
	stdcore "mgmt/lang/std/core"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module list.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "list",
		Doc:  "Functions of lists.",
		Funcs: []*funcs.Function{
			{
				Name:     "concat",
				Doc:      "Joins lists, at least one.",
				Sigs:     table.Sig("func(a []?1, b []?1) []?1"),
				Variadic: true,
				Pure:     concat,
			},
			{
				Name: "lookup",
				Doc:  "Returns the element of the list at the index, from 0. That there is none is an error that <|> catches.",
				Sigs: table.Sig("func(list []?1, index int) ?1"),
				Pure: stdcore.ListLookup,
			},
		},
	}
}

func concat(args []types.Value) (types.Value, error) {
	n := 0
	for _, a := range args {
		n += len(a.(*types.List).Elems)
	}
	elems := make([]types.Value, 0, n)
	for _, a := range args {
		elems = append(elems, a.(*types.List).Elems...)
	}
	return types.NewList(elems...), nil
}
