package format

import (
	"bytes"
	"sort"
	"strings"

	"mgmt/lang/syntax"
)

// maxIndent bounds the tabs at the start of a line: deeper levels print as if they
// were that deep, or a program of many levels would be mostly tabs.
const maxIndent = 200

// A printer writes a tree. The line being written gathers in line until newline ends
// it; comments are taken from the list in order, each when the first of these
// happens:
//
//   - a line ends whose last token stands in the source on the line of the comment,
//     or after the comment: then it trails that line, unless it is inside of a bracket
//     that is yet to be printed;
//   - an element begins (a statement, an item) that is after the comment: then it has
//     a line of its own.
type printer struct {
	file     *syntax.File
	src      string
	comments []comment // not yet printed

	out    []byte
	line   []byte
	indent int
	pos    int // in the source, the end of what was printed last

	// commented has the offset of the opening bracket of each list and body with a
	// comment directly inside of it.
	commented map[int]bool

	lineFrom, lineTo int // a line of the source that was looked up before
}

// A comment is one that is yet to be printed.
type comment struct {
	text  string
	start int // its offset in the source
	open  int // that of the innermost bracket around it, or -1
}

func (p *printer) write(text string) { p.line = append(p.line, text...) }

func (p *printer) start(n syntax.Node) int { return p.file.Offset(n.Span().Start) }
func (p *printer) end(n syntax.Node) int   { return p.file.Offset(n.Span().End) }

// newline ends the line, with the comments that belong to it.
func (p *printer) newline() { p.newlineUpTo(len(p.src)) }

// newlineUpTo ends the line. Comments from limit on are left for later lines.
func (p *printer) newlineUpTo(limit int) {
	limit = max(p.pos, min(limit, p.lineEnd(p.pos)))
	n := 0
	for n < len(p.comments) && p.comments[n].start < limit && p.comments[n].open < p.pos {
		n++
	}
	above := p.indent
	if len(p.line) > 0 && strings.IndexByte("])}", p.line[0]) >= 0 {
		above++ // they come to stand inside of the bracket that the line closes
	}
	for i := range n - 1 {
		p.tabs(above)
		p.comment(p.comments[i])
		p.out = append(p.out, '\n')
	}
	p.tabs(p.indent)
	p.out = append(p.out, p.line...)
	if n > 0 {
		p.out = append(p.out, ' ')
		p.comment(p.comments[n-1])
	}
	p.out = append(p.out, '\n')
	p.line = p.line[:0]
	p.comments = p.comments[n:]
}

func (p *printer) comment(c comment) {
	p.out = append(p.out, '#')
	p.out = append(p.out, c.text...)
}

func (p *printer) tabs(n int) {
	for range min(n, maxIndent) {
		p.out = append(p.out, '\t')
	}
}

// ownLines prints the comments before an offset, each on a line of its own.
func (p *printer) ownLines(offset int) {
	for len(p.comments) > 0 {
		c := p.comments[0]
		if c.start >= offset {
			return
		}
		p.blankLine(c.start)
		p.tabs(p.indent)
		p.comment(c)
		p.out = append(p.out, '\n')
		p.comments = p.comments[1:]
	}
}

// element begins something that stands on a line of its own and is at offset in the
// source.
func (p *printer) element(offset int) {
	p.ownLines(offset)
	p.blankLine(offset)
}

// blankLine prints an empty line if there is one in the source before offset.
func (p *printer) blankLine(offset int) {
	lines := 0
	for i := offset - 1; i >= 0 && strings.IndexByte(" \t\r\n", p.src[i]) >= 0; i-- {
		if p.src[i] == '\n' {
			lines++
		}
	}
	if lines >= 2 && len(p.out) > 0 && !bytes.HasSuffix(p.out, []byte("\n\n")) {
		p.out = append(p.out, '\n')
	}
}

// lineEnd returns the offset of the end of the line of the source that has offset.
func (p *printer) lineEnd(offset int) int {
	if offset < p.lineFrom || offset > p.lineTo || p.lineTo == 0 {
		p.lineFrom, p.lineTo = offset, len(p.src)
		if n := strings.IndexByte(p.src[offset:], '\n'); n >= 0 {
			p.lineTo = offset + n
		}
	}
	return p.lineTo
}

// find returns the offset of the first c from offset on. Between them are nothing but
// blanks, commas and comments.
func (p *printer) find(offset int, c byte) int {
	for offset < len(p.src) && p.src[offset] != c {
		if p.src[offset] == '#' {
			offset = p.lineEnd(offset)
		} else {
			offset++
		}
	}
	return offset
}

// startsLine reports whether nothing but blanks is before offset on its line.
func (p *printer) startsLine(offset int) bool {
	for offset--; offset >= 0; offset-- {
		switch p.src[offset] {
		case '\n':
			return true
		case ' ', '\t', '\r':
		default:
			return false
		}
	}
	return true
}

// stacked reports whether the bracket at open, whose first item is at first, has its
// items on lines of their own.
func (p *printer) stacked(open, first int) bool {
	return p.commented[open] || p.startsLine(first)
}

// hasComment reports whether a comment is between two offsets.
func (p *printer) hasComment(from, to int) bool {
	i := sort.Search(len(p.comments), func(i int) bool { return p.comments[i].start >= from })
	return i < len(p.comments) && p.comments[i].start < to
}

// open ends a line with an opening bracket, which is at offset and whose first item
// is at first. A comment behind all of a construct that is written on one line comes
// to stand here; one behind an item stays with the item.
func (p *printer) open(bracket string, offset, first, closing int) {
	p.write(bracket)
	p.pos = offset + 1
	limit := first
	if closing <= p.lineEnd(p.pos) {
		limit = len(p.src)
	}
	p.newlineUpTo(limit)
	p.indent++
}

// close begins the line of a closing bracket, which is at offset.
func (p *printer) close(bracket string, offset int) {
	p.element(offset)
	p.indent--
	p.write(bracket)
	p.pos = offset + 1
}

// take notes the comments of a source that is known to parse, and which brackets they
// are directly inside of.
func (p *printer) take(comments []syntax.Comment) {
	if len(comments) == 0 {
		return
	}
	p.comments = make([]comment, 0, len(comments))
	p.commented = make(map[int]bool)
	open := []int{-1} // the brackets around i
	for i := 0; i < len(p.src); i++ {
		switch p.src[i] {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			open = open[:len(open)-1]
		case '"':
			i = closingQuote(p.src, i)
		case '#':
			innermost := open[len(open)-1]
			p.commented[innermost] = true
			p.comments = append(p.comments, comment{text: comments[len(p.comments)].Text, start: i, open: innermost})
			i = p.lineEnd(i)
		}
	}
}

// closingQuote returns the offset of the quote that closes the string at offset.
func closingQuote(src string, offset int) int {
	for offset++; src[offset] != '"'; offset++ {
		if src[offset] == '\\' {
			offset++
		}
	}
	return offset
}
