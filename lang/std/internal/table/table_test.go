package table

import (
	"errors"
	"strings"
	"testing"

	"mgmt/lang/types"
)

func TestAdapters(t *testing.T) {
	bad := errors.New("bad")
	list := types.NewStrs([]string{"a", "b"})
	for name, c := range map[string]struct {
		f    Func
		args []types.Value
		want string
	}{
		"0":      {Pure0(func() int { return 7 }), nil, "7"},
		"1":      {Pure1(func(x []byte) []byte { return append(x, '!') }), []types.Value{types.Str("a")}, "a!"},
		"2":      {Pure2(strings.Join), []types.Value{list, types.Str("-")}, "a-b"},
		"3":      {Pure3(func(a bool, b int64, c float64) bool { return a && float64(b) < c }), []types.Value{types.Bool(true), types.Int(1), types.Float(1.5)}, "true"},
		"4":      {Pure4(strings.Replace), []types.Value{types.Str("aaa"), types.Str("a"), types.Str("b"), types.Int(2)}, "bba"},
		"lists":  {Pure1(func(x []string) []string { return x[1:] }), []types.Value{list}, `["b"]`},
		"try 0":  {Try0(func() (float64, error) { return 0.5, nil }), nil, "0.5"},
		"fail 1": {Try1(func(string) (string, error) { return "x", bad }), []types.Value{types.Str("")}, "bad"},
		"fail 2": {Try2(func(int, int) (int64, error) { return 0, bad }), []types.Value{types.Int(0), types.Int(0)}, "bad"},
		"try 3":  {Try3(func(a, b, c int) (int, error) { return a + b + c, nil }), []types.Value{types.Int(1), types.Int(2), types.Int(3)}, "6"},
	} {
		got := ""
		if v, err := c.f(c.args); err != nil {
			got = err.Error()
			if v != nil {
				t.Errorf("%s: the value is %v beside the error", name, v)
			}
		} else {
			got = v.String()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestAdaptersDoNotAllocate(t *testing.T) {
	f := Pure2(strings.HasPrefix)
	args := []types.Value{types.Str("prefix"), types.Str("pre")}
	if n := testing.AllocsPerRun(100, func() { f(args) }); n != 0 {
		t.Errorf("a call allocates %v times", n)
	}
}
