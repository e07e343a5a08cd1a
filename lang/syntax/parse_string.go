package syntax

import (
	"strings"
	"unicode/utf8"
)

// rawString returns what stands between the quotes of a string.
func (p *parser) rawString(l lexeme) string {
	text := p.text(l)
	_, size := utf8.DecodeRuneInString(text)
	text = text[size:]
	last, size := utf8.DecodeLastRuneInString(text)
	if strings.ContainsRune("\"'`“”„«»‘’", last) && size > 0 {
		text = text[:len(text)-size]
	}
	return text
}

// stringLit parses a string and decodes what is in it.
func (p *parser) stringLit() Expr {
	l := p.tok
	raw := ""
	if p.src[l.start] == '"' && l.end-l.start >= 2 {
		raw = p.src[l.start+1 : l.end-1]
		if p.src[l.end-1] != '"' {
			raw = p.src[l.start+1 : l.end]
		}
	} else {
		raw = p.rawString(l)
	}
	p.next()
	n := p.strs.alloc()
	n.expr = p.node(l.start)
	n.Raw, n.Value = raw, raw
	if strings.IndexByte(raw, '\\') >= 0 || strings.Contains(raw, "${") {
		p.Phase = PhaseInterp
		d := decoder{p: p, raw: raw, base: int(l.start) + 1}
		n.Value, n.Parts = d.decode()
		p.Phase = PhaseParse
	}
	return n
}

// A decoder turns the raw text of a string into its value or parts. A mistake is
// reported and the piece left out.
type decoder struct {
	p     *parser
	raw   string
	base  int // offset of raw in the file
	i     int // of the next byte in raw
	text  strings.Builder
	parts []StringPart
}

func (d *decoder) span(start, end int) Span { return d.p.span(d.base+start, d.base+end) }

func (d *decoder) decode() (string, []StringPart) {
	for {
		rest := d.raw[d.i:]
		n := strings.IndexAny(rest, `\$`)
		if n < 0 {
			d.text.WriteString(rest)
			break
		}
		d.text.WriteString(rest[:n])
		d.i += n
		if d.raw[d.i] == '\\' {
			d.escape()
		} else if strings.HasPrefix(d.raw[d.i:], "${") {
			d.variable()
		} else {
			d.text.WriteByte('$')
			d.i++
		}
	}
	if d.parts == nil {
		return d.text.String(), nil
	}
	d.endText()
	return "", d.parts
}

// endText makes a part of the text gathered so far.
func (d *decoder) endText() {
	if d.text.Len() > 0 {
		d.parts = append(d.parts, StringPart{Text: d.text.String()})
		d.text.Reset()
	}
}

var escapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
	'\\': '\\', '"': '"', '$': '$',
}

// escape decodes a backslash and the character after it.
func (d *decoder) escape() {
	start := d.i
	r, size := utf8.DecodeRuneInString(d.raw[start+1:])
	d.i = start + 1 + size
	if value, ok := escapes[d.p.byteAt(d.base+start+1)]; ok && size == 1 {
		d.text.WriteByte(value)
		return
	}
	span := d.span(start, d.i)
	e := d.p.report(codeBadEscape, span, "there is no escape `%s`", d.raw[start:d.i])
	switch r {
	case '\'', '`', '{', '}', '/', ' ', '(', ')', '[', ']', '.', '*', '+', '?', '|', '^', '-', '#', '&', '%', '@', '!':
		e.hint("this character needs no backslash; a backslash itself is written `\\\\`")
	case 'x', 'u', 'U', '0', 'e':
		e.hint("characters are written as they are: a string is UTF-8")
	default:
		e.hint(`the escapes are \a \b \f \n \r \t \v \\ \" \$; a backslash itself is written \\`)
	}
	e.fix("double the backslash", Edit{Span{span.Start, span.Start}, `\`})
}

// variable decodes ${name}.
func (d *decoder) variable() {
	start := d.i
	name := d.raw[start+2:]
	end := strings.IndexByte(name, '}')
	if end >= 0 && strings.IndexByte(name[:end], '\n') >= 0 {
		end = -1
	}
	if end < 0 {
		d.i += 2
		d.p.report(codeBadInterpolation, d.span(start, start+2), "this `${` is not closed").
			hint("a variable is inserted with `${name}`; a literal `${` is written `\\${`")
		return
	}
	name = name[:end]
	d.i = start + 2 + end + 1
	if problem := badInterpolation(name); problem != "" {
		e := d.p.report(codeBadInterpolation, d.span(start, d.i), "%s", problem)
		if good := plainName(name); good != name && badInterpolation(good) == "" {
			e.fix("write `${"+good+"}`", Edit{d.span(start, d.i), "${" + good + "}"})
		} else {
			e.hint("bind what is to be inserted to a variable first; a literal `${` is written `\\${`")
		}
		return
	}
	if strings.Contains(name, "__") {
		d.p.report(codeReservedVariable, d.span(start, d.i), "a variable with two underscores in a row cannot be read: `%s`", name)
	}
	d.endText()
	v := d.p.vars.alloc()
	*v = VarExpr{expr{pos{d.span(start, d.i)}, d.p.ids.Next()}, name}
	d.parts = append(d.parts, StringPart{Var: v})
}

// plainName makes the name of a variable of what was probably meant as one.
func plainName(text string) string {
	text = strings.Trim(text, " \t$")
	if text == "" || strings.ContainsAny(text, " .") {
		return text
	}
	return snakeCase(strings.ToLower(text[:1]) + text[1:])
}

// badInterpolation returns what is wrong with the name between ${ and }, or "".
func badInterpolation(name string) string {
	switch {
	case name == "":
		return "there is no name between `${` and `}`"
	case strings.Trim(name, " \t") != name:
		return "no blanks stand between `${` and `}`"
	case name[0] == '$':
		return "the name between `${` and `}` is written without `$`"
	}
	for i := range len(name) {
		c := class[name[i]]
		dot := name[i] == '.'
		switch {
		case c&isUpper != 0:
			return "the name of a variable is written in lower case: `" + name + "`"
		case c == 0 && !dot:
			return "only the name of a variable may stand between `${` and `}`"
		case i == 0 && c&isLower == 0:
			return "`" + name + "` is not the name of a variable"
		case dot && (i == len(name)-1 || name[i+1] == '.'):
			return "`" + name + "` is not the name of a variable"
		}
	}
	return ""
}
