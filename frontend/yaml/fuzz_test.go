package yaml

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mgmt/frontend"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/resources"
)

// FuzzLoad reads any text. Whatever it is, what is said of it has places in it; and a graph
// that is accepted can be handed on, as a whole, once.
func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		source, _, _ := strings.Cut(string(text), "==== want\n")
		f.Add([]byte(source))
	}
	f.Add([]byte("\uFEFFgraph: a\r\nresources: {noop: [{name: \"\u2028\"}]}\r\n"))
	f.Add([]byte("graph: a\nx: &a [a,a,a]\ny: &b [*a,*a,*a]\nz: [*b,*b]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		g, diags := load("fuzz.yaml", text, resources.Kinds(), "", nil)
		for _, d := range diags {
			if file := g.files.File(d.Span.Start); d.Span.IsValid() && (file == nil || d.Span.End < d.Span.Start || file.Offset(d.Span.End) > len(text)) {
				t.Errorf("%s: the span %v is not in the text", d.Message, d.Span)
			}
		}
		documented(t, diags)
		if err := syntax.Render(io.Discard, g.files, diags, true); err != nil {
			t.Error(err)
		}
		if diags.HasErrors() {
			return
		}
		var told frontend.Told
		d := g.delta(&told)
		whole(t, d)
		told.Accept(d)
		if again := g.delta(&told); !frontend.Empty(again) {
			t.Errorf("there is more to say: %+v", again)
		}
	})
}

// whole demands that a delta from nothing is a graph.
func whole(t *testing.T, d resource.Delta) {
	t.Helper()
	have := map[resource.Key]bool{}
	for _, s := range d.Set {
		if have[s.Key] {
			t.Errorf("%v is set twice", s.Key)
		}
		have[s.Key] = true
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, e := range d.SetEdges {
		if !have[e.From] || !have[e.To] || e.From == e.To {
			t.Errorf("the edge %v is wrong", e)
		}
	}
	if len(d.Remove)+len(d.RemoveEdges) > 0 {
		t.Errorf("something is removed from nothing: %+v", d)
	}
}
