// Package stdcollect has the module world/collect: what can be collected.
package stdcollect

import (
	"context"
	"errors"
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
	"mgmt/world"
)

// Module returns the module world/collect.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "world/collect",
		Doc:  "What the hosts of a cluster export to each other.",
		Funcs: []*funcs.Function{{
			Name: "res",
			Doc: "Returns name and host of each resource of the kind that a host exports to this one, or to all. " +
				"A list made of it can be collected. The kind stays the same while the program runs.",
			Sigs:   table.Sig("func(kind str) []struct{name str; host str}"),
			Fixed:  true,
			Source: res,
		}},
	}
}

var fields = []string{"name", "host"}

func res(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	kind := string(args[0].(types.Str))
	switch {
	case kind == "":
		return errors.New("the kind is empty")
	case call.Host.HasKind != nil && !call.Host.HasKind(kind):
		return fmt.Errorf("there is no resource kind %q", kind)
	}
	return call.Host.World.WatchExports(ctx, kind, func(list []world.Export) {
		out := make([]types.Value, len(list))
		for i, e := range list {
			out[i] = &types.Struct{Names: fields, Elems: []types.Value{types.Str(e.Name), types.Str(e.From)}}
		}
		emit(&types.List{Elems: out}, nil)
	})
}
