package syntax

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestMistakes shows what the author of each program in testdata/mistakes reads.
func TestMistakes(t *testing.T) {
	names, err := filepath.Glob("testdata/mistakes/*.mcl")
	if err != nil || len(names) == 0 {
		t.Fatal("no programs: ", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".mcl"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var files Files
			_, diags := Parse(files.Add(filepath.Base(name), text), new(IDs))
			var got strings.Builder
			if err := Render(&got, &files, diags, false); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".mcl")+".golden", got.String())
		})
	}
}

// golden compares got with a file, or writes it there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", name, got, want)
	}
}
