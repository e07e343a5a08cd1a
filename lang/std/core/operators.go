package stdcore

import (
	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// operators returns the entries of the operators. Inference has settled the types of
// the operands before one of them runs.
func operators() []*funcs.Function {
	number := table.Sig("func(a int, b int) int", "func(a float, b float) float")
	order := table.Sig("func(a int, b int) bool", "func(a float, b float) bool")
	equality := table.Sig("func(a ?1, b ?1) bool")
	logic := table.Sig("func(a bool, b bool) bool")
	return []*funcs.Function{
		{Name: "_+", Doc: "Joins two strings, or adds two numbers. An int wraps around.",
			Sigs: append(table.Sig("func(a str, b str) str"), number...), Pure: add},
		{Name: "_-", Doc: "Subtracts. An int wraps around.", Sigs: number, Pure: sub},
		{Name: "_*", Doc: "Multiplies. An int wraps around.", Sigs: number, Pure: mul},
		{Name: "_/", Doc: "Divides; the result is always a float. Division by zero is an error that <|> catches.",
			Sigs: table.Sig("func(a int, b int) float", "func(a float, b float) float"), Pure: div},
		{Name: "_neg", Doc: "The negative of a number.",
			Sigs: table.Sig("func(a int) int", "func(a float) float"), Pure: neg},

		{Name: "_==", Doc: "Reports whether a and b are equal, in depth. NaN is equal to nothing.",
			Sigs: equality, Check: table.NoFunc, Pure: func(a []types.Value) (types.Value, error) {
				return types.Bool(types.Equal(a[0], a[1])), nil
			}},
		{Name: "_!=", Doc: "Reports whether a and b are not equal.",
			Sigs: equality, Check: table.NoFunc, Pure: func(a []types.Value) (types.Value, error) {
				return types.Bool(!types.Equal(a[0], a[1])), nil
			}},
		{Name: "_<", Doc: "Reports whether the number a is less than b.", Sigs: order,
			Pure: func(a []types.Value) (types.Value, error) { return types.Bool(less(a[0], a[1])), nil }},
		{Name: "_>", Doc: "Reports whether the number a is greater than b.", Sigs: order,
			Pure: func(a []types.Value) (types.Value, error) { return types.Bool(less(a[1], a[0])), nil }},
		{Name: "_<=", Doc: "Reports whether the number a is at most b.", Sigs: order,
			Pure: func(a []types.Value) (types.Value, error) { return types.Bool(atMost(a[0], a[1])), nil }},
		{Name: "_>=", Doc: "Reports whether the number a is at least b.", Sigs: order,
			Pure: func(a []types.Value) (types.Value, error) { return types.Bool(atMost(a[1], a[0])), nil }},

		{Name: "_and", Doc: "Reports whether both are true. Both are evaluated.", Sigs: logic,
			Pure: func(a []types.Value) (types.Value, error) { return a[0].(types.Bool) && a[1].(types.Bool), nil }},
		{Name: "_or", Doc: "Reports whether at least one is true. Both are evaluated.", Sigs: logic,
			Pure: func(a []types.Value) (types.Value, error) { return a[0].(types.Bool) || a[1].(types.Bool), nil }},
		{Name: "_not", Doc: "The opposite truth value.", Sigs: table.Sig("func(a bool) bool"),
			Pure: func(a []types.Value) (types.Value, error) { return !a[0].(types.Bool), nil }},
		{Name: "_in", Doc: "Reports whether the list has an element equal to needle.",
			Sigs: table.Sig("func(needle ?1, haystack []?1) bool"), Check: table.NoFunc, Pure: contains},
		{Name: "_concat", Doc: "Joins the pieces of a string with interpolation.",
			Sigs: table.Sig("func(a str) str"), Variadic: true, Pure: join},
	}
}

func add(a []types.Value) (types.Value, error) {
	switch x := a[0].(type) {
	case types.Int:
		return x + a[1].(types.Int), nil
	case types.Float:
		return x + a[1].(types.Float), nil
	}
	return a[0].(types.Str) + a[1].(types.Str), nil
}

func sub(a []types.Value) (types.Value, error) {
	if x, ok := a[0].(types.Int); ok {
		return x - a[1].(types.Int), nil
	}
	return a[0].(types.Float) - a[1].(types.Float), nil
}

func mul(a []types.Value) (types.Value, error) {
	if x, ok := a[0].(types.Int); ok {
		return x * a[1].(types.Int), nil
	}
	return a[0].(types.Float) * a[1].(types.Float), nil
}

func div(a []types.Value) (types.Value, error) {
	x, y := float(a[0]), float(a[1])
	if y == 0 {
		return nil, types.Catchf("division of %v by zero", a[0])
	}
	return types.Float(x / y), nil
}

func float(v types.Value) float64 {
	if x, ok := v.(types.Int); ok {
		return float64(x)
	}
	return float64(v.(types.Float))
}

func neg(a []types.Value) (types.Value, error) {
	if x, ok := a[0].(types.Int); ok {
		return -x, nil
	}
	return -a[0].(types.Float), nil
}

func less(a, b types.Value) bool {
	if x, ok := a.(types.Int); ok {
		return x < b.(types.Int)
	}
	return a.(types.Float) < b.(types.Float) // not cmp.Less, which orders NaN
}

func atMost(a, b types.Value) bool {
	if x, ok := a.(types.Int); ok {
		return x <= b.(types.Int)
	}
	return a.(types.Float) <= b.(types.Float)
}

func join(a []types.Value) (types.Value, error) {
	if len(a) == 1 {
		return a[0], nil
	}
	n := 0
	for _, s := range a {
		n += len(s.(types.Str))
	}
	b := make([]byte, 0, n)
	for _, s := range a {
		b = append(b, s.(types.Str)...)
	}
	return types.Str(b), nil
}
