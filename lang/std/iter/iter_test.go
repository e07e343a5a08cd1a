package stditer

import (
	"math"
	"testing"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// run carries a plan out.
func run(t *testing.T, plan *funcs.Plan, err error) types.Value {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var results []types.Value
	for _, a := range plan.Apply {
		args := make([]types.Value, len(a.Args))
		for i, arg := range a.Args {
			if r, ok := arg.(funcs.Result); ok {
				arg = results[r]
			}
			args[i] = arg
		}
		v, err := a.Func.Call(args)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, v)
	}
	v, err := plan.Combine(results)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func ints(n ...types.Int) *types.List {
	l := &types.List{}
	for _, i := range n {
		l.Elems = append(l.Elems, i)
	}
	return l
}

func fn(f func(a []types.Value) types.Value) *types.Func {
	return &types.Func{Call: func(a []types.Value) (types.Value, error) { return f(a), nil }}
}

func TestPlans(t *testing.T) {
	double := fn(func(a []types.Value) types.Value { return a[0].(types.Int) * 2 })
	big := fn(func(a []types.Value) types.Value { return types.Bool(a[0].(types.Int) > 1) })
	minus := fn(func(a []types.Value) types.Value { return a[0].(types.Int) - a[1].(types.Int) })
	for _, c := range []struct {
		shape func([]types.Value) (*funcs.Plan, error)
		args  []types.Value
		want  string
	}{
		{mapping, []types.Value{ints(1, 2, 3), double}, "[2, 4, 6]"},
		{mapping, []types.Value{ints(), double}, "[]"},
		{filter, []types.Value{ints(1, 2, 3), big}, "[2, 3]"},
		{filter, []types.Value{ints(), big}, "[]"},
		{zip, []types.Value{ints(5, 6, 7), ints(1, 2), minus}, "[4, 4]"},
		{reduce, []types.Value{ints(10, 1, 2), minus}, "7"},
		{reduce, []types.Value{ints(10), minus}, "10"},
		{reduce, []types.Value{types.Int(20), ints(10, 1, 2), minus}, "7"},
		{reduce, []types.Value{types.Int(20), ints(), minus}, "20"},
	} {
		plan, err := c.shape(c.args)
		if got := run(t, plan, err); got.String() != c.want {
			t.Errorf("%v: got %v, want %s", c.args, got, c.want)
		}
	}
	if plan, err := reduce([]types.Value{ints(), minus}); err == nil || types.Catchable(err) {
		t.Errorf("reduce of an empty list: %v, %v, want a fatal error", plan, err)
	}
}

func TestRangeLen(t *testing.T) {
	const lo, hi = math.MinInt64, math.MaxInt64
	for _, c := range []struct {
		start, stop, step int64
		want              uint64
	}{
		{0, 3, 1, 3}, {0, 10, 3, 4}, {10, 0, -3, 4}, {0, 1, 100, 1}, {-1, -5, -2, 2},
		{0, 0, 1, 0}, {0, 10, -1, 0}, {10, 0, 1, 0},
		{lo, hi, hi, 3}, {hi, lo, lo, 2}, {lo, hi, 1, math.MaxUint64},
	} {
		if got := rangeLen(c.start, c.stop, c.step); got != c.want {
			t.Errorf("range(%d, %d, %d) has %d elements, want %d", c.start, c.stop, c.step, got, c.want)
		}
	}
	if _, err := count([]types.Value{types.Int(lo), types.Int(hi), types.Int(1)}); err == nil {
		t.Error("a list of all ints was made")
	}
	if v, err := count([]types.Value{types.Int(hi - 1), types.Int(lo), types.Int(lo)}); err != nil || v.String() != "[9223372036854775806, -2]" {
		t.Errorf("got %v, %v", v, err)
	}
}
