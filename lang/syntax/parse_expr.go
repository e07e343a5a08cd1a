package syntax

import (
	"math"
	"strconv"
	"strings"
)

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
	if p.ahead(1).kind != tNewline {
		return false
	}
	n := 2
	for p.ahead(n).kind == tNewline {
		n++
	}
	return p.startsLine(p.ahead(n))
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

// brace goes to a {; one on a later line is reported and taken all the same. It returns
// the diagnostic if there is none.
func (p *parser) brace(where string) *Diagnostic {
	if p.bad || p.tok.kind == tLBrace {
		return new(Diagnostic)
	}
	if p.tok.kind == tNewline {
		end := p.prev
		n := 1
		for p.ahead(n).kind == tNewline {
			n++
		}
		if p.ahead(n).kind == tLBrace {
			p.newlines()
			p.braceBelow(end)
			return new(Diagnostic)
		}
	}
	return p.unexpected("`{`", where)
}

// braceBelow complains that a { stands below the line that ends at end.
func (p *parser) braceBelow(end int32) {
	d := p.report(codeBraceOnNewLine, p.tokSpan(), "`{` must stand on the line of what precedes it")
	if !strings.Contains(p.src[end:p.tok.start], "#") {
		d.fix("move it up", Edit{p.span(int(end), int(p.tok.start)), " "})
	}
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
	if p.tok.kind != tNewline {
		return false
	}
	end, n := p.prev, 1
	for p.ahead(n).kind == tNewline {
		n++
	}
	if p.ahead(n).kind != tElse {
		return false
	}
	p.newlines()
	d := p.report(codeElseOnNewLine, p.tokSpan(), "`else` must stand on the line of the brace before it")
	if !strings.Contains(p.src[end:p.tok.start], "#") {
		d.fix("move it up", Edit{p.span(int(end), int(p.tok.start)), " "})
	}
	return true
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
