package syntax

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFixes applies the fix of each diagnostic of each program with mistakes, one at a
// time: the mistake goes away and no other comes.
func TestFixes(t *testing.T) {
	names, _ := filepath.Glob("testdata/mistakes/*.mcl")
	programs := make(map[string]string)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		programs[filepath.Base(name)] = string(text)
	}
	for _, info := range syntaxCodes {
		programs[string(info.Code)] = info.Example
	}
	fixed := 0
	for name, text := range programs {
		var files Files
		f := files.Add(name, []byte(text))
		_, diags := Parse(f, new(IDs))
		for _, d := range diags {
			if d.Fix == nil {
				continue
			}
			fixed++
			_, left := parse(apply(f, d.Fix))
			if len(left) > len(diags)-1 {
				t.Errorf("%s: %s (%s)\n%s\nleaves%s", name, d.Message, d.Fix.Message, apply(f, d.Fix), list(left))
			}
		}
	}
	if fixed < 50 {
		t.Errorf("only %d fixes were tried", fixed)
	}
}

// apply returns the text of f with the edits of a fix.
func apply(f *File, fix *Fix) string {
	edits := slices.Clone(fix.Edits)
	slices.SortFunc(edits, func(a, b Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	var b strings.Builder
	done := 0
	for _, e := range edits {
		b.Write(f.Text[done:f.Offset(e.Span.Start)])
		b.WriteString(e.Text)
		done = f.Offset(e.Span.End)
	}
	b.Write(f.Text[done:])
	return b.String()
}
