package lang

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"mgmt/resource"
	"mgmt/world"
)

// BenchmarkOneOfMany changes a value that one of many resources depends on: from the event to
// the delta that the engine is handed.
func BenchmarkOneOfMany(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var program strings.Builder
			program.WriteString("import \"world\"\n$v = world.getval(\"k\")\ntest \"one\" { anotherstr => $v->value, }\n")
			for i := range n - 1 {
				fmt.Fprintf(&program, "test \"t%d\" { anotherstr => \"x\", }\n", i)
			}
			opts := testOptions(b, program.String(), nil)
			deltas := make(chan resource.Delta, 1)
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error, 1)
			go func() {
				done <- New(opts).Run(ctx, func(_ context.Context, d resource.Delta) error { deltas <- d; return nil })
			}()
			if d := <-deltas; len(d.Set) != n {
				b.Fatalf("the first delta has %d resources, want %d", len(d.Set), n)
			}
			for i := 0; b.Loop(); i++ {
				if err := opts.Host.World.SetString(ctx, "k", fmt.Sprint(i)); err != nil {
					b.Fatal(err)
				}
				if d := <-deltas; len(d.Set) != 1 || len(d.Remove)+len(d.SetEdges)+len(d.RemoveEdges) != 0 {
					b.Fatalf("a change of one sets %d resources", len(d.Set))
				}
			}
			cancel()
			<-done
		})
	}
}

// BenchmarkCollectOneOfMany changes one of many resources that are collected: from the export
// to the delta that the engine is handed.
func BenchmarkCollectOneOfMany(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			opts := testOptions(b, "import \"world/collect\"\ncollect test collect.res(\"test\") {}\n", nil)
			export := func(i int, text string) {
				name := fmt.Sprint("t", i)
				data := fmt.Sprintf(`{"kind":"test","name":%q,"params":{"anotherstr":%q}}`, name, text)
				if err := opts.Host.World.Export(b.Context(), world.ExportKey{To: "*", Kind: "test", Name: name}, data); err != nil {
					b.Fatal(err)
				}
			}
			for i := range n {
				export(i, "x")
			}
			deltas := make(chan resource.Delta, 1)
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error, 1)
			go func() {
				done <- New(opts).Run(ctx, func(_ context.Context, d resource.Delta) error { deltas <- d; return nil })
			}()
			if d := <-deltas; len(d.Set) != n {
				b.Fatalf("the first delta has %d resources, want %d", len(d.Set), n)
			}
			for i := 0; b.Loop(); i++ {
				export(n/2, fmt.Sprint(i))
				if d := <-deltas; len(d.Set) != 1 || len(d.Remove)+len(d.SetEdges)+len(d.RemoveEdges) != 0 {
					b.Fatalf("a change of one sets %d resources", len(d.Set))
				}
			}
			cancel()
			<-done
		})
	}
}
