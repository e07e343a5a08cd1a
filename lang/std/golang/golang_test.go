package stdgolang

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"mgmt/lang/types"
)

var tables = map[string][]wrapper{
	"html": htmlTable, "math": mathTable, "math/rand": randTable, "os": osTable, "os/exec": execTable,
	"path": pathTable, "path/filepath": filepathTable, "runtime": runtimeTable, "strconv": strconvTable, "strings": stringsTable,
}

func TestRows(t *testing.T) {
	count := 0
	for path, rows := range tables {
		for _, row := range rows {
			count++
			if want := snake(row.goName); row.name != want {
				t.Errorf("%s of %s is called %s, want %s", row.goName, path, row.name, want)
			}
			if err := fits(reflect.TypeOf(row.fn), types.MustParse(row.sig)); err != nil {
				t.Errorf("%s.%s: %v", path, row.name, err)
			}
			name := runtime.FuncForPC(reflect.ValueOf(row.fn).Pointer()).Name()
			if ours := strings.Contains(name, "lang/std/golang."); !ours && name != path+"."+row.goName {
				t.Errorf("%s.%s calls %s", path, row.name, name)
			}
		}
	}
	if count != 166 {
		t.Errorf("%d functions, want 166", count)
	}
}

// snake derives the name of a function from its Go name: runs of capitals and of digits
// are words.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && startsWord(runes, i) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func startsWord(runes []rune, i int) bool {
	prev, r := runes[i-1], runes[i]
	switch {
	case unicode.IsDigit(r) != unicode.IsDigit(prev):
		return true
	case !unicode.IsUpper(r):
		return false
	case !unicode.IsUpper(prev):
		return true
	}
	return i+1 < len(runes) && unicode.IsLower(runes[i+1]) // the last capital of a run begins a word
}

// fits reports how a Go function differs from a signature.
func fits(fn reflect.Type, sig *types.Type) error {
	if fn.NumIn() != len(sig.Fields) {
		return fmt.Errorf("%v does not have the parameters of %v", fn, sig)
	}
	for i, p := range sig.Fields {
		if !goKind(fn.In(i), p.Type) {
			return fmt.Errorf("parameter %d of %v is not as in %v", i, fn, sig)
		}
	}
	if !goKind(fn.Out(0), sig.Elem) {
		return fmt.Errorf("the result of %v is not as in %v", fn, sig)
	}
	return nil
}

func goKind(g reflect.Type, t *types.Type) bool {
	switch t.Kind {
	case types.KindStr:
		return g.Kind() == reflect.String || g == reflect.TypeFor[[]byte]()
	case types.KindInt:
		return g.Kind() == reflect.Int || g.Kind() == reflect.Int64
	case types.KindFloat:
		return g.Kind() == reflect.Float64
	case types.KindBool:
		return g.Kind() == reflect.Bool
	}
	return g == reflect.TypeFor[[]string]()
}

// pools has the arguments to try.
var pools = map[types.Kind][]any{
	types.KindStr: {"", "a", "A", "é漢", "a,b,a", "x/../y", "/a/b.c", "12", "-7", "0x1f", "1.5", `"q\n"`, "[", "true",
		"*.c", "<&lt;>", " b ", "\xff", "aaa"},
	types.KindInt:   {int64(-1), int64(0), int64(1), int64(2), int64(10), int64(36), int64(64)},
	types.KindBool:  {true, false},
	types.KindFloat: {0.0, math.Copysign(0, -1), 1.0, -1.5, 2.5, 1e300, -1e-300, math.Inf(1), math.Inf(-1), math.NaN()},
	types.KindList:  {[]string{}, []string{"a", "b"}, []string{"/", "", ".."}},
}

// TestSameAsGo compares each pure function with a call of the Go function.
func TestSameAsGo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for path, rows := range tables {
		for _, row := range rows {
			if row.host {
				continue
			}
			f, sig := row.function(path), types.MustParse(row.sig)
			for range 300 {
				args := make([]any, len(sig.Fields))
				for i, p := range sig.Fields {
					pool := pools[p.Type.Kind]
					args[i] = pool[random.IntN(len(pool))]
				}
				compare(t, path+"."+row.name, f.Pure, row.fn, sig, args)
			}
		}
	}
}

func compare(t *testing.T, name string, ours func([]types.Value) (types.Value, error), fn any, sig *types.Type, args []any) {
	t.Helper()
	values := make([]types.Value, len(args))
	for i, a := range args {
		v, err := types.FromGo(a, sig.Fields[i].Type)
		if err != nil {
			t.Fatal(err)
		}
		values[i] = v
	}
	got, err := ours(values)
	want, fails, panics := callGo(fn, args)
	switch {
	case panics:
		if err == nil || types.Catchable(err) {
			t.Errorf("%s%q = %v, %v, want a fatal error, since Go panics", name, args, got, err)
		}
	case fails:
		if !types.Catchable(err) {
			t.Errorf("%s%q = %v, %v, want an error to catch", name, args, got, err)
		}
	case err != nil || !types.Same(got, want):
		t.Errorf("%s%q = %v, %v, Go has %v", name, args, got, err, want)
	}
}

// callGo calls a Go function by reflection.
func callGo(fn any, args []any) (result types.Value, fails, panics bool) {
	defer func() {
		if recover() != nil {
			panics = true
		}
	}()
	f := reflect.ValueOf(fn)
	in := make([]reflect.Value, len(args))
	for i, a := range args {
		in[i] = reflect.ValueOf(a).Convert(f.Type().In(i))
	}
	out := f.Call(in)
	if len(out) == 2 && !out[1].IsNil() {
		return nil, true, false
	}
	switch x := out[0].Interface().(type) {
	case []byte:
		return types.Str(x), false, false
	case string:
		return types.Str(x), false, false
	case bool:
		return types.Bool(x), false, false
	case float64:
		return types.Float(x), false, false
	default:
		return types.Int(out[0].Int()), false, false
	}
}

func TestRepeatIsBounded(t *testing.T) {
	f := guard(tableRow(t, "strings", "repeat").call)
	for _, n := range []types.Int{-1, 1 << 40, math.MaxInt64} {
		if v, err := f([]types.Value{types.Str("ab"), n}); err == nil || types.Catchable(err) {
			t.Errorf("repeat %d times: %v, %v, want a fatal error", n, v, err)
		}
	}
}

func tableRow(t *testing.T, path, name string) wrapper {
	t.Helper()
	for _, row := range tables[path] {
		if row.name == name {
			return row
		}
	}
	t.Fatalf("there is no %s.%s", path, name)
	return wrapper{}
}
