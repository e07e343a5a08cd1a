package infer_test

import (
	"fmt"
	"strings"
	"testing"

	"mgmt/lang/infer"
	"mgmt/lang/resolve"
	"mgmt/lang/std"
)

// BenchmarkCheck measures inference alone, after parsing and resolving.
func BenchmarkCheck(b *testing.B) {
	nested := func(n int) string {
		return "func f($x) { $x }\ntest \"t\" { int64 => " + strings.Repeat("f(", n) + "1" + strings.Repeat(")", n) + ", }\n"
	}
	repeated := func(head, line string, n int) string {
		var text strings.Builder
		text.WriteString(head)
		for i := range n {
			fmt.Fprintf(&text, line, i)
		}
		return text.String()
	}
	for name, text := range map[string]string{
		"nested/1000":        nested(1000),
		"nested/100000":      nested(100_000),
		"polymorphic/10000":  repeated("func f($x, $y) { $x + $y }\n", "test [f(\"t\", \"%d\")] { int64 => f(1, 2), }\n", 10_000),
		"lookups/10000":      repeated("$s = [struct{a => {\"k\" => 1}}]\n", "test \"t%d\" { int64 => $s[0]->a[\"k\"], }\n", 10_000),
		"includes/10000":     repeated("class c($p) {\n\t$v = [$p]\n}\n", "include c(1) as i%[1]d\ntest \"t%[1]d\" { interface => $i%[1]d.v, }\n", 10_000),
		"waiting names/5000": repeated("func f($x) { $x }\n", "test f(f([\"t%d\"])) {}\n", 5_000),
	} {
		b.Run(name, func(b *testing.B) {
			prog, diags := resolve.Resolve(b.Context(), resolve.Options{Main: "main.mcl", Text: []byte(text), Library: std.Library()})
			if len(diags) > 0 {
				b.Fatal(diags)
			}
			for b.Loop() {
				if _, diags := infer.Check(prog, std.Library(), someKinds); len(diags) > 0 {
					b.Fatal(diags)
				}
			}
		})
	}
}
