// Package stdvalue has the module value: what value resources of this host stored.
package stdvalue

import (
	"context"
	"errors"
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module value.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "value",
		Doc:  "What the value resources of this host stored. It survives restarts.",
		Funcs: []*funcs.Function{
			get("get", "?1", "a value of the type that the context asks for"),
			get("get_bool", "bool", "a bool"),
			get("get_str", "str", "a string"),
			get("get_int", "int", "an int"),
			get("get_float", "float", "a float"),
		},
	}
}

func get(name, typ, what string) *funcs.Function {
	return &funcs.Function{
		Name: name,
		Doc: fmt.Sprintf("Returns what the value resource with the name stored last, %s, and whether there is something; before that, the zero value. "+
			"A stored value of another type is an error. The key stays the same while the program runs.", what),
		Sigs:   table.Sig("func(key str) struct{value " + typ + "; ready bool}"),
		Fixed:  true,
		Source: watch,
	}
}

var names = []string{"value", "ready"}

func watch(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	key := string(args[0].(types.Str))
	if key == "" {
		return errors.New("the key is empty")
	}
	want := call.Sig.Elem.Fields[0].Type
	return call.Host.Local.WatchValue(ctx, key, func(stored any) {
		v, err := types.Zero(want), error(nil)
		if stored != nil {
			v, err = types.FromGo(stored, want)
		}
		if err != nil {
			emit(nil, fmt.Errorf("the value stored as %q: %w", key, err))
			return
		}
		emit(&types.Struct{Names: names, Elems: []types.Value{v, types.Bool(stored != nil)}}, nil)
	})
}
