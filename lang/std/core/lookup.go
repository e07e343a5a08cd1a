package stdcore

import (
	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

const (
	listSig = "func(list []?1, index int) ?1"
	mapSig  = "func(map map{?1: ?2}, key ?1) ?2"
)

func lookups() []*funcs.Function {
	return []*funcs.Function{
		{
			Name: "_index",
			Doc:  "Looks an element up in a list by its index from 0, or in a map by its key. That there is none is an error that <|> catches.",
			Sigs: table.Sig(listSig, mapSig),
			Pure: func(args []types.Value) (types.Value, error) {
				if _, ok := args[0].(*types.List); ok {
					return ListLookup(args)
				}
				return MapLookup(args)
			},
		},
		{
			Name: "list_lookup",
			Doc:  "Returns the element of the list at the index, from 0. That there is none is an error that <|> catches.",
			Sigs: table.Sig(listSig),
			Pure: ListLookup,
		},
		{
			Name: "map_lookup",
			Doc:  "Returns the value of the map at the key. That there is none is an error that <|> catches.",
			Sigs: table.Sig(mapSig),
			Pure: MapLookup,
		},
	}
}

// ListLookup is the function list_lookup, and list.lookup.
func ListLookup(args []types.Value) (types.Value, error) {
	list, i := args[0].(*types.List), args[1].(types.Int)
	if i < 0 || i >= types.Int(len(list.Elems)) {
		return nil, types.Catchf("index %d is outside of a list of %d", i, len(list.Elems))
	}
	return list.Elems[i], nil
}

// MapLookup is the function map_lookup, and map.lookup.
func MapLookup(args []types.Value) (types.Value, error) {
	if v, ok := args[0].(*types.Map).Get(args[1]); ok {
		return v, nil
	}
	return nil, types.Catchf("the map has no key %s", types.AppendQuoted(nil, args[1]))
}
