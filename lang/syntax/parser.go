package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deeply a tree may nest. Passes over trees recurse, and the
// stack of a goroutine is not endless.
const maxDepth = 250_000

// MaxFile bounds the size of a file: positions are 32 bits wide, and a program of
// this size is a mistake.
const MaxFile = 256 << 20

// Parse makes a tree of a file and reports what is wrong with it: its layout
// (PhaseParse), its structure (PhaseInit) and its strings (PhaseInterp). The tree
// is never nil; what could not be understood is missing from it or stands in it as
// a BadStmt or BadExpr.
//
// The expressions, parameters, loop variables and includes of the tree are numbered
// by ids, which all files of a program share. The text of f must not change any
// more.
func Parse(f *File, ids *IDs) (*Tree, Diagnostics) {
	p := &parser{scanner: scanner{reporter: reporter{file: f}, fresh: true}, ids: ids}
	tree := &Tree{File: f}
	if p.readable() {
		p.src = string(f.Text)
		if strings.HasPrefix(p.src, "\ufeff") {
			p.off = len("\ufeff")
		}
		p.next()
		tree.Stmts = p.program()
		tree.Comments = p.comments
		validate(tree, &p.reporter)
	}
	return tree, p.Diagnostics()
}

// readable reports whether the file is one to parse at all.
func (p *parser) readable() bool {
	f := p.file
	start := p.span(0, 0)
	switch {
	case len(f.Text) < f.size:
		p.report(codeFileTooLarge, start, "%s has %d MiB; the limit is %d MiB", f.Name, f.size>>20, MaxFile>>20)
		return false
	case utf8.Valid(f.Text):
		return true
	}
	i := invalidUTF8(f.Text)
	span := p.span(i, i+1)
	if strings.IndexByte(string(f.Text[:min(len(f.Text), 8000)]), 0) >= 0 {
		p.report(codeInvalidUTF8, span, "%s is not a text file", f.Name)
		return false
	}
	p.report(codeInvalidUTF8, span, "the text is not UTF-8: byte %#02x", f.Text[i]).
		hint("save the file with the encoding UTF-8")
	return true
}

// invalidUTF8 returns the offset of the first byte of text that is not UTF-8.
func invalidUTF8(text []byte) int {
	for i := 0; ; {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

// A parser descends through the grammar.
//
// A mistake is reported once, where it is met, and sets bad. While it is set nothing
// more is reported, no text is consumed, and every rule returns at once what it
// has; the innermost list around it (of statements, of the items of a resource or
// of a bracket) then skips to where its next element begins, clears bad, and goes on.
// Mistakes whose repair is evident are reported without setting bad.
type parser struct {
	scanner
	ids  *IDs
	tok  lexeme   // the present one
	prev int32    // end of the one before
	peek []lexeme // lexemes that were looked at already; from seen on, those after tok
	seen int
	nest int // brackets around tok within which line ends mean nothing
	bad  bool

	depth   int    // of the recursion
	height  int    // of the expression parsed last
	stopped bool   // nesting too deep: behave as if the text ended
	oldEra  bool   // the file has operators of the oldest releases
	askew   lexeme // the last { whose } is indented less than its line

	nodes
}

// next goes on to the following lexeme.
func (p *parser) next() {
	p.prev = p.tok.end
	for fresh := false; ; fresh = true {
		if p.seen == len(p.peek) {
			p.tok = p.scan()
		} else {
			p.tok = p.peek[p.seen]
			if p.seen++; p.seen == len(p.peek) {
				p.forget()
			}
		}
		if p.nest > 0 && p.tok.kind == tNewline {
			continue
		}
		p.tok.fresh = p.tok.fresh || fresh
		return
	}
}

// ahead returns the lexeme n after the present one, counting line ends.
func (p *parser) ahead(n int) lexeme {
	for len(p.peek)-p.seen < n {
		if k := len(p.peek); k > p.seen && p.peek[k-1].kind == tEOF {
			return p.peek[k-1]
		}
		p.peek = append(p.peek, p.scan())
	}
	return p.peek[p.seen+n-1]
}

// forget drops the lexemes that were looked at.
func (p *parser) forget() { p.peek, p.seen = p.peek[:0], 0 }

// at reports whether the present lexeme is of kind t.
func (p *parser) at(t token) bool { return p.tok.kind == t && !p.bad }

// accept goes past a lexeme of kind t, if that is the present one.
func (p *parser) accept(t token) bool {
	if !p.at(t) {
		return false
	}
	p.next()
	return true
}

// expect goes past a lexeme of kind t, or complains. What says in which place it is
// missing.
func (p *parser) expect(t token, where string) bool {
	if p.accept(t) {
		return true
	}
	p.unexpected("`"+tokenText[t]+"`", where)
	return false
}

// open goes past an opening bracket within which line ends mean nothing.
func (p *parser) open() {
	p.nest++
	p.next()
}

// close goes past the closing bracket that ends what open began, after a mistake too
// if it can be found. Opener is the opening one.
func (p *parser) close(opener lexeme) {
	want := opener.kind.closer()
	if p.tok.kind != want && !p.bad {
		p.unclosed(opener)
	}
	if p.bad && p.tok.kind != tLBrace { // a brace begins the block that follows
		p.skip(p.startsLine)
		p.bad = p.stopped || p.tok.kind != want
	}
	p.nest--
	if !p.bad {
		p.next()
	}
}

// unclosed complains about a missing closing bracket.
func (p *parser) unclosed(opener lexeme) {
	want := tokenText[opener.kind.closer()]
	if p.tok.kind == tEOF || p.tok.fresh {
		d := p.fail(codeUnclosedBracket, p.lexSpan(opener), "this `%s` is never closed", tokenText[opener.kind])
		if p.tok.kind != tEOF {
			d.related(p.tokSpan(), "`%s` is expected before this", want)
		}
		if p.askew.start > opener.start {
			d.related(p.lexSpan(p.askew), "perhaps this one lacks its `}`: the brace that closes it is indented differently")
		}
		return
	}
	p.fail(codeUnclosedBracket, p.tokSpan(), "expected `%s`, found %s", want, p.describe(p.tok)).
		related(p.lexSpan(opener), "to close this `%s`", tokenText[opener.kind])
}

// list parses a bracket and the items in it, which commas separate. Line ends
// mean nothing in it, and a comma may follow the last item.
func (p *parser) list(opener lexeme, what string, item func(*parser)) {
	closer := opener.kind.closer()
	height := 0
	p.open()
	for p.tok.kind != closer && !p.bad && !p.listBreaksOff(opener) {
		p.height = 0
		if p.tok.kind == tComma {
			p.fail(codeUnexpected, p.tokSpan(), "expected %s before this comma", what)
		} else {
			item(p)
		}
		height = max(height, p.height)
		if p.bad {
			p.skip(func(l lexeme) bool { return l.kind == tComma || p.startsLine(l) })
			if p.tok.kind != tComma {
				p.bad = true
				break
			}
		}
		if !p.accept(tComma) && p.tok.kind != closer && !p.missingComma(opener, what) {
			break
		}
	}
	p.close(opener)
	p.height = height
}

// listBreaksOff reports whether the list evidently lacks its closing bracket: the
// text ends, or something begins that stands in no list.
func (p *parser) listBreaksOff(opener lexeme) bool {
	switch {
	case p.tok.kind == tEOF, p.startsLine(p.tok):
		return true
	case opener.kind == tLBrace, !p.tok.fresh, p.tok.kind != tIdent:
		return false
	}
	return p.ahead(1).kind == tFat
}

// missingComma deals with an item that no comma follows; it reports whether the
// list can go on.
func (p *parser) missingComma(opener lexeme, what string) bool {
	switch {
	case p.quiet(), p.listBreaksOff(opener):
		return false
	case p.tok.kind.startsExpr():
		at := p.insertionPoint()
		p.report(codeMissingComma, at, "expected `,` between two items").
			fix("add a comma", Edit{at, ","})
		return true
	case p.tok.kind.isCloser():
		return false
	}
	p.unexpected("`,` or `"+tokenText[opener.kind.closer()]+"`", "after "+what).
		related(p.lexSpan(opener), "in this `%s`", tokenText[opener.kind])
	return true
}

// startsLine reports whether l is the first lexeme of a line and begins a statement
// that cannot be part of an expression.
func (p *parser) startsLine(l lexeme) bool {
	if !l.fresh {
		return false
	}
	switch l.kind {
	case tFor, tForkv, tClass, tInclude, tImport, tPanic:
		return true
	case tDollar:
		return p.bindAhead(int(l.end))
	case tIdent:
		return p.resourceAhead(int(l.end))
	}
	return false
}

// resourceAhead reports whether the text at offset i, after a name, is the name of a
// resource and a brace.
func (p *parser) resourceAhead(i int) bool {
	for class[p.byteAt(i)] != 0 || p.byteAt(i) == ':' && class[p.byteAt(i+1)] != 0 {
		i++
	}
	for p.byteAt(i) == ' ' {
		i++
	}
	if p.byteAt(i) != '"' {
		return false
	}
	line, _, _ := strings.Cut(p.near(i+1), "\n")
	_, after, _ := strings.Cut(line, `"`)
	return strings.HasPrefix(strings.TrimLeft(after, " "), "{")
}

// closeBrace goes past the } of a block or resource, or complains.
func (p *parser) closeBrace(opener lexeme) {
	if !p.at(tRBrace) {
		p.unclosed(opener)
		return
	}
	if p.tok.fresh && p.indent(p.tok.start) < p.indent(opener.start) {
		p.askew = opener
	}
	p.next()
}

// indent counts the blanks that begin the line of the offset.
func (p *parser) indent(offset int32) int {
	start := max(0, int(offset)-far)
	start += strings.LastIndexByte(p.src[start:offset], '\n') + 1
	return len(p.src[start:]) - len(strings.TrimLeft(p.src[start:], " \t"))
}

// bindAhead reports whether the text at offset i is a name and an assignment.
func (p *parser) bindAhead(i int) bool {
	for class[p.byteAt(i)] != 0 {
		i++
	}
	for p.byteAt(i) == ' ' {
		i++
	}
	return p.byteAt(i) == '=' && p.byteAt(i+1) != '=' && p.byteAt(i+1) != '>'
}

// quiet reports whether a further complaint would only echo one that was made.
func (p *parser) quiet() bool {
	if p.stopped || p.tok.kind == tBad {
		p.bad = true
	}
	return p.bad
}

// fail reports an error after which the innermost list has to recover.
func (p *parser) fail(code Code, span Span, format string, args ...any) *Diagnostic {
	if p.quiet() {
		return new(Diagnostic)
	}
	p.bad = true
	return p.report(code, span, format, args...)
}

// unexpected complains about the present lexeme.
func (p *parser) unexpected(want, where string) *Diagnostic {
	if where != "" {
		where = " " + where
	}
	code := codeUnexpected
	if p.tok.kind == tEOF {
		code = codeUnexpectedEnd
	}
	return p.fail(code, p.tokSpan(), "expected %s%s, found %s", want, where, p.describe(p.tok))
}

// describe names a lexeme in a message.
func (p *parser) describe(l lexeme) string {
	switch l.kind {
	case tEOF:
		return "the end of the file"
	case tNewline:
		return "the end of the line"
	case tString:
		return "a string"
	case tInt, tFloat:
		return "the number " + p.src[l.start:l.end]
	}
	text := p.src[l.start:l.end]
	if l.kind.isKeyword() {
		return fmt.Sprintf("the word `%s`", text)
	}
	return fmt.Sprintf("`%s`", text)
}

func (p *parser) text(l lexeme) string    { return p.src[l.start:l.end] }
func (p *parser) lexSpan(l lexeme) Span   { return p.span(int(l.start), int(l.end)) }
func (p *parser) insertionPoint() Span    { return p.span(int(p.prev), int(p.prev)) }
func (p *parser) posFrom(start int32) pos { return pos{p.from(start)} }

// from is the span of what began at start and goes up to here; where nothing could
// be parsed, it is the empty one here.
func (p *parser) from(start int32) Span { return p.span(int(min(start, p.prev)), int(p.prev)) }

// tokSpan is the span of the present lexeme. The end of a line is shown as one
// place, also where it is two bytes or none.
func (p *parser) tokSpan() Span {
	if p.tok.kind == tNewline || p.tok.kind == tEOF {
		return p.span(int(p.tok.start), int(p.tok.start))
	}
	return p.lexSpan(p.tok)
}

// enter counts a level of nesting; false means that there are too many. Each enter
// is followed by a leave.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxDepth {
		p.tooDeep()
	}
	return !p.stopped
}

func (p *parser) leave() { p.depth-- }

// raise makes the expression parsed last one level higher than h, or than it was.
func (p *parser) raise(h int) {
	p.height = max(h, p.height) + 1
	if p.height > maxDepth {
		p.tooDeep()
	}
}

// tooDeep ends the parse.
func (p *parser) tooDeep() {
	if p.stopped {
		return
	}
	p.report(codeTooDeep, p.tokSpan(), "the program nests more than %d levels deep", maxDepth)
	p.stopped, p.bad = true, true
	p.forget()
	p.off = len(p.src)
	p.tok = lexeme{kind: tEOF, start: int32(p.off), end: int32(p.off)}
}

// skip goes forward to the first lexeme outside of brackets that stop accepts, a
// closing bracket without its opening one, or the end.
func (p *parser) skip(stop func(lexeme) bool) {
	p.bad = p.stopped
	nest := p.nest
	for depth := 0; p.tok.kind != tEOF; p.next() {
		switch {
		case depth == 0 && (stop(p.tok) || p.tok.kind.isCloser()):
			p.nest = nest
			return
		case p.tok.kind.closer() != tEOF:
			depth++
		case p.tok.kind.isCloser():
			depth--
		}
	}
}

// skipPast is skip, but goes past closing brackets other than braces: those before
// them may be what is missing.
func (p *parser) skipPast(stop func(lexeme) bool) {
	for p.skip(stop); p.tok.kind == tRParen || p.tok.kind == tRBracket; p.skip(stop) {
		p.next()
	}
}

// atNewline reports whether a line ends at l.
func atNewline(l lexeme) bool { return l.kind == tNewline }
