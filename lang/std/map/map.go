// Package stdmap has the module map.
package stdmap

import (
	"mgmt/lang/funcs"
	stdcore "mgmt/lang/std/core"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module map.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "map",
		Doc:  "Functions of maps.",
		Funcs: []*funcs.Function{
			{
				Name: "keys",
				Doc:  "Returns the keys of the map in their order.",
				Sigs: table.Sig("func(x map{?1: ?2}) []?1"),
				Pure: each(func(e types.Entry) types.Value { return e.Key }),
			},
			{
				Name: "values",
				Doc:  "Returns the values of the map in the order of their keys.",
				Sigs: table.Sig("func(x map{?1: ?2}) []?2"),
				Pure: each(func(e types.Entry) types.Value { return e.Value }),
			},
			{
				Name: "lookup",
				Doc:  "Returns the value of the map at the key. That there is none is an error that <|> catches.",
				Sigs: table.Sig("func(map map{?1: ?2}, key ?1) ?2"),
				Pure: stdcore.MapLookup,
			},
		},
	}
}

// each returns a function that lists a part of all entries.
func each(part func(types.Entry) types.Value) table.Func {
	return func(args []types.Value) (types.Value, error) {
		entries := args[0].(*types.Map).Entries()
		elems := make([]types.Value, len(entries))
		for i, e := range entries {
			elems[i] = part(e)
		}
		return types.NewList(elems...), nil
	}
}
