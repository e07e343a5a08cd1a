// Package stdsys has the module sys: the machine and the environment of the process.
// What the kernel tells is read, and watched, in kernel_linux.go; elsewhere these
// functions are errors.
package stdsys

import (
	"os"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module sys.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "sys",
		Doc:  "The machine, and the environment of the process.",
		Funcs: []*funcs.Function{
			{
				Name:   "cpu_count",
				Doc:    "Returns the number of processors that are online. It follows changes.",
				Sigs:   table.Sig("func() int"),
				Source: cpuCount,
			},
			{
				Name:   "env",
				Doc:    "Returns all environment variables of the process.",
				Sigs:   table.Sig("func() map{str: str}"),
				Impure: env,
			},
			{
				Name:   "getenv",
				Doc:    "Returns the value of an environment variable. One that is not set is an error that <|> catches, or empty where the call does not stand on the left of a <|>.",
				Sigs:   table.Sig("func(str) str"),
				Impure: getenv,
			},
			{
				Name:   "defaultenv",
				Doc:    "Returns the value of an environment variable, or the second argument if it is not set.",
				Sigs:   table.Sig("func(str, str) str"),
				Impure: defaultenv,
			},
			{
				Name:   "hasenv",
				Doc:    "Reports whether an environment variable is set.",
				Sigs:   table.Sig("func(str) bool"),
				Impure: hasenv,
			},
			{
				Name:   "hostname",
				Doc:    "Returns the host name that the kernel has. It follows changes. The name that the agent was started with is in $hostname.",
				Sigs:   table.Sig("func() str"),
				Source: hostname,
			},
			{
				Name:   "load",
				Doc:    "Returns the average number of runnable processes over the last minute, five and fifteen minutes, every five seconds.",
				Sigs:   table.Sig("func() struct{x1 float; x5 float; x15 float}"),
				Source: load,
			},
			{
				Name:   "uptime",
				Doc:    "Returns the seconds since the machine was started, every second.",
				Sigs:   table.Sig("func() int"),
				Source: uptime,
			},
		},
	}
}

func env(*funcs.Call, []types.Value) (types.Value, error) {
	vars := os.Environ()
	entries := make([]types.Entry, 0, len(vars))
	for _, v := range vars {
		if name, value, ok := strings.Cut(v, "="); ok && name != "" {
			entries = append(entries, types.Entry{Key: types.Str(name), Value: types.Str(value)})
		}
	}
	return types.NewMap(entries), nil
}

func getenv(call *funcs.Call, args []types.Value) (types.Value, error) {
	name := string(args[0].(types.Str))
	value, set := os.LookupEnv(name)
	if !set && call.Caught {
		return nil, types.Catchf("the environment variable %s is not set", name)
	}
	return types.Str(value), nil
}

func defaultenv(_ *funcs.Call, args []types.Value) (types.Value, error) {
	if value, set := os.LookupEnv(string(args[0].(types.Str))); set {
		return types.Str(value), nil
	}
	return args[1], nil
}

func hasenv(_ *funcs.Call, args []types.Value) (types.Value, error) {
	_, set := os.LookupEnv(string(args[0].(types.Str)))
	return types.Bool(set), nil
}
