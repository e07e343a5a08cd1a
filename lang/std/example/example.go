// Package stdexample has the module example: small functions to try the language with.
// Part of it is written in the language itself, in example.mcl.
package stdexample

import (
	"context"
	_ "embed"
	"errors"
	"strconv"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

//go:embed example.mcl
var source string

// Module returns the module example.
func Module() *funcs.Module {
	return &funcs.Module{
		Path:   "example",
		Doc:    "Small functions to try the language with.",
		Source: source,
		Funcs: []*funcs.Function{
			{
				Name: "answer",
				Doc:  "The answer, 42.",
				Sigs: table.Sig("func() int"),
				Pure: table.Pure0(func() int { return 42 }),
			},
			{
				Name:   "errorbool",
				Doc:    "Fails if a is true, and otherwise says how to make it fail.",
				Sigs:   table.Sig("func(a bool) str"),
				Impure: errorbool,
			},
			{
				Name:   "flipflop",
				Doc:    "Alternates between true and false every five seconds, beginning with true.",
				Sigs:   table.Sig("func() bool"),
				Source: flipflop,
			},
			{
				Name: "int2str",
				Doc:  "Returns a in decimal.",
				Sigs: table.Sig("func(a int) str"),
				Pure: table.Pure1(strconv.Itoa),
			},
			{
				Name: "plus",
				Doc:  "Joins two strings.",
				Sigs: table.Sig("func(y str, z str) str"),
				Pure: table.Pure2(func(y, z string) string { return y + z }),
			},
			{
				Name: "str2int",
				Doc:  "Reads a decimal number. What is none gives 0.",
				Sigs: table.Sig("func(a str) int"),
				Pure: table.Pure1(str2int),
			},
			{
				Name:   "vumeter",
				Doc:    "Listens to the microphone once a second and repeats symbol in proportion to the loudness, multiplier times when it reaches peak. It needs the programs rec and sox.",
				Sigs:   table.Sig("func(symbol str, multiplier int, peak float) str"),
				Source: vumeter,
			},
		},
	}
}

func errorbool(_ *funcs.Call, args []types.Value) (types.Value, error) {
	if args[0].(types.Bool) {
		return nil, errors.New("the input is true")
	}
	return types.Str("set input to true to generate an error"), nil
}

func flipflop(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	ticker := time.NewTicker(5 * time.Second)
	defer ticker.Stop()
	for v := types.Bool(true); ; v = !v {
		emit(v, nil)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func str2int(s string) int64 {
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return i
}
