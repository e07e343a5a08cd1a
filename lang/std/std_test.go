package std

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// printSigs prints the signatures of a function as testdata/signatures.txt has them.
func printSigs(f *funcs.Function) string {
	var out []string
	for _, sig := range f.Sigs {
		text := sig.String()
		if f.Variadic {
			text = strings.Replace(text, ") "+sig.Elem.String(), ", …) "+sig.Elem.String(), 1)
		}
		out = append(out, text)
	}
	return strings.Join(out, " | ")
}

func TestSignatures(t *testing.T) {
	text, err := os.ReadFile("testdata/signatures.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, sigs, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(line, "#") {
			want[name] = sigs
		}
	}
	got := map[string]string{}
	for path, m := range Library().Modules() {
		for _, f := range m.Funcs {
			got[path+"."+f.Name] = printSigs(f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: the library has %q, want %q", name, got[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want[name] == "" {
			t.Errorf("%s: %s is not in testdata/signatures.txt", name, got[name])
		}
	}
}

// TestEntries holds what the documentation and the compiler take for granted of each
// entry.
func TestEntries(t *testing.T) {
	for path, m := range Library().Modules() {
		if !isSentence(m.Doc) {
			t.Errorf("module %q: the documentation %q is no sentence", path, m.Doc)
		}
		for _, f := range m.Funcs {
			if err := checkEntry(f); err != nil {
				t.Errorf("%s.%s: %v", path, f.Name, err)
			}
		}
	}
}

func isSentence(doc string) bool {
	return doc != "" && strings.HasSuffix(doc, ".") && strings.TrimSpace(doc) == doc && !strings.Contains(doc, "\n")
}

func checkEntry(f *funcs.Function) error {
	forms := 0
	for _, set := range []bool{f.Pure != nil, f.Typed != nil, f.Impure != nil, f.Source != nil, f.Shape != nil} {
		if set {
			forms++
		}
	}
	switch {
	case !isSentence(f.Doc):
		return fmt.Errorf("the documentation %q is no sentence", f.Doc)
	case forms != 1:
		return fmt.Errorf("%d forms are set, not one", forms)
	case len(f.Sigs) == 0:
		return fmt.Errorf("it has no signature")
	case f.Variadic && len(f.Sigs) != 1:
		return fmt.Errorf("it is variadic with %d signatures", len(f.Sigs))
	case (f.Follow || f.Fixed) && f.Source == nil:
		return fmt.Errorf("it follows or fixes arguments but is no source")
	}
	for _, sig := range f.Sigs {
		if sig.Kind != types.KindFunc {
			return fmt.Errorf("the signature %v is no function", sig)
		}
	}
	return nil
}

func BenchmarkLibrary(b *testing.B) {
	for b.Loop() {
		newLibrary()
	}
}
