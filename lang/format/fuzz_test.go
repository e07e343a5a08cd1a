package format

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzFormat holds that formatting keeps the tree and the comments, and that a second
// time changes nothing.
func FuzzFormat(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.mcl")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
		for part := range strings.SplitSeq(string(text), "\n\n") {
			f.Add(part)
		}
	}
	lines, err := os.ReadFile("testdata/lines.txt")
	if err != nil {
		f.Fatal(err)
	}
	unfold := strings.NewReplacer("⏎", "\n", "<CR>", "\r")
	for line := range strings.Lines(string(lines)) {
		in, _, _ := strings.Cut(strings.TrimSpace(line), " → ")
		f.Add(unfold.Replace(in))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, diags := Source("main.mcl", []byte(text)); diags == nil {
			check(t, text)
		}
	})
}
