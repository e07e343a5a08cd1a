package syntax

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Render shows diagnostics to people: each with its place, the lines of source that
// take part, and what can be done. Color asks for the escape sequences of a
// terminal.
//
//	main.mcl:2:10: error: `$x` is annotated as `int`, but its value is of type `str` [literal-type]
//	  |
//	2 | $x int = "a"
//	  |    ---   ^^^
//	  |    |
//	  |    the annotation
func Render(w io.Writer, files *Files, list Diagnostics, color bool) error {
	r := renderer{w: bufio.NewWriter(w), files: files}
	if color {
		r.style = ansi
	}
	for i, d := range list {
		if i > 0 {
			r.w.WriteByte('\n')
		}
		r.diagnostic(d)
	}
	return r.w.Flush()
}

// A style has the escape sequences to begin each kind of text with. The zero style
// is plain text.
type style struct {
	err, warning, note, help, bold, dim, reset string
}

var ansi = style{
	err:     "\x1b[1;31m",
	warning: "\x1b[1;33m",
	note:    "\x1b[1;34m",
	help:    "\x1b[1;32m",
	bold:    "\x1b[1m",
	dim:     "\x1b[2m",
	reset:   "\x1b[0m",
}

type renderer struct {
	w     *bufio.Writer
	files *Files
	style style
}

// paint wraps text in a colour.
func (r *renderer) paint(color, text string) string { return color + text + r.style.reset }

func (r *renderer) severity(s Severity) string {
	if s == Warning {
		return r.style.warning
	}
	return r.style.err
}

func (r *renderer) diagnostic(d *Diagnostic) {
	if d.Span.IsValid() {
		fmt.Fprintf(r.w, "%s ", r.paint(r.style.bold, printable(r.files.Position(d.Span.Start).String())+":"))
	}
	fmt.Fprintf(r.w, "%s %s %s\n", r.paint(r.severity(d.Severity), d.Severity.String()+":"),
		r.paint(r.style.bold, printable(d.Message)), r.paint(r.style.dim, "["+string(d.Code)+"]"))
	marks := r.marks(d)
	fix := r.fixed(d.Fix)
	gutter := 0
	for _, m := range marks {
		gutter = max(gutter, len(strconv.Itoa(m.line)))
	}
	if fix != nil {
		gutter = max(gutter, len(strconv.Itoa(fix.line)))
	}
	r.snippets(marks, gutter)
	if d.Hint != "" && !(fix != nil && strings.HasPrefix(d.Hint, "did you mean")) {
		r.help(d.Hint, gutter)
	}
	if d.Fix != nil {
		r.help(d.Fix.Message, gutter)
		r.repaired(fix, gutter)
	}
}

// help shows advice below the excerpt.
func (r *renderer) help(text string, gutter int) {
	fmt.Fprintf(r.w, "%*s %s %s %s\n", gutter, "", r.paint(r.style.note, "="), r.paint(r.style.help, "help:"), printable(text))
}

// A mark is a span to underline in one line of source.
type mark struct {
	file       *File
	line       int
	start, end int // bytes in the line
	label      string
	color      string
	sign       byte
}

// marks returns what to underline for d, by file and line; those in the file of the
// primary span come first.
func (r *renderer) marks(d *Diagnostic) []mark {
	var marks []mark
	if m, ok := r.mark(d.Span); ok {
		m.color, m.sign = r.severity(d.Severity), '^'
		marks = append(marks, m)
	}
	for _, related := range d.Related {
		if m, ok := r.mark(related.Span); ok {
			m.label, m.color, m.sign = join(printable(related.Message), m.label), r.style.note, '-'
			marks = append(marks, m)
		}
	}
	if len(marks) == 0 {
		return nil
	}
	home := marks[0].file
	slices.SortStableFunc(marks, func(a, b mark) int {
		return cmp.Or(
			-compareBool(a.file == home, b.file == home),
			cmp.Compare(a.file.base, b.file.base),
			cmp.Compare(a.line, b.line),
		)
	})
	return marks
}

// join appends where a span ends to the label of its mark.
func join(label, extent string) string {
	if extent == "" {
		return label
	}
	return label + ", " + extent
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// mark places a span in its line. Of a span over several lines it has the part in
// the first one, and says where the last is.
func (r *renderer) mark(s Span) (mark, bool) {
	f := r.files.File(s.Start)
	if f == nil {
		return mark{}, false
	}
	at := r.files.Position(s.Start)
	start := at.Offset - int(f.starts()[at.Line-1])
	length := len(f.lineText(at.Line))
	start = min(start, length)
	m := mark{file: f, line: at.Line, start: start, end: max(start, min(start+int(s.End-s.Start), length))}
	if last := r.files.Position(s.End).Line; last > at.Line && start+int(s.End-s.Start) > length+1 {
		m.label = fmt.Sprintf("up to line %d", last)
	}
	return m, true
}

// snippets shows the lines that have marks.
func (r *renderer) snippets(marks []mark, gutter int) {
	for i := 0; i < len(marks); {
		first := marks[i]
		n := i + 1
		for n < len(marks) && marks[n].file == first.file && marks[n].line == first.line {
			n++
		}
		switch {
		case i == 0:
			r.margin(gutter, "")
		case marks[i-1].file != first.file:
			fmt.Fprintf(r.w, "%*s %s %s:%d:%d\n", gutter, "", r.paint(r.style.note, "::"), printable(first.file.Name), first.line, first.start+1)
		case marks[i-1].line < first.line-1:
			fmt.Fprintf(r.w, "%s\n", r.paint(r.style.note, strings.Repeat(".", max(3, gutter))))
		}
		r.marked(marks[i:n], gutter)
		i = n
	}
}

// margin shows a line of the excerpt that has no number.
func (r *renderer) margin(gutter int, text string) {
	line := fmt.Sprintf("%*s %s", gutter, "", r.paint(r.style.note, "|"))
	if text != "" {
		line += " " + text
	}
	fmt.Fprintln(r.w, line)
}

// numbered shows a line of source.
func (r *renderer) numbered(gutter, line int, text string) {
	fmt.Fprintf(r.w, "%s %s\n", r.paint(r.style.note, fmt.Sprintf("%*d |", gutter, line)), text)
}

// marked shows one line of source with the marks below it.
func (r *renderer) marked(marks []mark, gutter int) {
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.start, b.start) })
	primary := slices.IndexFunc(marks, func(m mark) bool { return m.sign == '^' })
	shown := marks[max(primary, 0)]
	v := newView(marks[0].file.lineText(marks[0].line), shown.start, shown.end)
	r.numbered(gutter, marks[0].line, v.text)
	for len(marks) > 0 {
		row, rest := apart(marks)
		r.underlines(v, row, gutter)
		marks = rest
	}
}

// apart divides marks, which are in order of their starts, into some that do not
// overlap and the rest.
func apart(marks []mark) (row, rest []mark) {
	end := -1
	for _, m := range marks {
		if m.start > end || end < 0 {
			row = append(row, m)
			end = max(m.end, m.start+1)
		} else {
			rest = append(rest, m)
		}
	}
	return row, rest
}

// underlines shows marks below a line, and their labels: the last one beside its
// mark, the others in lines of their own.
func (r *renderer) underlines(v *view, row []mark, gutter int) {
	var b strings.Builder
	column := 0
	for _, m := range row {
		start, end := v.column(m.start), v.column(m.end)
		start = max(start, column)
		end = max(end, start+1)
		b.WriteString(strings.Repeat(" ", start-column))
		b.WriteString(r.paint(m.color, strings.Repeat(string(m.sign), end-start)))
		column = end
	}
	last := row[len(row)-1]
	if last.label != "" {
		b.WriteString(" " + r.paint(last.color, last.label))
	}
	r.margin(gutter, b.String())
	labelled := slices.DeleteFunc(slices.Clone(row[:len(row)-1]), func(m mark) bool { return m.label == "" })
	if len(labelled) > 0 {
		r.margin(gutter, r.connectors(v, labelled))
	}
	for n := len(labelled) - 1; n >= 0; n-- {
		m := labelled[n]
		indent := r.connectors(v, labelled[:n])
		pad := v.column(m.start) - connectorWidth(v, labelled[:n])
		r.margin(gutter, indent+strings.Repeat(" ", max(0, pad))+r.paint(m.color, m.label))
	}
}

// connectors draws a bar below the start of each mark.
func (r *renderer) connectors(v *view, marks []mark) string {
	var b strings.Builder
	column := 0
	for _, m := range marks {
		start := v.column(m.start)
		b.WriteString(strings.Repeat(" ", max(0, start-column)))
		b.WriteString(r.paint(m.color, "|"))
		column = start + 1
	}
	return b.String()
}

// connectorWidth is how many columns connectors draws.
func connectorWidth(v *view, marks []mark) int {
	if len(marks) == 0 {
		return 0
	}
	return v.column(marks[len(marks)-1].start) + 1
}

// maxRepair bounds the length of a line that is shown as a fix makes it.
const maxRepair = 4096

// A repair is a line of source after the edits of a fix.
type repair struct {
	line  int
	text  string
	marks [][2]int // bytes of the text that are new; an empty one is a removal
}

// fixed returns the line that a fix changes, or nil if it changes more than one.
func (r *renderer) fixed(fix *Fix) *repair {
	if fix == nil || len(fix.Edits) == 0 {
		return nil
	}
	edits := slices.Clone(fix.Edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	f := r.files.File(edits[0].Span.Start)
	if f == nil {
		return nil
	}
	line := r.files.Position(edits[0].Span.Start).Line
	source := string(f.lineText(line))
	if len(source) > maxRepair {
		return nil
	}
	base := f.Pos(int(f.starts()[line-1]))
	out := &repair{line: line}
	done := 0
	for _, e := range edits {
		start, end := int(e.Span.Start-base), int(e.Span.End-base)
		if start < done || end > len(source) || strings.Contains(e.Text, "\n") {
			return nil
		}
		out.text += source[done:start]
		out.marks = append(out.marks, [2]int{len(out.text), len(out.text) + len(e.Text)})
		out.text += e.Text
		done = end
	}
	out.text += source[done:]
	return out
}

// repaired shows a line as a fix makes it.
func (r *renderer) repaired(fix *repair, gutter int) {
	if fix == nil {
		return
	}
	v := newView([]byte(fix.text), fix.marks[0][0], fix.marks[0][1])
	r.numbered(gutter, fix.line, v.text)
	var b strings.Builder
	column := 0
	for _, m := range fix.marks {
		start, end := v.column(m[0]), v.column(m[1])
		if end <= start || start < column {
			continue
		}
		b.WriteString(strings.Repeat(" ", start-column))
		b.WriteString(strings.Repeat("+", end-start))
		column = end
	}
	if b.Len() > 0 {
		r.margin(gutter, r.paint(r.style.help, strings.TrimRight(b.String(), " ")))
	}
}
