package resource

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// maxDiff is the size in bytes above which texts are not compared line by line, and
// maxShown the size above which a diff is cut.
const (
	maxDiff  = 1 << 20
	maxShown = 64 << 10
)

// Diff returns the unified diff from old to new, headed by name on both sides. It is
// short: nothing for equal texts, one line for binary or huge ones, and cut when long.
func Diff(name, old, new string) string {
	switch {
	case old == new:
		return ""
	case !diffable(old, new):
		return fmt.Sprintf("%s: %s\n", name, sizes(old, new))
	}
	text, err := udiff.ToUnified(name, name, old, edits(old, new), udiff.DefaultContextLines)
	if err != nil {
		return fmt.Sprintf("%s: %s\n", name, sizes(old, new))
	}
	if len(text) <= maxShown {
		return text
	}
	end := strings.LastIndexByte(text[:maxShown], '\n') + 1
	return text[:end] + fmt.Sprintf("(%d more lines)\n", strings.Count(text[end:], "\n"))
}

// DiffSummary says in a few words how much differs: "2 lines differ". A line that was
// replaced counts once.
func DiffSummary(old, new string) string {
	if !diffable(old, new) {
		return sizes(old, new)
	}
	n := 0
	for _, e := range edits(old, new) {
		n += max(lines(old[e.Start:e.End]), lines(e.New))
	}
	if n == 1 {
		return "1 line differs"
	}
	return fmt.Sprintf("%d lines differ", n)
}

// edits returns what leads from old to new. Where one of them is empty there is nothing to
// be compared: that is most of what is made or removed.
func edits(old, new string) []udiff.Edit {
	if old == "" || new == "" {
		return []udiff.Edit{{Start: 0, End: len(old), New: new}}
	}
	return udiff.Lines(old, new)
}

// lines counts the lines of text, also a last one without newline.
func lines(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}

func diffable(old, new string) bool {
	return len(old) <= maxDiff && len(new) <= maxDiff &&
		strings.IndexByte(old, 0) < 0 && strings.IndexByte(new, 0) < 0
}

func sizes(old, new string) string {
	if len(old) == len(new) {
		return fmt.Sprintf("%d bytes, not the same", len(new))
	}
	return fmt.Sprintf("%d → %d bytes", len(old), len(new))
}
