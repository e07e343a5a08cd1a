package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxView  = 120 // columns of a line that are shown
	tabWidth = 4
)

// A view is a line of source as a terminal shows it: tabs are blanks, characters that
// a terminal would act on are replaced, and of a long line the part around the place of
// interest is left.
type view struct {
	text    string
	base    int   // bytes of the line that are left out before the part looked at
	columns []int // of each byte of that part, and of its end
	from    int   // first column shown
	shift   int   // columns before it
	width   int   // columns shown
}

// newView makes a view of line in which the bytes from start to end can be seen.
func newView(text []byte, start, end int) *view {
	line, base := around(text, start)
	v := &view{columns: make([]int, len(line)+1), base: base}
	start, end = start-base, min(end-base, len(line))
	var b strings.Builder
	var cuts []int // offset in b of each column
	column := 0
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		text, width := display(r, size)
		for j := range size {
			v.columns[i+j] = column
		}
		for j := range width {
			if r != '\t' {
				j = 0
			}
			cuts = append(cuts, b.Len()+j)
		}
		b.WriteString(text)
		column += width
		i += size
	}
	v.columns[len(line)] = column
	v.text, v.width = b.String(), column
	if column > maxView {
		v.cut(append(cuts, b.Len()), start, end)
	}
	return v
}

// around returns the part of a line around offset i that a view can show, and where
// it begins.
func around(line []byte, i int) (part string, base int) {
	const most = utf8.UTFMax * maxView
	to := min(len(line), i+most)
	for base = max(0, i-most); base < i && !utf8.RuneStart(line[base]); {
		base++
	}
	return string(line[base:to]), base
}

// cut leaves the part of a long line around the bytes from start to end.
func (v *view) cut(offsets []int, start, end int) {
	from, to := v.columns[start], v.columns[min(end, len(v.columns)-1)]
	middle := from + min(to-from, maxView/2)/2
	v.from = min(max(0, middle-maxView/2), v.width-maxView)
	until := v.from + maxView
	text := v.text[offsets[v.from]:offsets[until]]
	if v.from > 0 || v.base > 0 {
		text = "…" + text
		v.shift = 1
	}
	if until < v.width {
		text += "…"
	}
	v.text, v.width = text, maxView+v.shift
}

// column returns where the byte i of the line is shown; a place that is cut off is
// shown at the edge.
func (v *view) column(i int) int {
	i = min(max(0, i-v.base), len(v.columns)-1)
	return min(max(0, v.columns[i]-v.from+v.shift), v.width)
}

// display returns what to show for a character, and how many columns it takes.
func display(r rune, size int) (string, int) {
	switch {
	case r == '\t':
		return strings.Repeat(" ", tabWidth), tabWidth
	case r == utf8.RuneError && size <= 1:
		return "\ufffd", 1
	case r < ' ':
		return string('\u2400' + r), 1
	case r == 0x7f:
		return "\u2421", 1
	case unicode.Is(unicode.Mn, r):
		return string(r), 0
	case !unicode.IsPrint(r):
		return "\ufffd", 1
	case isWide(r):
		return string(r), 2
	}
	return string(r), 1
}

// printable returns text without characters that a terminal would act on.
func printable(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		shown, _ := display(r, size)
		b.WriteString(shown)
		i += size
	}
	return b.String()
}

// isWide reports whether terminals give r two columns.
func isWide(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return true
	}
	return false
}
