// Package stdlocal has the module local: what this host keeps for programs.
package stdlocal

import (
	"fmt"
	"path"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module local.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "local",
		Doc:  "What this host keeps for programs.",
		Funcs: []*funcs.Function{
			{
				Name:      "pool",
				Doc:       "Returns a small number from 1 on that is different for each uid of the namespace, and the same whenever it is asked for. Both are names without a slash.",
				Sigs:      table.Sig("func(namespace str, uid str) int"),
				Impure:    pool,
				Publishes: true,
			},
			{
				Name:      "vardir",
				Doc:       "Makes a directory for the program and returns its absolute path. The argument is relative and ends with a slash.",
				Sigs:      table.Sig("func(path str) str"),
				Impure:    vardir,
				Publishes: true,
			},
		},
	}
}

func pool(call *funcs.Call, args []types.Value) (types.Value, error) {
	n, err := call.Host.Local.Pool(string(args[0].(types.Str)), string(args[1].(types.Str)))
	if err != nil {
		return nil, err
	}
	return types.Int(n), nil
}

func vardir(call *funcs.Call, args []types.Value) (types.Value, error) {
	rel := string(args[0].(types.Str))
	if strings.HasPrefix(rel, "/") || !strings.HasSuffix(rel, "/") {
		return nil, fmt.Errorf("the path %q is not relative or does not end with /", rel)
	}
	if strings.Contains("/"+rel, "/../") {
		return nil, fmt.Errorf("the path %q leads elsewhere", rel)
	}
	dir, err := call.Host.Local.VarDir(path.Join("functions", rel))
	if err != nil {
		return nil, err
	}
	return types.Str(dir), nil
}
