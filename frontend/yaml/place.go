package yaml

import (
	"bytes"
	"unicode/utf8"

	"mgmt/lang/syntax"
)

// A ruler finds places in a text by line and column, which count from one; columns are
// characters. Asked from the front to the back, it walks over the text once, however long
// its lines are.
type ruler struct {
	file  *syntax.File
	lines []int // offsets of the starts of the lines

	line, column, offset int // the last answer
}

func newRuler(file *syntax.File) *ruler {
	r := &ruler{file: file, lines: []int{0}}
	text := file.Text
	for i := 0; i < len(text); {
		n := lineBreak(text[i:])
		if n == 0 {
			i++
			continue
		}
		i += n
		r.lines = append(r.lines, i)
	}
	return r
}

// lineBreak returns the length of the line break that the text begins with, or 0.
func lineBreak(text []byte) int {
	switch text[0] {
	case '\n':
		return 1
	case '\r':
		if len(text) > 1 && text[1] == '\n' {
			return 2
		}
		return 1
	case 0xC2: // next line
		if len(text) > 1 && text[1] == 0x85 {
			return 2
		}
	case 0xE2: // line or paragraph separator
		if len(text) > 2 && text[1] == 0x80 && text[2]&^1 == 0xA8 {
			return 3
		}
	}
	return 0
}

// find returns the offset of a place, or the nearest there is.
func (r *ruler) find(line, column int) int {
	line = min(max(line, 1), len(r.lines))
	if line != r.line || column < r.column {
		r.line, r.column, r.offset = line, 1, r.lines[line-1]
		if line == 1 && bytes.HasPrefix(r.file.Text, byteOrderMark) {
			r.offset = len(byteOrderMark)
		}
	}
	for text := r.file.Text; r.column < column && r.offset < len(text); r.column++ {
		_, size := utf8.DecodeRune(text[r.offset:])
		r.offset += size
	}
	return r.offset
}

var byteOrderMark = []byte("\uFEFF")

// span returns where a scalar or, for anything else, its beginning stands.
func (r *ruler) span(line, column int, value string) syntax.Span {
	start := r.find(line, column)
	text := r.file.Text[start:]
	end := start
	switch {
	case len(text) == 0:
	case value != "" && bytes.HasPrefix(text, []byte(value)):
		end += len(value)
	case text[0] == '"' || text[0] == '\'':
		end += quoted(text)
	default:
		end += word(text)
	}
	return syntax.Span{Start: r.file.Pos(start), End: r.file.Pos(end)}
}

// quoted returns the length of the quoted string that the text begins with, at most to the
// end of its line.
func quoted(text []byte) int {
	for i := 1; i < len(text) && text[i] != '\n'; i++ {
		switch {
		case text[i] == '\\' && text[0] == '"':
			i++
		case text[i] == text[0]:
			return i + 1
		}
	}
	return 1
}

// word returns the length of the word or bracket that the text begins with.
func word(text []byte) int {
	if n := bytes.IndexAny(text, " \t\r\n:,{}[]"); n > 0 {
		return n
	} else if n < 0 {
		return min(len(text), 40)
	}
	return 1
}
