package syntax

// lambda parses func(params) result { body }, and the arguments that may follow.
func (p *parser) lambda() Expr {
	start := p.tok.start
	p.next()
	if p.tok.kind == tIdent {
		p.report(codeUnexpected, p.tokSpan(), "a function within an expression has no name: `%s`", p.text(p.tok)).
			hint("`func name(…) { … }` is a statement of its own; a function value is `func(…) { … }`")
		p.next()
	}
	f := p.funcLit(start)
	if p.tok.kind == tLParen && !p.tok.fresh && !p.bad {
		return p.call(start, CallExpr{Lit: f})
	}
	return f
}

// funcLit parses (params) result { body }.
func (p *parser) funcLit(start int32) *FuncLit {
	f := &FuncLit{Params: p.paramList("a function")}
	p.resultSign()
	if p.tok.kind.startsType() && !p.bad {
		f.Result = p.typeExpr()
	}
	f.Body = p.body("function")
	p.raise(0)
	f.expr = p.node(start)
	return f
}

// resultSign goes past a sign before the type of the result, where none belongs.
func (p *parser) resultSign() {
	if p.bad || p.tok.kind != tColon && p.tok.kind != tArrow {
		return
	}
	p.report(codeUnexpected, p.tokSpan(), "the type of the result stands right after the parameters, without `%s`", p.text(p.tok)).
		fix("remove it", Edit{p.span(int(p.prev), int(p.tok.end)), ""})
	p.next()
}

// paramList parses (params) of what is said.
func (p *parser) paramList(of string) []*Param {
	mark := p.params.mark()
	switch {
	case p.tok.kind == tLParen:
		p.list(p.tok, "a parameter", (*parser).param)
	case p.tok.kind == tLBrace && !p.bad:
		at := p.insertionPoint()
		p.report(codeUnexpected, p.tokSpan(), "expected the parameters of %s before this `{`", of).
			fix("add parentheses", Edit{at, "()"})
	default:
		p.unexpected("the parameters of "+of+", in parentheses", "")
	}
	return p.params.take(mark)
}

// param parses $name type.
func (p *parser) param() {
	start := p.tok.start
	n := &Param{}
	if p.tok.kind == tIdent {
		n.Name = p.withoutDollar("a parameter")
	} else {
		p.typeFirst()
		n.Name = p.variable()
	}
	if p.at(tAssign) {
		p.fail(codeUnexpected, p.tokSpan(), "a parameter has no default value").
			hint("define a second function or class for it")
	}
	if !p.bad && p.tok.kind != tComma && p.tok.kind != tRParen && p.tok.kind != tDollar {
		n.Type = p.typeExpr()
	}
	n.pos, n.ID = p.posFrom(start), p.ids.Next()
	p.params.push(n)
}

// typeFirst goes past the type of a parameter that stands before its name.
func (p *parser) typeFirst() {
	next := p.ahead(1)
	if !p.tok.kind.startsType() || next.kind != tDollar {
		return
	}
	name := p.ahead(2)
	span := p.tokSpan().To(p.lexSpan(name))
	p.report(codeUnexpected, p.tokSpan(), "the type of a parameter stands after its name").
		fix("swap them", Edit{span, "$" + p.text(name) + " " + p.text(p.tok)})
	p.next()
}
