package resolve_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// programs writes programs of n statements of one sort each.
var programs = map[string]func(n int) string{
	"independent": func(n int) string {
		var b strings.Builder
		for i := range n / 2 {
			fmt.Fprintf(&b, "$x%d = %d\ntest \"t%d\" { int64 => $x%d, }\n", i, i, i, i)
		}
		return b.String()
	},
	"chain": func(n int) string {
		var b strings.Builder
		b.WriteString("$x0 = 1\n")
		for i := 1; i < n; i++ {
			fmt.Fprintf(&b, "$x%d = $x%d + 1\n", i, i-1)
		}
		fmt.Fprintf(&b, "test \"t\" { int64 => $x%d, }\n", n-1)
		return b.String()
	},
	"calls": func(n int) string {
		var b strings.Builder
		b.WriteString("func f($x) { $x }\n")
		for i := range n / 2 {
			fmt.Fprintf(&b, "$x%d = f(%d)\ntest \"t%d\" { int64 => $x%d, }\n", i, i, i, i)
		}
		return b.String()
	},
}

func BenchmarkResolve(b *testing.B) {
	lib := funcs.NewLibrary(&funcs.Module{})
	for _, name := range []string{"independent", "chain", "calls"} {
		for _, n := range []int{10_000, 100_000} {
			text := []byte(programs[name](n))
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					_, diags := resolve.Resolve(context.Background(), resolve.Options{Main: "main.mcl", Text: text, Library: lib})
					if len(diags) > 0 {
						b.Fatal(diags)
					}
				}
			})
		}
	}
}

// BenchmarkParse is the part of BenchmarkResolve that is not package resolve.
func BenchmarkParse(b *testing.B) {
	text := []byte(programs["independent"](100_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		var files syntax.Files
		var ids syntax.IDs
		syntax.Parse(files.Add("main.mcl", text), &ids)
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/100_000, "B/stmt")
}
