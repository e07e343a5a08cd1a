// Package stditer has the module iter: functions applied to all elements of a list.
package stditer

import (
	"errors"
	"fmt"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// Module returns the module iter.
func Module() *funcs.Module {
	return &funcs.Module{
		Path: "iter",
		Doc:  "Functions applied to all elements of a list.",
		Funcs: []*funcs.Function{
			{
				Name:  "map",
				Doc:   "Returns what function makes of each element, in order.",
				Sigs:  table.Sig("func(inputs []?1, function func(?1) ?2) []?2"),
				Shape: mapping,
			},
			{
				Name:  "filter",
				Doc:   "Returns the elements for which function is true, in order.",
				Sigs:  table.Sig("func(inputs []?1, function func(?1) bool) []?1"),
				Shape: filter,
			},
			{
				Name: "reduce",
				Doc:  "Folds a list from the left: function is applied to what it made so far, beginning with initval or else the first element, and the next element. An empty list without initval is an error.",
				Sigs: table.Sig("func(inputs []?1, function func(x ?1, y ?1) ?1) ?1",
					"func(initval ?1, inputs []?1, function func(x ?1, y ?1) ?1) ?1"),
				Shape: reduce,
			},
			{
				Name:  "zip",
				Doc:   "Returns what function makes of the elements of two lists, pair by pair, until the shorter one ends.",
				Sigs:  table.Sig("func(inputs1 []?1, inputs2 []?2, function func(x ?1, y ?2) ?3) []?3"),
				Shape: zip,
			},
			{
				Name: "flatten",
				Doc:  "Joins the lists in a list into one.",
				Sigs: table.Sig("func(inputs [][]?1) []?1"),
				Pure: flatten,
			},
			{
				Name: "range",
				Doc:  "Lists the ints from start, or else 0, up to but without stop, in steps of step, or else 1. A negative step counts down. A step of 0 is an error.",
				Sigs: table.Sig("func(int) []int", "func(int, int) []int", "func(int, int, int) []int"),
				Pure: count,
			},
		},
	}
}

func mapping(args []types.Value) (*funcs.Plan, error) {
	elems := args[0].(*types.List).Elems
	return applyAll(len(elems), args[1], func(i int) []types.Value { return elems[i : i+1 : i+1] }, asList), nil
}

func filter(args []types.Value) (*funcs.Plan, error) {
	elems := args[0].(*types.List).Elems
	keep := func(results []types.Value) (types.Value, error) {
		out := &types.List{}
		for i, r := range results {
			if r.(types.Bool) {
				out.Elems = append(out.Elems, elems[i])
			}
		}
		return out, nil
	}
	return applyAll(len(elems), args[1], func(i int) []types.Value { return elems[i : i+1 : i+1] }, keep), nil
}

func zip(args []types.Value) (*funcs.Plan, error) {
	a, b := args[0].(*types.List).Elems, args[1].(*types.List).Elems
	return applyAll(min(len(a), len(b)), args[2], func(i int) []types.Value { return []types.Value{a[i], b[i]} }, asList), nil
}

// applyAll plans n independent applications of a function.
func applyAll(n int, f types.Value, args func(i int) []types.Value, combine func([]types.Value) (types.Value, error)) *funcs.Plan {
	plan := &funcs.Plan{Apply: make([]funcs.Application, n), Combine: combine}
	for i := range n {
		plan.Apply[i] = funcs.Application{Func: f.(*types.Func), Args: args(i)}
	}
	return plan
}

func asList(results []types.Value) (types.Value, error) { return types.NewList(results...), nil }

func reduce(args []types.Value) (*funcs.Plan, error) {
	f := args[len(args)-1].(*types.Func)
	elems := args[len(args)-2].(*types.List).Elems
	var first types.Value
	if len(args) == 3 {
		first = args[0]
	} else {
		if len(elems) == 0 {
			return nil, errors.New("the list is empty and there is no initial value")
		}
		first, elems = elems[0], elems[1:]
	}
	plan := &funcs.Plan{Apply: make([]funcs.Application, len(elems))}
	for i, e := range elems {
		so := first
		if i > 0 {
			so = funcs.Result(i - 1)
		}
		plan.Apply[i] = funcs.Application{Func: f, Args: []types.Value{so, e}}
	}
	plan.Combine = func(results []types.Value) (types.Value, error) {
		if len(results) == 0 {
			return first, nil
		}
		return results[len(results)-1], nil
	}
	return plan, nil
}

func flatten(args []types.Value) (types.Value, error) {
	out := &types.List{}
	for _, l := range args[0].(*types.List).Elems {
		out.Elems = append(out.Elems, l.(*types.List).Elems...)
	}
	return out, nil
}

// maxRange bounds the memory that a mistake in an argument of range can ask for.
const maxRange = 1 << 24

func count(args []types.Value) (types.Value, error) {
	var start, stop, step int64 = 0, 0, 1
	switch len(args) {
	case 1:
		stop = toInt(args[0])
	case 2:
		start, stop = toInt(args[0]), toInt(args[1])
	default:
		start, stop, step = toInt(args[0]), toInt(args[1]), toInt(args[2])
	}
	if step == 0 {
		return nil, errors.New("a step of 0 never ends")
	}
	n := rangeLen(start, stop, step)
	if n > maxRange {
		return nil, fmt.Errorf("%d elements are more than %d", n, maxRange)
	}
	elems := make([]types.Value, n)
	for i := range elems {
		elems[i] = types.Int(start + int64(i)*step)
	}
	return types.NewList(elems...), nil
}

func toInt(v types.Value) int64 { return int64(v.(types.Int)) }

// rangeLen counts the steps from start that stay before stop. The arithmetic is
// unsigned because the distance of two ints need not fit one.
func rangeLen(start, stop, step int64) uint64 {
	if step > 0 && start < stop {
		return (uint64(stop)-uint64(start)-1)/uint64(step) + 1
	}
	if step < 0 && start > stop {
		return (uint64(start)-uint64(stop)-1)/(-uint64(step)) + 1
	}
	return 0
}
