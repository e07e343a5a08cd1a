// Package stdnested has the module example/nested.
package stdnested

import (
	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
)

// Module returns the module example/nested.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "example/nested",
		Doc:  "A module below another one, to try the language with.",
		Funcs: []*funcs.Function{{
			Name: "hello",
			Doc:  "Says hello.",
			Sigs: table.Sig("func() str"),
			Pure: table.Pure0(func() string { return "Hello!" }),
		}},
	}
}
