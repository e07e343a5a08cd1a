package console

import (
	"bytes"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"

	"mgmt/lang/syntax"
)

// A record is a log record whose attributes are flat.
type record struct {
	time    time.Time
	level   slog.Level
	about   string // a resource, or empty
	message string
	attrs   []slog.Attr
}

// record makes the line of a log record.
func (c *Console) record(r record) []byte {
	if c.opts.JSON {
		return recordJSON(r)
	}
	p := printer{opts: c.opts, second: -1}
	p.time(r.time)
	switch {
	case r.level >= slog.LevelError:
		p.text(red, "error: ")
	case r.level >= slog.LevelWarn:
		p.text(yellow, "warning: ")
	}
	if r.about != "" {
		p.text(bold, Printable(r.about))
		p.text("", ": ")
	}
	b := []byte(r.message)
	for _, a := range r.attrs {
		b = appendAttr(b, a)
	}
	p.text("", Printable(string(b)))
	return append(p.buf, '\n')
}

// diagnostics makes the text of diagnostics.
func (c *Console) diagnostics(files *syntax.Files, list syntax.Diagnostics) []byte {
	if c.opts.JSON {
		return diagnosticsJSON(files, list)
	}
	var b bytes.Buffer
	syntax.Render(&b, files, list, c.opts.Color)
	return b.Bytes()
}

// AppendDiff writes a unified diff, indented, in the colours of a terminal if asked to.
func AppendDiff(b []byte, diff string, color bool) []byte {
	for line := range strings.Lines(diff) {
		line = Printable(strings.TrimSuffix(line, "\n"))
		paint := ""
		switch {
		case !color || line == "":
		case line[0] == '+':
			paint = green
		case line[0] == '-':
			paint = "\x1b[31m"
		case line[0] == '@':
			paint = dim
		}
		b = append(append(append(b, "    "...), paint...), line...)
		if paint != "" {
			b = append(b, reset...)
		}
		b = append(b, '\n')
	}
	return b
}

// Printable keeps what a terminal would act on out of a line: control characters are shown as
// a program would write them. Tabs stay.
func Printable(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f
	}
	if plain || strings.IndexFunc(s, hostile) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hostile(r) {
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// PrintableLines is Printable for a text of several lines, which stay that.
func PrintableLines(s string) string {
	if !strings.Contains(s, "\n") {
		return Printable(s)
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
	}
	return strings.Join(lines, "\n")
}

func hostile(r rune) bool {
	return r != '\t' && (unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r))
}
