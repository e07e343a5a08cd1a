package stdcore

import (
	"strings"
	"testing"

	"mgmt/lang/funcs"
	"mgmt/lang/internal/langtest"
	"mgmt/lang/types"
)

func TestRandom(t *testing.T) {
	seen := map[byte]int{}
	for _, n := range []types.Int{0, 1, 1000, 65535} {
		v, err := random(nil, []types.Value{n})
		if err != nil || types.Int(len(v.(types.Str))) != n {
			t.Fatalf("random1(%d): %d characters, %v", n, len(v.(types.Str)), err)
		}
		for _, c := range []byte(v.(types.Str)) {
			seen[c]++
		}
	}
	if len(seen) != 62 {
		t.Errorf("%d different characters, want 62", len(seen))
	}
	for _, n := range []types.Int{-1, 65536} {
		if v, err := random(nil, []types.Value{n}); err == nil || types.Catchable(err) {
			t.Errorf("random1(%d) = %v, %v, want a fatal error", n, v, err)
		}
	}
}

func TestMessages(t *testing.T) {
	list := types.NewStrs([]string{"a"})
	m := types.NewMap([]types.Entry{{Key: types.Str("a"), Value: types.Int(1)}})
	for _, c := range []struct {
		f    string
		args []types.Value
		want string
	}{
		{"_index", []types.Value{list, types.Int(3)}, "index 3 is outside of a list of 1"},
		{"_index", []types.Value{m, types.Str("b")}, `the map has no key "b"`},
		{"_/", []types.Value{types.Int(7), types.Int(0)}, "division of 7 by zero"},
		{"panic", []types.Value{types.Str("stop here")}, "stop here"},
		{"panic_debug", []types.Value{types.Bool(true), types.Str("stop here")}, "stop here"},
	} {
		f := entry(t, c.f)
		call := f.Pure
		if call == nil {
			call = func(args []types.Value) (types.Value, error) { return f.Impure(&funcs.Call{}, args) }
		}
		if v, err := call(c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s%v = %v, %v, want an error with %q", c.f, c.args, v, err, c.want)
		}
	}
}

func entry(t testing.TB, name string) *funcs.Function {
	t.Helper()
	return langtest.Function(t, Module(), name)
}

func TestFunctionsAreNotComparable(t *testing.T) {
	for _, name := range []string{"_==", "_!=", "_in", "contains"} {
		check := entry(t, name).Check
		if err := check(types.MustParse("func(a []func() int, b int) bool")); err == nil {
			t.Errorf("%s takes functions", name)
		}
		if err := check(types.MustParse("func(a []int, b int) bool")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkOperators(b *testing.B) {
	list := types.NewStrs([]string{"a", "b", "c"})
	for _, bm := range []struct {
		name string
		args []types.Value
	}{
		{"_+", []types.Value{types.Int(1), types.Int(2)}},
		{"_==", []types.Value{types.Str("a"), types.Str("b")}},
		{"_index", []types.Value{list, types.Int(1)}},
		{"_in", []types.Value{types.Str("c"), list}},
	} {
		f := entry(b, bm.name).Pure
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f(bm.args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
