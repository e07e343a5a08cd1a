package yaml

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/resources"
)

var update = flag.Bool("update", false, "rewrite what testdata wants")

// snapshot reads a graph.
func snapshot(text string) (resource.Delta, *syntax.Files, syntax.Diagnostics) {
	return New(Options{Input: &Input{Name: "graph.yaml", Text: []byte(text)}, Kinds: resources.Kinds()}).Snapshot()
}

// dump shows a graph, with what is not as it is by default.
func dump(t testing.TB, d resource.Delta) string {
	t.Helper()
	var b strings.Builder
	for _, s := range d.Set {
		fmt.Fprintln(&b, s.Key)
		params, err := resources.Kinds().Lookup(s.Key.Kind).Given(s.Resource)
		if err != nil {
			t.Fatal(err)
		}
		meta, err := s.Meta.Given()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range params {
			fmt.Fprintf(&b, "\t%s: %#v\n", v.Name, v.Value)
		}
		for _, v := range meta {
			fmt.Fprintf(&b, "\tmeta %s: %#v\n", v.Name, v.Value)
		}
	}
	for _, e := range d.SetEdges {
		fmt.Fprintf(&b, "%s -> %s", e.From, e.To)
		if e.Notify {
			b.WriteString(" (notifies)")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestGolden shows what becomes of the graphs in testdata: what their authors read, or the
// resources and edges.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no graphs in testdata: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source, want, _ := strings.Cut(string(text), "==== want\n")
			d, files, diags := snapshot(source)
			var b strings.Builder
			if err := syntax.Render(&b, files, diags, false); err != nil {
				t.Fatal(err)
			}
			got := b.String() + dump(t, d)
			if got != want && *update {
				if err := os.WriteFile(name, []byte(source+"==== want\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
			}
			documented(t, diags)
		})
	}
}

// documented demands that the codes are in the reference.
func documented(t *testing.T, diags syntax.Diagnostics) {
	t.Helper()
	known := map[syntax.Code]bool{}
	for _, c := range append(syntax.Codes(), Codes()...) {
		known[c.Code] = true
	}
	for _, d := range diags {
		if !known[d.Code] {
			t.Errorf("the code %s is not documented", d.Code)
		}
	}
}

// TestCodes demands of each code that its example yields it.
func TestCodes(t *testing.T) {
	for _, c := range Codes() {
		_, _, diags := snapshot(c.Example)
		if len(diags) != 1 || diags[0].Code != c.Code || diags[0].Phase != c.Phase {
			t.Errorf("%s: the example yields %v", c.Code, diags)
		}
	}
}
