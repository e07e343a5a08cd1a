package yaml

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"mgmt/frontend"
	"mgmt/resources"
)

// manyFiles is a graph of n files, each with an edge to the next.
func manyFiles(n int) []byte {
	var b bytes.Buffer
	b.WriteString("graph: many\nresources:\n  file:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - name: file %d\n    path: /srv/files/%d.conf\n    mode: \"0644\"\n    content: |\n      a line\n      number %d\n    meta: {retry: 3}\n", i, i, i)
	}
	b.WriteString("edges:\n")
	for i := range n - 1 {
		fmt.Fprintf(&b, "- {name: e%d, from: {kind: file, name: file %d}, to: {kind: file, name: file %d}}\n", i, i, i+1)
	}
	return b.Bytes()
}

// oneLine is the graph of manyFiles without edges, as JSON on a single line.
func oneLine(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"graph": "many", "resources": {"file": [`)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `{"name": "file %d", "path": "/srv/files/%d.conf", "mode": "0644", "content": "a line\nnumber %d\n"}`, i, i, i)
	}
	b.WriteString("]}}")
	return []byte(b.String())
}

// BenchmarkLoad goes from the text to the delta.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		for name, make := range map[string]func(int) []byte{"yaml": manyFiles, "json": oneLine} {
			text := make(n)
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					g, diags := load("many.yaml", text, resources.Kinds(), "", nil)
					if len(diags) > 0 {
						b.Fatal(diags)
					}
					if d := g.delta(&frontend.Told{}); len(d.Set) != n {
						b.Fatalf("%d resources, want %d", len(d.Set), n)
					}
				}
			})
		}
	}
}

// BenchmarkReload compares a graph with what the engine has been told, which is the same but
// for one resource.
func BenchmarkReload(b *testing.B) {
	const n = 10_000
	text := manyFiles(n)
	old, _ := load("many.yaml", text, resources.Kinds(), "", nil)
	changed, diags := load("many.yaml", bytes.Replace(text, []byte("number 500\n"), []byte("another\n"), 1), resources.Kinds(), "", nil)
	if len(diags) > 0 {
		b.Fatal(diags)
	}
	var told frontend.Told
	told.Accept(old.delta(&told))
	for b.Loop() {
		if d := changed.delta(&told); len(d.Set) != 1 || len(d.SetEdges)+len(d.Remove)+len(d.RemoveEdges) > 0 {
			b.Fatalf("the difference is %+v", d)
		}
	}
}
