package infer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mgmt/lang/syntax"
)

// TestLimits holds that programs whose types, constraints or nesting could grow without
// bound are answered in time. Each would take hours if something in it were exponential.
func TestLimits(t *testing.T) {
	lines := func(n int, line func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(line(i) + "\n")
		}
		return b.String()
	}
	for _, test := range []struct {
		name, text string
		code       syntax.Code // of the only error, or empty
	}{
		{"nested calls", "func f($x) { $x }\ntest \"t\" { int64 => " + strings.Repeat("f(", 100_000) + "1" + strings.Repeat(")", 100_000) + ", }\n", ""},
		{"long sum", "$x = 1\ntest \"t\" { int64 => " + strings.Repeat("$x + ", 100_000) + "$x, }\n", ""},
		{"nested lists", "test \"t\" { interface => " + strings.Repeat("[", 50_000) + "1" + strings.Repeat("]", 50_000) + ", }\n", ""},
		{"nested open lists", "$x = func($e) { " + strings.Repeat("[", 50_000) + "$e" + strings.Repeat("]", 50_000) + " }\ntest \"t\" { int64 => len($x(1)), }\n", ""},
		{"large closed type", "$x0 = struct{a => 1, b => 1}\n" + lines(60, func(i int) string {
			return fmt.Sprintf("$x%d = struct{a => $x%d, b => $x%d}", i+1, i, i)
		}) + "test \"t\" { interface => $x60, }\n", "type-too-large"},
		{"large open type", "$f = func($v) { " + strings.Repeat("func($x) { struct{a => $x, b => $x} }(", 60) + "$v" + strings.Repeat(")", 60) + " }\ntest \"t\" { interface => $f(1), }\n", "type-too-large"},
		{"large type by calls", "func two($x) { struct{a => $x, b => $x} }\ntest \"t\" { interface => " + strings.Repeat("two(", 60) + "1" + strings.Repeat(")", 60) + ", }\n", "type-too-large"},
		{"shared parts", lines(1, func(int) string { return "$x0 = struct{a => 1, b => 1}\n$y0 = struct{a => 1, b => 1}" }) + lines(14, func(i int) string {
			return fmt.Sprintf("$x%d = struct{a => $x%d, b => $x%d}\n$y%d = struct{a => $y%d, b => $y%d}", i+1, i, i, i+1, i, i)
		}) + "test \"t\" { boolptr => $x14 == $y14, }\n", ""},
		{"doubling constants", "import \"fmt\"\n$x0 = \"%d\"\n" + lines(200, func(i int) string {
			return fmt.Sprintf("$x%d = $x%d + $x%d", i+1, i, i)
		}) + "$f = func($s) { fmt.printf($s + $x200, 1) }\n$g = fmt.printf($x200)\ntest [$f(\"\"), $g] {}\n", ""},
		{"many open constraints", "func f($x) { " + strings.Repeat("$x + ", 20_000) + "$x }\n" + lines(2_000, func(i int) string {
			return fmt.Sprintf("test \"t%d\" { int64 => f(%d), }", i, i)
		}), ""},
		{"many waiting lookups", "func f($x) { [" + strings.Repeat("$x[0], ", 2_000) + "] }\ntest f([\"a\"]) {}\ntest f({0 => \"b\"}) {}\n", ""},
		{"chain of functions", "func f0($x) { $x + $x }\n" + lines(20_000, func(i int) string {
			return fmt.Sprintf("func f%d($x) { f%d($x) }", i+1, i)
		}) + "test \"t\" { int64 => f20000(1), }\n", ""},
		{"doubling functions", "func f0($x) { $x + $x }\n" + lines(60, func(i int) string {
			return fmt.Sprintf("func f%d($x) { f%d($x) + f%d($x) }", i+1, i, i)
		}) + "test \"t\" { int64 => f60(1), }\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			prog, _, diags := checkText(t, test.text)
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
			t.Log(time.Since(start))
			switch {
			case test.code == "" && len(diags) > 0:
				t.Error(render(t, prog, diags[:1])[:300])
			case test.code != "" && (len(diags) == 0 || diags[0].Code != test.code):
				t.Errorf("got %v, want %s", diags, test.code)
			}
		})
	}
}
