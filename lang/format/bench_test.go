package format

import (
	"strings"
	"testing"

	"mgmt/lang/syntax/sample"
)

// BenchmarkSource formats programs of 10,000 statements, or levels.
func BenchmarkSource(b *testing.B) {
	for _, shape := range sample.Shapes {
		b.Run(shape.Name, func(b *testing.B) {
			text := shape.Make(10_000)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, diags := Source("main.mcl", text); diags != nil {
					b.Fatal(diags)
				}
			}
		})
	}
}

// TestSamples formats large programs; with deep ones the output stays in proportion.
func TestSamples(t *testing.T) {
	for _, shape := range sample.Shapes {
		check(t, string(shape.Make(300)))
	}
	deep := map[string]string{
		"calls":    sampleNest("f(", "1", ")"),
		"stacked":  sampleNest("[\n", "1,\n", "],\n"),
		"comments": sampleNest("f( # c\n", "1", ")"),
		"lambdas":  sampleNest("func() { ", "1", " }"),
		"one line": strings.Repeat("if true { ", 50_000) + strings.Repeat("}", 50_000) + " # c\n",
		"else ifs": "$x = " + strings.Repeat("if $a { 1 } else ", 50_000) + "if $a { 1 } else { 2 }\n",
	}
	for name, text := range deep {
		got, diags := Source("main.mcl", []byte(text))
		if diags != nil {
			t.Errorf("%s: %v", name, diags)
		}
		if len(got) > 50<<20 {
			t.Errorf("%s: %d bytes of %d", name, len(got), len(text))
		}
	}
}

func sampleNest(before, middle, after string) string {
	const levels = 50_000
	text := "$x = " + strings.Repeat(before, levels) + middle + strings.Repeat(after, levels)
	return strings.TrimRight(text, ",\n") + "\n"
}
