package syntax_test

import (
	"runtime"
	"testing"

	"mgmt/lang/syntax"
	"mgmt/lang/syntax/sample"
)

// BenchmarkParse parses programs of 10,000 statements, or levels.
func BenchmarkParse(b *testing.B) {
	for _, shape := range sample.Shapes {
		b.Run(shape.Name, func(b *testing.B) {
			const n = 10_000
			text := shape.Make(n)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				var files syntax.Files
				_, diags := syntax.Parse(files.Add("main.mcl", text), new(syntax.IDs))
				if len(diags) > 0 {
					b.Fatal(diags)
				}
			}
			runtime.ReadMemStats(&after)
			bytes := float64(after.TotalAlloc-before.TotalAlloc) / float64(b.N)
			b.ReportMetric(bytes/n, "B/stmt")
		})
	}
}

// TestSamples holds that the programs of package sample parse.
func TestSamples(t *testing.T) {
	for _, shape := range sample.Shapes {
		var files syntax.Files
		if _, diags := syntax.Parse(files.Add("main.mcl", shape.Make(20)), new(syntax.IDs)); len(diags) > 0 {
			t.Errorf("%s: %v\n%s", shape.Name, diags, shape.Make(20))
		}
	}
}
