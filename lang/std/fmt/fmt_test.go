package stdfmt

import (
	"fmt"
	"strings"
	"testing"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// site is a call of printf whose format, if it is not nil, is known.
func site(args int, format types.Value) funcs.Site {
	return funcs.Site{Args: args, Const: func(i int) (types.Value, bool) { return format, i == 0 && format != nil }}
}

func TestInfer(t *testing.T) {
	for _, c := range []struct {
		args   int
		format types.Value
		want   string // a signature, or a part of an error
	}{
		{1, types.Str("plain 100%%"), "func(format str) str"},
		{6, types.Str("%t%s%q%d%f"), "func(format str, a bool, b str, c str, d int, e float) str"},
		{3, types.Str("%v %T"), "func(format str, a ?1, b ?2) str"},
		{3, nil, "func(format str, a ?1, b ?2) str"},
		{1, nil, "func(format str) str"},
		{1, types.Int(1), "func(format str) str"},
		{0, nil, "needs a format"},
		{3, types.Str("%d"), "1 wanted, 2 given"},
		{1, types.Str("%d"), "1 wanted, 0 given"},
		{2, types.Str("%5d"), "%5 is no verb"},
		{2, types.Str("%é"), "%é is no verb"},
		{1, types.Str("lone %"), "func(format str) str"},
	} {
		got := ""
		if sigs, err := infer(site(c.args, c.format)); err != nil {
			got = err.Error()
		} else {
			got = sigs[0].String()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%d arguments, format %v: got %s, want %s", c.args, c.format, got, c.want)
		}
	}
}

func TestArgNames(t *testing.T) {
	for i, want := range map[int]string{0: "a", 25: "z", 26: "aa", 27: "ab", 51: "az", 52: "ba", 701: "zz", 702: "aaa"} {
		if got := argName(i); got != want {
			t.Errorf("argument %d is called %s, want %s", i, got, want)
		}
	}
}

func TestPrintfAtRunTime(t *testing.T) {
	sig := types.MustParse("func(format str, a int, b str, c []func() int) str")
	args := func(format string) []types.Value {
		return []types.Value{types.Str(format), types.Int(1), types.Str("x\n"), types.NewList()}
	}
	for format, want := range map[string]string{
		"":              "",
		"%d":            "1", // too many arguments
		"%v%%%q":        `1%"x\n"`,
		"é%d漢%s":        "é1漢x\n",
		"%T %T %T":      "int str []func() int",
		"%d%":           "1",
		"%s":            "error: %s takes a value of type str, not of int",
		"%d%s%v":        "error: a function has no text",
		"%d%s%T%d":      "needs more than the 3 arguments",
		"%d %z":         "%z is no verb",
		"%%%%d%d%%%%%%": "%%d1%%%",
	} {
		got := ""
		if v, err := printf(sig, args(format)); err != nil {
			got = "error: " + err.Error()
		} else {
			got = v.String()
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q: got %q, want %q", format, got, want)
		}
	}
}

func BenchmarkPrintf(b *testing.B) {
	sig := types.MustParse("func(format str, a str, b int) str")
	args := []types.Value{types.Str("/srv/%s/file%d"), types.Str("data"), types.Int(12345)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := printf(sig, args); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleModule() {
	f := Module().Funcs[0].Typed(types.MustParse("func(format str, a []str) str"))
	v, _ := f([]types.Value{types.Str("hosts: %v"), types.NewStrs([]string{"a", "b"})})
	fmt.Println(v)
	// Output: hosts: ["a", "b"]
}
