// Package stdos has the module os: files, users, the distribution and other programs.
package stdos

import (
	"os"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module os.
func Module() *funcs.Module {
	m := &funcs.Module{
		Path: "os",
		Doc:  "Files, users, the distribution and other programs.",
		Consts: map[string]types.Value{
			"family_redhat":    types.Str("redhat"),
			"family_debian":    types.Str("debian"),
			"family_archlinux": types.Str("archlinux"),
		},
		Funcs: []*funcs.Function{
			{
				Name:   "args",
				Doc:    "Returns the command line of the process, its own name first.",
				Sigs:   table.Sig("func() []str"),
				Impure: impure(table.Pure0(func() []string { return os.Args })),
			},
			{
				Name: "system",
				Doc: "Runs cmd in a shell. Each line that it prints is a new value, and the last one stays; without any there is no value. " +
					"What it prints to standard error is logged. Its exit status is ignored. When cmd changes, the old command is stopped first.",
				Sigs:      table.Sig("func(cmd str) str"),
				Source:    system,
				Publishes: true,
			},
		},
	}
	m.Funcs = append(m.Funcs, files()...)
	m.Funcs = append(m.Funcs, users()...)
	m.Funcs = append(m.Funcs, distribution()...)
	return m
}

// impure makes the function of a table one that reads the host.
func impure(f table.Func) func(*funcs.Call, []types.Value) (types.Value, error) {
	return func(_ *funcs.Call, args []types.Value) (types.Value, error) { return f(args) }
}
