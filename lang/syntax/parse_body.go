package syntax

import "strings"

// body parses { expr }, the body of a function or branch.
func (p *parser) body(what string) Expr {
	d := p.brace("before the value of the " + what)
	if what == "branch" {
		d.hint("a choice is written `if cond { a } else { b }`")
	}
	if p.bad {
		if p.skip(func(l lexeme) bool { return l.kind == tLBrace || l.kind == tNewline }); p.tok.kind != tLBrace {
			p.bad = true
			return p.badExpr()
		}
	}
	opener, nest := p.tok, p.nest
	p.nest = 0
	p.next()
	p.newlines()
	if p.tok.kind == tRBrace {
		p.fail(codeMissingValue, p.tokSpan(), "the %s has no value", what).
			hint("between the braces stands one expression")
	}
	x := p.expr()
	p.newlines()
	if !p.bad && p.tok.kind != tRBrace {
		p.bodyGoesOn(what, opener)
	}
	p.closeBody(opener, nest)
	return x
}

// bodyGoesOn complains about what follows the expression of a body.
func (p *parser) bodyGoesOn(what string, opener lexeme) {
	switch {
	case p.tok.kind == tAssign:
		p.fail(codeBodyStatement, p.tokSpan(), "the body of a %s is a single expression; nothing can be bound in it", what).
			hint("bind the variable outside, or write another function for it")
	case p.tok.kind.startsExpr():
		p.fail(codeBodyStatement, p.tokSpan(), "the body of a %s is a single expression; a second one begins here", what)
	default:
		p.unclosed(opener)
	}
}

// closeBody goes past the brace that ends a body, after a mistake too if it can be
// found, and restores the meaning of line ends.
func (p *parser) closeBody(opener lexeme, nest int) {
	if p.bad {
		p.skip(func(lexeme) bool { return false })
		p.bad = p.stopped || p.tok.kind != tRBrace
	}
	p.nest = nest
	if !p.bad {
		p.next()
	}
}

// brace goes to a {; one on a later line is reported and taken all the same. It returns
// the diagnostic if there is none.
func (p *parser) brace(where string) *Diagnostic {
	if p.bad || p.tok.kind == tLBrace {
		return new(Diagnostic)
	}
	if p.tok.kind != tNewline || p.beyondNewlines().kind != tLBrace {
		return p.unexpected("`{`", where)
	}
	end := p.prev
	p.newlines()
	p.moveUp(end, p.report(codeBraceOnNewLine, p.tokSpan(), "`{` must stand on the line of what precedes it"))
	return new(Diagnostic)
}

// moveUp offers to put the present lexeme on the line that ends at end, unless a comment
// stands between.
func (p *parser) moveUp(end int32, d *Diagnostic) {
	if !strings.Contains(p.src[end:p.tok.start], "#") {
		d.fix("move it up", Edit{p.span(int(end), int(p.tok.start)), " "})
	}
}

// beyondNewlines returns the first lexeme after the present one that is no line end.
func (p *parser) beyondNewlines() lexeme {
	n := 1
	for p.ahead(n).kind == tNewline {
		n++
	}
	return p.ahead(n)
}

// newlines goes past line ends.
func (p *parser) newlines() {
	for p.tok.kind == tNewline && !p.bad {
		p.next()
	}
}

// ifExpr parses if cond { then } else { else }.
func (p *parser) ifExpr() Expr {
	if !p.enter() {
		p.leave()
		return p.badExpr()
	}
	start := p.tok.start
	p.next()
	n := &IfExpr{}
	n.Cond = p.condition()
	height := p.height
	n.Then = p.body("branch")
	height = max(height, p.height)
	p.elseExpr(n, start)
	p.raise(height)
	p.leave()
	n.expr = p.node(start)
	return n
}

// condition parses what follows if.
func (p *parser) condition() Expr {
	x := p.expr()
	if p.at(tAssign) {
		p.report(codeWrongAssignment, p.tokSpan(), "`=` binds a variable; two values are compared with `==`").
			fix("write `==`", Edit{p.tokSpan(), p.spaced("==")})
		p.next()
		p.expr()
	}
	return x
}

// elseExpr parses the else of an if expression that began at start.
func (p *parser) elseExpr(n *IfExpr, start int32) {
	n.Else = p.badExpr()
	if p.bad {
		return
	}
	if !p.elseAhead() {
		p.fail(codeMissingElse, p.span(int(start), int(start)+len("if")), "this `if` is a value, so it needs an `else` too").
			hint("without one there would be no value when the condition is false")
		return
	}
	p.next()
	if p.tok.kind == tIf {
		n.ElseIf = true
		n.Else = p.ifExpr()
		return
	}
	n.Else = p.body("branch")
}

// elseAhead goes to an else; one on a later line is reported and taken all the
// same.
func (p *parser) elseAhead() bool {
	if p.misspeltElse() || p.tok.kind == tElse {
		return true
	}
	if p.tok.kind != tNewline || p.beyondNewlines().kind != tElse {
		return false
	}
	end := p.prev
	p.newlines()
	p.moveUp(end, p.report(codeElseOnNewLine, p.tokSpan(), "`else` must stand on the line of the brace before it"))
	return true
}
