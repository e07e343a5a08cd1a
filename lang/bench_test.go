package lang_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"mgmt/lang"
	"mgmt/lang/funcs"
	"mgmt/lang/infer"
	"mgmt/lang/resolve"
	"mgmt/lang/std"
	"mgmt/lang/types"
)

// oneKind knows a resource kind with one field.
type oneKind struct{}

func (oneKind) Names() []string { return []string{"test"} }

func (oneKind) Kind(name string) *infer.Kind {
	if name != "test" {
		return nil
	}
	return &infer.Kind{Name: name, Fields: []types.Field{{Name: "int64", Type: types.TInt}, {Name: "anotherstr", Type: types.TStr}}}
}

// shapes are programs of n statements, all of them live.
var shapes = map[string]func(n int) string{
	"binds": func(n int) string {
		return repeat(n, func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "$v%d = %d + 1\ntest [\"t%d\"] { int64 => $v%d, }\n", i, i, i, i)
		})
	},
	"chain": func(n int) string {
		return "$v0 = 1\n" + repeat(2*n, func(b *strings.Builder, i int) { fmt.Fprintf(b, "$v%d = $v%d + 1\n", i+1, i) }) +
			fmt.Sprintf("test \"t\" { int64 => $v%d, }\n", n)
	},
	"polymorphic": func(n int) string {
		return "func f($x, $y) { if true { $x } else { $y } }\n" + repeat(n, func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "$v%d = f(%d, 2)\ntest [f(\"t%d\", \"u\")] { int64 => $v%d, }\n", i, i, i, i)
		})
	},
	"printf": func(n int) string {
		return "import \"fmt\"\n" + repeat(n, func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "$v%d = fmt.printf(\"%%d-%%s\", %d, \"x\")\ntest [\"t%d\"] { anotherstr => $v%d, }\n", i, i, i, i)
		})
	},
}

func repeat(n int, line func(b *strings.Builder, i int)) string {
	var b strings.Builder
	for i := range n / 2 {
		line(&b, i)
	}
	return b.String()
}

func load(tb testing.TB, text string) *lang.Program {
	tb.Helper()
	p, diags := lang.Load(tb.Context(), lang.Input{Source: resolve.Dir("."), Main: "main.mcl", Text: []byte(text)}, std.Library(), oneKind{})
	if diags.HasErrors() {
		tb.Fatal(diags.Err())
	}
	return p
}

// BenchmarkCheck measures parsing, resolving and inferring, and the memory it holds.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		for name, shape := range shapes {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				text := shape(n)
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				var p *lang.Program
				for b.Loop() {
					p = load(b, text)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/stmt")
				runtime.KeepAlive(p)
			})
		}
	}
}

// BenchmarkNested measures calls nested in one another.
func BenchmarkNested(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := "func f($x) { $x }\ntest [\"t\"] { int64 => " + strings.Repeat("f(", n) + "1" + strings.Repeat(")", n) + ", }\n"
			for b.Loop() {
				load(b, text)
			}
		})
	}
}

// BenchmarkChainStart and BenchmarkChainTick measure a chain of 1,000 additions on a value
// that changes.
func BenchmarkChainStart(b *testing.B) {
	p := load(b, chain(1000))
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		g := p.Start(ctx, &funcs.Host{Hostname: "h"})
		g.Stabilize()
		cancel()
		g.Wait()
	}
}

func BenchmarkChainTick(b *testing.B) {
	p := load(b, chain(1000))
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	g := p.Start(ctx, &funcs.Host{Hostname: "h"})
	g.Stabilize()
	for b.Loop() {
		<-g.Events()
		g.Stabilize()
	}
}

func chain(n int) string {
	return "import \"test\"\n$v0 = test.fastcount()\n" + repeat(2*n, func(b *strings.Builder, i int) { fmt.Fprintf(b, "$v%d = $v%d + 1\n", i+1, i) }) +
		fmt.Sprintf("test [\"t\"] { int64 => $v%d, }\n", n)
}
