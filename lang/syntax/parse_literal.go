package syntax

import (
	"math"
	"strconv"
)

// number parses a number; the sign before it has been read.
func (p *parser) number(start int32, negative bool) Expr {
	if p.tok.kind == tFloat {
		return p.float(start, negative)
	}
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	value, err := strconv.ParseUint(p.text(p.tok), 10, 64)
	p.next()
	if err != nil || value > limit {
		p.report(codeNumberRange, p.from(start), "%s does not fit into an int", p.src[start:p.prev]).
			hint("an int has 64 bits: from -9223372036854775808 to 9223372036854775807")
		value = 0
	}
	n := p.ints.alloc()
	n.expr, n.Value = p.node(start), int64(value)
	if negative {
		n.Value = -n.Value
	}
	return n
}

func (p *parser) float(start int32, negative bool) Expr {
	value, err := strconv.ParseFloat(p.text(p.tok), 64)
	p.next()
	if err != nil && math.IsInf(value, 0) {
		p.report(codeNumberRange, p.from(start), "the number is too large for a float")
	}
	if negative {
		value = -value
	}
	return &FloatLit{p.node(start), value}
}

// listLit parses [elems].
func (p *parser) listLit() Expr {
	start := p.tok.start
	mark := p.exprs.mark()
	p.list(p.tok, "an element", (*parser).listElem)
	p.raise(0)
	n := p.lists.alloc()
	*n = ListLit{p.node(start), p.exprs.take(mark)}
	return n
}

// mapLit parses {key => value, …}.
func (p *parser) mapLit() Expr {
	if p.isBlock() {
		p.fail(codeMissingValue, p.tokSpan(), "expected a value before this `{`")
		return p.badExpr()
	}
	start := p.tok.start
	mark := p.entries.mark()
	p.list(p.tok, "an entry", (*parser).mapEntry)
	p.raise(0)
	return &MapLit{p.node(start), p.entries.take(mark)}
}

// isBlock reports whether the present brace evidently begins a block of statements
// and not a map.
func (p *parser) isBlock() bool {
	return p.ahead(1).kind == tNewline && p.startsLine(p.beyondNewlines())
}

// bareKey takes the key of a map that lacks its quotes.
func (p *parser) bareKey() Expr {
	span, text := p.tokSpan(), p.text(p.tok)
	p.report(codeBareWord, span, "a key of a map is a value: `%s` needs quotes", text).
		hint("a struct has names in place of keys: struct{%s => …}", text).
		fix("add quotes", Edit{span, `"` + text + `"`})
	p.next()
	return p.badExpr()
}

func (p *parser) mapEntry() {
	var key Expr
	if k := p.ahead(1).kind; p.tok.kind == tIdent && (k == tFat || k == tColon || k == tAssign) {
		key = p.bareKey()
	} else {
		key = p.expr()
	}
	height := p.height
	p.fatArrow("between the key and the value of a map")
	value := p.expr()
	p.height = max(height, p.height)
	p.entries.push(MapEntry{key, value})
}

// fatArrow goes past a =>, also when it is misspelt.
func (p *parser) fatArrow(where string) {
	switch p.tok.kind {
	case tAssign, tColon, tArrow, tGe:
		if p.quiet() {
			return
		}
		p.report(codeWrongArrow, p.tokSpan(), "expected `=>` %s, found `%s`", where, p.text(p.tok)).
			fix("write `=>`", Edit{p.tokSpan(), p.spaced("=>")})
		p.next()
	default:
		p.expect(tFat, where)
	}
}

// spaced returns the text to put in place of the present lexeme, with blanks where
// none are around it.
func (p *parser) spaced(text string) string {
	if p.prev == p.tok.start {
		text = " " + text
	}
	if c := p.byteAt(int(p.tok.end)); c != ' ' && c != '\n' {
		text += " "
	}
	return text
}

// structLit parses struct{name => value, …}.
func (p *parser) structLit() Expr {
	start := p.tok.start
	p.next()
	mark := p.inits.mark()
	if p.tok.kind == tLBrace {
		p.list(p.tok, "a field", (*parser).fieldInit)
	} else {
		p.expect(tLBrace, "after `struct`")
	}
	p.raise(0)
	return &StructLit{p.node(start), p.inits.take(mark)}
}

func (p *parser) fieldInit() {
	if p.tok.kind == tString && p.ahead(1).kind == tFat {
		p.fail(codeUnexpected, p.tokSpan(), "the name of a struct field is written without quotes").
			hint("quoted keys belong to a map: {\"a\" => 1}")
		return
	}
	name := p.ident("field")
	p.fatArrow("between the name and the value of a field")
	p.inits.push(FieldInit{name, p.expr()})
}
