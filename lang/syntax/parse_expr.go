package syntax

// startsExpr reports whether an expression can begin with t.
func (t token) startsExpr() bool {
	switch t {
	case tTrue, tFalse, tString, tInt, tFloat, tLBracket, tLBrace, tStruct, tIdent, tMap, tCollect,
		tDollar, tFunc, tIf, tLParen, tNot, tMinus, tBang:
		return true
	}
	return false
}

// node numbers and places an expression that began at start.
func (p *parser) node(start int32) expr { return expr{p.posFrom(start), p.ids.Next()} }

// badExpr stands in for an expression that could not be parsed.
func (p *parser) badExpr() Expr {
	p.height = 0
	return &BadExpr{expr{pos{p.insertionPoint()}, p.ids.Next()}}
}

// expr parses an expression.
func (p *parser) expr() Expr { return p.binary(levelExcept) }

// binary parses operands and the operators between them that bind at least as
// tightly as level.
func (p *parser) binary(level int) Expr {
	if !p.enter() {
		p.leave()
		return p.badExpr()
	}
	start := p.tok.start
	x := p.unary()
	compared := false
	for !p.bad && !p.itemAhead() {
		p.presentOperator(x)
		op, l := p.tok.kind.operator()
		if l == 0 || l < level {
			break
		}
		if l == levelCompare {
			p.checkChain(compared)
			compared = true
		}
		x = p.operation(start, x, op, l)
	}
	p.leave()
	return x
}

// operation parses the operator and right operand that follow x.
func (p *parser) operation(start int32, x Expr, op Op, level int) Expr {
	opSpan := p.tokSpan()
	p.next()
	height := p.height
	y := p.binary(level + 1)
	p.raise(height)
	b := p.bins.alloc()
	*b = BinaryExpr{p.node(start), op, opSpan, x, y}
	return b
}

// itemAhead reports whether a minus sign on a new line looks like the sign of a
// further item, whose comma is missing, rather than like a subtraction.
func (p *parser) itemAhead() bool {
	return p.tok.kind == tMinus && p.tok.fresh && p.byteAt(int(p.tok.end)) != ' '
}

// checkChain complains about a comparison of a comparison.
func (p *parser) checkChain(compared bool) {
	if compared {
		p.report(codeComparisonChain, p.tokSpan(), "comparisons do not chain: `%s` follows another one", p.text(p.tok)).
			hint("put one of them in parentheses, or join two comparisons with `and`")
	}
}

// unary parses an operand with the prefix operators before it.
func (p *parser) unary() Expr {
	start := p.tok.start
	switch p.tok.kind {
	case tBang:
		p.oldOperator("not", tNot)
		p.oldEra = true
		p.next()
		return p.prefixed(start, OpNot)
	case tNot:
		p.next()
		return p.prefixed(start, OpNot)
	case tMinus:
		p.next()
		if p.tok.kind == tInt || p.tok.kind == tFloat {
			p.height = 0
			return p.postfix(start, p.number(start, true))
		}
		return p.prefixed(start, OpNeg)
	}
	return p.postfix(start, p.operand())
}

// prefixed parses what a prefix operator, which began at start, applies to.
func (p *parser) prefixed(start int32, op Op) Expr {
	if !p.enter() {
		p.leave()
		return p.badExpr()
	}
	x := p.unary()
	p.leave()
	p.raise(0)
	return &UnaryExpr{p.node(start), op, x}
}

// postfix parses the lookups that follow x.
func (p *parser) postfix(start int32, x Expr) Expr {
	for !p.bad {
		switch p.tok.kind {
		case tLBracket:
			if p.tok.fresh {
				return x
			}
			x = p.index(start, x)
		case tArrow:
			x = p.field(start, x)
		case tLParen:
			if p.tok.fresh {
				return x
			}
			p.callOfValue(x)
			return x
		default:
			return x
		}
	}
	return x
}

// index parses the [index] after x.
func (p *parser) index(start int32, x Expr) Expr {
	opener := p.tok
	height := p.height
	p.open()
	if p.tok.kind == tRBracket {
		p.fail(codeMissingValue, p.tokSpan(), "expected an index or key between the brackets")
	}
	i := p.expr()
	p.raise(height)
	p.close(opener)
	n := p.indexes.alloc()
	*n = IndexExpr{p.node(start), x, i}
	return n
}

// field parses the ->field after x, and the default that may follow.
func (p *parser) field(start int32, x Expr) Expr {
	p.next()
	name := p.ident("field")
	height := p.height
	p.raise(0)
	n := p.fields.alloc()
	if p.tok.kind == tOrOr && !p.bad && p.isFallback() {
		p.oldOperator("<|>", tExcept)
	}
	if p.accept(tExcept) {
		n.Default = p.binary(levelExcept + 1)
		p.raise(height)
	}
	n.expr, n.X, n.Field = p.node(start), x, name
	return n
}

// callOfValue complains about a ( after something that cannot be called.
func (p *parser) callOfValue(x Expr) {
	what := "this value"
	switch x.(type) {
	case *CallExpr:
		what = "the result of a call"
	case *IndexExpr, *FieldExpr:
		what = "the result of a lookup"
	case *ParenExpr:
		what = "a value in parentheses"
	case *StringLit, *IntLit, *FloatLit, *BoolLit, *ListLit, *MapLit, *StructLit:
		p.fail(codeNotCallable, p.tokSpan(), "a literal cannot be called")
		return
	}
	p.fail(codeNotCallable, p.tokSpan(), "%s cannot be called directly", what).
		related(x.Span(), "this is what would be called").
		hint("bind it to a variable first: `$f = …`, then `$f(…)`")
}

// operand parses a literal, variable, call, lambda, if or parenthesis.
func (p *parser) operand() Expr {
	start := p.tok.start
	p.height = 0
	switch p.tok.kind {
	case tDollar:
		return p.varOrCall()
	case tString:
		return p.stringLit()
	case tInt, tFloat:
		return p.number(start, false)
	case tIdent, tMap, tCollect:
		return p.namedCall()
	case tTrue, tFalse:
		value := p.tok.kind == tTrue
		p.next()
		return &BoolLit{p.node(start), value}
	case tLParen:
		return p.paren()
	case tLBracket:
		return p.listLit()
	case tLBrace:
		return p.mapLit()
	case tStruct:
		return p.structLit()
	case tFunc:
		return p.lambda()
	case tIf:
		return p.ifExpr()
	}
	p.notExpr()
	return p.badExpr()
}

// varOrCall parses $path or $path(args).
func (p *parser) varOrCall() Expr {
	start := p.tok.start
	p.next()
	path := p.path("variable")
	if p.bad {
		return p.badExpr()
	}
	v := p.vars.alloc()
	*v = VarExpr{p.node(start), path.Text}
	switch {
	case p.tok.kind == tLParen && !p.tok.fresh:
		return p.call(start, CallExpr{Var: v})
	case p.tok.kind == tLBrace && p.tok.start == p.prev:
		return p.oldHistory(start, v)
	}
	return v
}

// namedCall parses path(args).
func (p *parser) namedCall() Expr {
	start := p.tok.start
	name := p.path("function")
	if p.bad {
		return p.badExpr()
	}
	if p.tok.kind == tString && p.tok.start == p.prev {
		p.report(codeWrongQuotes, name.Span, "a string has no prefix: `%s`", name.Text).
			hint("variables are inserted into every string: \"hello ${name}\"").
			fix("remove it", Edit{name.Span, ""})
		return p.stringLit()
	}
	if p.tok.kind != tLParen || p.tok.fresh {
		p.bareWord(name)
		return p.badExpr()
	}
	return p.call(start, CallExpr{Name: name})
}

// call parses the arguments of a call, whose callee is set.
func (p *parser) call(start int32, call CallExpr) Expr {
	c := p.calls.alloc()
	*c = call
	height := p.height
	c.Args = p.args()
	p.raise(height)
	c.expr = p.node(start)
	return c
}

// args parses (args).
func (p *parser) args() []Expr {
	mark := p.exprs.mark()
	p.list(p.tok, "an argument", (*parser).listElem)
	return p.exprs.take(mark)
}

func (p *parser) listElem() { p.exprs.push(p.expr()) }

// paren parses (x).
func (p *parser) paren() Expr {
	opener := p.tok
	p.open()
	if p.tok.kind == tRParen {
		p.fail(codeMissingValue, p.tokSpan(), "expected a value between the parentheses")
	}
	x := p.expr()
	p.raise(0)
	if p.at(tComma) {
		p.fail(codeUnexpected, p.tokSpan(), "parentheses hold one value").
			hint("a list is written in square brackets: [a, b]")
	}
	p.close(opener)
	n := p.parens.alloc()
	*n = ParenExpr{p.node(opener.start), x}
	return n
}

// notExpr complains about the present lexeme where an expression is needed.
func (p *parser) notExpr() {
	switch {
	case p.tok.kind == tDot && p.ahead(1).kind == tInt:
		span := p.lexSpan(p.tok).To(p.lexSpan(p.ahead(1)))
		p.fail(codeBadNumber, span, "a number has a digit before the point").
			fix("write 0 before it", Edit{Span{span.Start, span.Start}, "0"})
	case p.tok.kind == tLt && p.byteAt(int(p.tok.end)) == '<':
		p.hereDocument()
	case p.tok.kind == tPlus:
		p.fail(codeUnexpected, p.tokSpan(), "a number has no `+` sign").
			fix("remove it", Edit{p.tokSpan(), ""})
	case p.tok.kind == tPanic:
		p.fail(codeReservedWord, p.tokSpan(), "`panic` is a statement, not a value").
			hint("within an expression, use panic_debug(cond, message)")
	case p.tok.kind == tCapital:
		p.fail(codeUnexpected, p.tokSpan(), "a resource is not a value").
			hint("resources such as %s[\"name\"] stand after Before, Notify, Depend and Listen, and in edges: A[\"x\"] -> B[\"y\"]", p.text(p.tok))
	case p.tok.kind == tNewline:
		p.fail(codeMissingValue, p.insertionPoint(), "expected a value, found the end of the line").
			hint("a line may only be broken inside ( ), [ ] and { }")
	default:
		p.unexpected("a value", "").Code = codeMissingValue
	}
}
