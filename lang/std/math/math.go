// Package stdmath has the module math.
package stdmath

import (
	"math"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module math.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "math",
		Doc:  "Arithmetic beyond the operators. That a result is no finite number is an error that <|> catches.",
		Funcs: []*funcs.Function{
			{
				Name:  "fortytwo",
				Doc:   "42 as an int or a float, whichever is wanted.",
				Sigs:  table.Sig("func() int", "func() float"),
				Typed: fortytwo,
			},
			{
				Name: "minus1",
				Doc:  "Returns x less 1.",
				Sigs: table.Sig("func(x int) int"),
				Pure: table.Pure1(func(x int64) int64 { return x - 1 }),
			},
			{
				Name: "mod",
				Doc:  "Returns the remainder of a divided by b, with the sign of a. Division by zero is an error that <|> catches.",
				Sigs: table.Sig("func(a int, b int) int", "func(a float, b float) float"),
				Pure: mod,
			},
			{
				Name: "pow",
				Doc:  "Returns x to the power of y.",
				Sigs: table.Sig("func(x float, y float) float"),
				Pure: table.Try2(func(x, y float64) (float64, error) {
					return finite(math.Pow(x, y), "%v to the power of %v", x, y)
				}),
			},
			{
				Name: "sqrt",
				Doc:  "Returns the square root of x.",
				Sigs: table.Sig("func(x float) float"),
				Pure: table.Try1(func(x float64) (float64, error) {
					return finite(math.Sqrt(x), "the square root of %v", x)
				}),
			},
		},
	}
}

func fortytwo(sig *types.Type) func([]types.Value) (types.Value, error) {
	var v types.Value = types.Int(42)
	if sig.Elem.Kind == types.KindFloat {
		v = types.Float(42)
	}
	return func([]types.Value) (types.Value, error) { return v, nil }
}

func mod(args []types.Value) (types.Value, error) {
	if a, ok := args[0].(types.Int); ok {
		b := args[1].(types.Int)
		if b == 0 {
			return nil, types.Catchf("the remainder of %d by 0 is not defined", a)
		}
		return a % b, nil
	}
	a, b := float64(args[0].(types.Float)), float64(args[1].(types.Float))
	r, err := finite(math.Mod(a, b), "the remainder of %v by %v", a, b)
	return types.Float(r), err
}

// finite returns f, or the error that what was computed has no finite value.
func finite(f float64, what string, args ...any) (float64, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, types.Catchf(what+" is no finite number", args...)
	}
	return f, nil
}
