package syntax

import (
	"strings"
)

// program parses a whole file.
func (p *parser) program() []Stmt {
	mark := p.stmts.mark()
	for {
		p.stmtList()
		if p.tok.kind != tRBrace {
			return p.stmts.take(mark)
		}
		p.unmatched()
		p.bad = p.stopped
		p.next()
	}
}

// unmatched complains about a closing bracket without its opening one.
func (p *parser) unmatched() {
	open := map[token]string{tRBrace: "{", tRParen: "(", tRBracket: "["}[p.tok.kind]
	p.fail(codeUnmatched, p.tokSpan(), "there is no `%s` that this `%s` closes", open, p.text(p.tok))
}

// stmtList parses statements up to a closing brace or the end, and leaves them on
// the stack.
func (p *parser) stmtList() {
	for {
		p.newlines()
		switch p.tok.kind {
		case tEOF, tRBrace:
			return
		case tRParen, tRBracket:
			p.unmatched()
			p.bad = p.stopped
			p.next()
			continue
		}
		p.stmts.push(p.stmt())
		p.endStmt()
	}
}

// endStmt goes to where the next statement may begin.
func (p *parser) endStmt() {
	switch p.tok.kind {
	case tNewline, tEOF, tRBrace:
		p.bad = p.stopped
		return
	}
	if !p.bad {
		p.trailing()
	}
	if p.bad {
		p.skip(func(l lexeme) bool { return l.kind == tNewline || p.startsLine(l) })
		p.bad = p.stopped
		if p.tok.kind == tRParen || p.tok.kind == tRBracket {
			p.next()
			p.bad = true
			p.endStmt()
		}
	}
}

// trailing complains about what follows a statement on its line.
func (p *parser) trailing() {
	switch {
	case p.tok.kind == tSemi:
		d := p.report(codeMissingNewline, p.tokSpan(), "statements are separated by line ends, not by `;`")
		if p.ahead(1).kind == tNewline {
			d.fix("remove it", Edit{p.tokSpan(), ""})
		} else {
			d.fix("begin a new line", Edit{p.tokSpan(), "\n"})
		}
		p.next()
	case p.tok.kind == tRParen, p.tok.kind == tRBracket:
		p.unmatched()
	case p.tok.kind == tComma:
		d := p.fail(codeUnexpected, p.tokSpan(), "no comma follows a statement")
		if p.ahead(1).kind == tNewline {
			d.fix("remove it", Edit{p.tokSpan(), ""})
		}
	case p.tok.kind == tString, p.tok.kind == tDot:
		p.unexpected("the end of the line", "after the statement").
			hint("strings are joined with `+`, and variables inserted into them with `${name}`")
	case p.tok.kind == tIf:
		p.fail(codeUnexpected, p.tokSpan(), "`if` cannot follow a value").
			hint("a choice is written `if cond { a } else { b }`")
	case p.tok.kind == tElse:
		p.fail(codeUnexpected, p.tokSpan(), "this `else` belongs to no `if`")
	case p.tok.kind == tElvis:
		p.fail(codeUnexpected, p.tokSpan(), "`?:` stands only between the condition and the value of a resource field").
			hint("a choice is written `if cond { a } else { b }`")
	case p.startsStmt():
		at := p.insertionPoint()
		p.report(codeMissingNewline, p.tokSpan(), "a statement begins on a line of its own").
			fix("begin a new line", Edit{at, "\n"})
	default:
		p.unexpected("the end of the line", "after the statement")
	}
}

// startsStmt reports whether the present lexeme most likely begins a statement.
func (p *parser) startsStmt() bool {
	switch p.tok.kind {
	case tIf, tFor, tForkv, tClass, tInclude, tImport, tPanic, tCollect:
		return true
	case tFunc:
		return p.ahead(1).kind == tIdent
	case tIdent:
		k := p.ahead(1).kind
		return k == tString || k == tColon || k == tDollar
	case tCapital:
		k := p.ahead(1).kind
		return k == tLBracket || k == tColon
	case tDollar:
		return p.bindAhead(int(p.tok.end))
	}
	return false
}

// stmt parses one statement.
func (p *parser) stmt() Stmt {
	start := p.tok.start
	if !p.enter() {
		p.leave()
		return &BadStmt{}
	}
	s := p.stmtAt(start)
	p.leave()
	if s == nil {
		return &BadStmt{stmt{p.posFrom(start)}}
	}
	return s
}

// stmtAt parses a statement, or returns nil.
func (p *parser) stmtAt(start int32) Stmt {
	switch p.tok.kind {
	case tDollar:
		return p.bind(start)
	case tIdent:
		return p.resource(start, false)
	case tCapital:
		if k := p.ahead(1).kind; k == tString || k == tDollar {
			return p.capitalResource(start)
		}
		return p.edge(start)
	case tIf:
		return p.ifStmt(start)
	case tFor, tForkv:
		return p.forStmt(start)
	case tFunc:
		return p.funcStmt(start)
	case tClass:
		return p.classStmt(start)
	case tInclude:
		return p.includeStmt(start)
	case tImport:
		return p.importStmt(start)
	case tPanic:
		return p.panicStmt(start)
	case tCollect:
		return p.collectStmt(start)
	}
	p.notStmt()
	return nil
}

// notStmt complains about a lexeme that begins no statement.
func (p *parser) notStmt() {
	switch {
	case p.tok.kind == tElse:
		p.fail(codeUnexpected, p.tokSpan(), "this `else` belongs to no `if`")
		p.skipBlock()
	case p.tok.kind == tLBrace:
		p.fail(codeUnexpected, p.tokSpan(), "a block stands only after `if`, a loop, `class` or `func`")
		p.skipBlock()
	case p.tok.kind.startsExpr() && (!p.tok.kind.isKeyword() || p.tok.kind == tTrue || p.tok.kind == tFalse || p.tok.kind == tNot):
		p.fail(codeExpressionStatement, p.tokSpan(), "an expression is not a statement").
			hint("a value does nothing by itself: bind it to a variable, `$x = …`, or use it in a resource")
	case p.tok.kind == tSemi:
		p.fail(codeMissingNewline, p.tokSpan(), "statements are separated by line ends, not by `;`").
			fix("remove it", Edit{p.tokSpan(), ""})
	case p.tok.kind.isKeyword():
		p.fail(codeReservedWord, p.tokSpan(), "`%s` is a reserved word; no statement begins with it", p.text(p.tok))
	default:
		p.unexpected("a statement", "")
	}
}

// skipBlock goes past the block of a statement that makes no sense, for a mistake
// in it is another matter.
func (p *parser) skipBlock() {
	p.skip(func(l lexeme) bool { return l.kind == tNewline })
	p.bad = true
}

// bind parses $name type = value.
func (p *parser) bind(start int32) Stmt {
	b := p.binds.alloc()
	b.Name = p.variable()
	if p.bad {
		return nil
	}
	switch p.tok.kind {
	case tAssign, tEq, tFat, tColon:
	case tDot, tLParen, tArrow, tPlus, tMinus, tSlash, tComma, tNewline, tEOF:
		p.notBind(b.Name)
		return nil
	case tLBracket:
		if p.ahead(1).kind != tRBracket {
			p.notBind(b.Name)
			return nil
		}
		b.Type = p.typeExpr()
	default:
		b.Type = p.typeExpr()
	}
	p.assign()
	if p.bad {
		return nil
	}
	b.Value = p.expr()
	b.stmt = stmt{p.posFrom(start)}
	return b
}

// notBind complains about a statement that begins with a variable and binds none.
func (p *parser) notBind(name Name) {
	switch p.tok.kind {
	case tDot:
		p.fail(codeBadName, p.tokSpan(), "a variable that is bound has a plain name, without dots").
			hint("dotted names such as $a.b reach into an import or include")
	case tComma:
		p.fail(codeUnexpected, p.tokSpan(), "one variable is bound at a time")
	case tLBracket:
		p.fail(codeWrongAssignment, p.tokSpan(), "variables are bound as a whole and never change; an element cannot be set")
	case tPlus, tMinus, tSlash:
		if p.ahead(1).kind == tAssign {
			p.fail(codeWrongAssignment, p.tokSpan(), "a variable is bound once and never changes").
				hint("bind another name: `$%s2 = $%s %s …`", name.Text, name.Text, p.text(p.tok))
			return
		}
		if next := p.ahead(1); p.tok.start == p.prev && next.kind == tIdent && next.start == p.tok.end {
			span := name.Span.To(p.lexSpan(next))
			good := name.Text + "_" + p.text(next)
			p.fail(codeBadName, span, "a name has letters, digits and underscores only").
				fix("write `"+good+"`", Edit{span, good})
			return
		}
		fallthrough
	default:
		p.fail(codeExpressionStatement, Span{name.Span.Start - 1, name.Span.End}, "an expression is not a statement").
			hint("to bind the variable, write `$%s = value`", name.Text)
	}
}

// assign goes past the = of a bind, also when it is misspelt.
func (p *parser) assign() {
	switch {
	case p.bad || p.accept(tAssign):
	case p.tok.kind == tColon && p.ahead(1).kind == tAssign:
		span := p.lexSpan(p.tok).To(p.lexSpan(p.ahead(1)))
		p.report(codeWrongAssignment, span, "a variable is bound with `=`").fix("write `=`", Edit{span, "="})
		p.next()
		p.next()
	case p.tok.kind == tEq, p.tok.kind == tFat, p.tok.kind == tColon:
		p.report(codeWrongAssignment, p.tokSpan(), "a variable is bound with `=`, not with `%s`", p.text(p.tok)).
			fix("write `=`", Edit{p.tokSpan(), p.spaced("=")})
		p.next()
	default:
		p.expect(tAssign, "to bind the variable")
	}
}

// panicStmt parses panic(args).
func (p *parser) panicStmt(start int32) Stmt {
	p.next()
	if p.tok.kind != tLParen {
		p.expect(tLParen, "after `panic`")
		return nil
	}
	args := p.args()
	return &Panic{stmt{p.posFrom(start)}, args}
}

// ifStmt parses if cond { } else { }.
func (p *parser) ifStmt(start int32) Stmt {
	p.next()
	n := &IfStmt{Cond: p.condition()}
	n.Then = p.block("after the condition")
	if !p.bad && p.elseAhead() {
		p.next()
		if p.tok.kind == tIf {
			n.ElseIf = true
			inner := p.stmt()
			n.Else = &Block{pos{inner.Span()}, []Stmt{inner}}
		} else {
			n.Else = p.block("after `else`")
		}
	}
	n.stmt = stmt{p.posFrom(start)}
	return n
}

// block parses { statements }.
func (p *parser) block(where string) *Block {
	p.brace(where)
	if p.bad {
		p.skip(func(l lexeme) bool { return l.kind == tLBrace || l.kind == tNewline })
		if p.tok.kind != tLBrace {
			p.bad = true
			return &Block{pos: p.posFrom(p.prev)}
		}
	}
	opener := p.tok
	p.next()
	mark := p.stmts.mark()
	p.stmtList()
	b := &Block{Stmts: p.stmts.take(mark)}
	p.closeBrace(opener)
	b.pos = p.posFrom(opener.start)
	return b
}

// forStmt parses for $index, $value in range { } and its forkv form.
func (p *parser) forStmt(start int32) Stmt {
	n := &ForStmt{Keyed: p.tok.kind == tForkv}
	p.next()
	parens := p.at(tLParen)
	if parens {
		p.report(codeUnexpected, p.tokSpan(), "no parentheses stand around the variables of a loop").
			hint("write `for $index, $value in $list { … }`")
		p.next()
	}
	n.Key = p.loopVariable()
	if !p.at(tIn) {
		p.expect(tComma, "between the two variables of the loop")
		n.Value = p.loopVariable()
	} else {
		p.oneVariable(n)
	}
	if !p.bad && p.tok.kind == tAssign {
		p.report(codeUnexpected, p.tokSpan(), "expected `in` before what the loop goes over, found `=`").
			fix("write `in`", Edit{p.tokSpan(), p.spaced("in")})
		p.next()
	} else {
		p.expect(tIn, "before what the loop goes over")
	}
	if !p.bad {
		n.Range = p.expr()
	} else {
		n.Range = p.badExpr()
	}
	if parens {
		p.accept(tRParen)
	}
	n.KeyID, n.ValueID = p.ids.Next(), p.ids.Next()
	n.Body = p.block("before the body of the loop")
	n.stmt = stmt{p.posFrom(start)}
	return n
}

// loopVariable parses a variable of a loop.
func (p *parser) loopVariable() Name {
	if p.at(tIdent) {
		return p.withoutDollar("a loop variable")
	}
	return p.variable()
}

// oneVariable complains about a loop with a single variable, which is taken for the
// value.
func (p *parser) oneVariable(n *ForStmt) {
	what, name, at := "for", "i", n.Key.Span.Start-1
	if n.Keyed {
		what, name = "forkv", "k"
	}
	if n.Key.Text == name {
		name += "2"
	}
	n.Value, n.Key = n.Key, Name{name, n.Key.Span}
	d := p.report(codeLoopVariables, n.Value.Span, "`%s` takes two variables: the %s and the value", what,
		map[bool]string{false: "index", true: "key"}[n.Keyed])
	d.fix("add one", Edit{Span{at, at}, "$" + name + ", "})
}

// funcStmt parses func name(params) { body }.
func (p *parser) funcStmt(start int32) Stmt {
	p.next()
	if p.tok.kind == tLParen {
		p.fail(codeExpressionStatement, p.span(int(start), int(p.prev)), "this function has no name").
			hint("define it with `func name(…) { … }`, or bind it: `$f = func(…) { … }`")
		return nil
	}
	n := &FuncStmt{Name: p.ident("function")}
	if p.bad {
		return nil
	}
	n.Func = p.funcLit(start)
	n.stmt = stmt{p.posFrom(start)}
	return n
}

// classStmt parses class name(params) { body }.
func (p *parser) classStmt(start int32) Stmt {
	p.next()
	n := &ClassStmt{Name: p.kind("class")}
	if p.at(tDot) {
		p.fail(codeBadName, p.tokSpan(), "the name of a class has no dots").
			hint("a class inside of another one is named with a colon: `class a:b`")
	}
	if p.at(tLParen) {
		n.HasParens = true
		n.Params = p.paramList("a class")
	}
	n.Body = p.block("before the body of the class")
	n.stmt = stmt{p.posFrom(start)}
	return n
}

// includeStmt parses include path(args) as alias.
func (p *parser) includeStmt(start int32) Stmt {
	p.next()
	n := &IncludeStmt{ID: p.ids.Next()}
	if p.tok.kind == tString {
		p.fail(codeUnexpected, p.tokSpan(), "the name of a class is written without quotes").
			hint("`include` makes use of a class; a file or module is read with `import`")
		return nil
	}
	n.Path = p.path("class")
	if p.at(tColon) {
		p.fail(codeUnexpected, p.tokSpan(), "an included class is not named with `:`").
			hint("include the outer class with an alias, `include a as x`, then `include x.b`")
	}
	if p.at(tLParen) {
		n.HasParens = true
		n.Args = p.args()
	}
	if p.accept(tAs) {
		if p.tok.kind == tStar {
			p.fail(codeUnexpected, p.tokSpan(), "an include cannot be made `as *`").
				hint("give it a name: `include %s as name`", n.Path.Text)
		} else {
			n.Alias = p.ident("alias")
		}
	}
	n.stmt = stmt{p.posFrom(start)}
	return n
}

// importStmt parses import "path" as alias.
func (p *parser) importStmt(start int32) Stmt {
	p.next()
	n := &ImportStmt{}
	switch p.tok.kind {
	case tString:
		n.Path = Name{p.rawString(p.tok), p.tokSpan()}
		p.next()
	case tIdent, tMap:
		n.Path = p.unquotedImport()
	default:
		p.unexpected("the name of a module in quotes", "after `import`")
		return nil
	}
	if p.accept(tAs) {
		if p.tok.kind == tStar {
			n.Alias = Name{"*", p.tokSpan()}
			p.next()
		} else {
			n.Alias = p.ident("alias")
		}
	}
	if p.at(tDot) {
		p.fail(codeUnexpected, p.tokSpan(), "an alias is a single name, without dots")
	}
	n.stmt = stmt{p.posFrom(start)}
	return n
}

// unquotedImport takes the name of a module that lacks its quotes.
func (p *parser) unquotedImport() Name {
	start := p.tok.start
	for k := p.tok.kind; k == tIdent || k == tSlash || k == tDot || k == tMinus || k == tMap; k = p.tok.kind {
		p.next()
	}
	name := Name{p.src[start:p.prev], p.from(start)}
	p.report(codeImportName, name.Span, "the name of a module is written in quotes").
		fix("add quotes", Edit{name.Span, `"` + name.Text + `"`})
	return name
}

// collectStmt parses collect kind name { … }.
func (p *parser) collectStmt(start int32) Stmt {
	p.next()
	if p.tok.kind != tIdent {
		p.unexpected("the kind of a resource", "after `collect`")
		return nil
	}
	return p.resource(start, true)
}

// edge parses a chain of halves.
func (p *parser) edge(start int32) Stmt {
	n := &EdgeStmt{}
	for {
		n.Halves = append(n.Halves, p.half())
		p.misspeltArrow()
		if !p.accept(tArrow) {
			break
		}
		if p.tok.kind != tCapital {
			p.notHalf()
			break
		}
	}
	n.stmt = stmt{p.posFrom(start)}
	if !p.bad {
		p.checkSendReceive(n)
	}
	return n
}

// misspeltArrow takes => and > between the halves of an edge for ->.
func (p *parser) misspeltArrow() {
	if (p.tok.kind == tFat || p.tok.kind == tGt || p.tok.kind == tGe) && !p.bad {
		p.report(codeWrongArrow, p.tokSpan(), "expected `->` between two resources, found `%s`", p.text(p.tok)).
			fix("write `->`", Edit{p.tokSpan(), p.spaced("->")})
		p.tok.kind = tArrow
	}
}

// notHalf complains about the present lexeme where the half of an edge is needed.
func (p *parser) notHalf() *Diagnostic {
	if p.tok.kind == tNewline {
		return p.fail(codeUnexpected, p.insertionPoint(), "an edge goes on in the same line").
			hint("write each step of the chain on one line, or as an edge of its own")
	}
	d := p.unexpected("a resource such as Kind[\"name\"]", "")
	if p.tok.kind == tIdent {
		d.hint("in an edge the kind begins with a capital letter: %s[…]", capitalise(p.text(p.tok)))
	}
	return d
}

// checkSendReceive holds that an edge with fields has two halves, both with one.
func (p *parser) checkSendReceive(n *EdgeStmt) {
	with, without := -1, -1
	for i := range n.Halves {
		if n.Halves[i].Field.Text == "" {
			without = i
		} else {
			with = i
		}
	}
	switch {
	case with >= 0 && without >= 0:
		p.report(codeSendReceive, n.Halves[without].Span, "the other side of this edge has a field, so this one needs one too").
			related(n.Halves[with].Field.Span, "the field of the other side").
			hint("an edge either sends from field to field, A[\"x\"].out -> B[\"y\"].in, or only orders, A[\"x\"] -> B[\"y\"]")
	case with >= 0 && len(n.Halves) != 2:
		p.report(codeSendReceive, n.span, "an edge that sends from field to field has exactly two sides").
			hint("write each step as an edge of its own")
	}
}

// half parses Kind[name] or Kind[name].field.
func (p *parser) half() Half {
	start := p.tok.start
	h := Half{Kind: p.capitalKind()}
	if p.bad || p.tok.kind != tLBracket {
		p.expect(tLBracket, "after the kind, as in "+capitalise(h.Kind.Text)+"[\"name\"]")
		h.Name, h.Span = p.badExpr(), p.from(start)
		return h
	}
	opener := p.tok
	p.open()
	h.Name = p.expr()
	p.close(opener)
	if p.accept(tDot) {
		h.Field = p.ident("field")
	}
	h.Span = p.from(start)
	return h
}

// resource parses kind name { items }.
func (p *parser) resource(start int32, collect bool) Stmt {
	if s, ok := p.notResource(); ok {
		return s
	}
	n := &Resource{Collect: collect, Kind: p.kind("resource")}
	if p.bad || p.namelessResource(n.Kind) {
		return nil
	}
	n.Name = p.expr()
	if !p.bad && p.tok.kind != tLBrace {
		p.misspeltStmt(n)
	}
	opener, ok := p.openBody()
	if !ok {
		return nil
	}
	mark := p.items.mark()
	p.resourceItems()
	n.Items = p.items.take(mark)
	p.closeBrace(opener)
	n.stmt = stmt{p.posFrom(start)}
	return n
}

// capitalResource parses a resource whose kind is capitalised.
func (p *parser) capitalResource(start int32) Stmt {
	span, lower := p.tokSpan(), strings.ToLower(p.text(p.tok))
	p.report(codeBadName, span, "the kind of a resource is written in lower case").
		hint("capitalised kinds stand in edges: %s[\"name\"]", p.text(p.tok)).
		fix("write `"+lower+"`", Edit{span, lower})
	p.tok.kind = tIdent
	s := p.resource(start, false)
	if r, ok := s.(*Resource); ok {
		r.Kind.Text = strings.ToLower(r.Kind.Text)
	}
	return s
}

// openBody goes into the braces of a resource, and returns the opening one.
func (p *parser) openBody() (lexeme, bool) {
	p.brace("and the fields of the resource")
	if p.bad {
		p.skip(func(l lexeme) bool { return l.kind == tLBrace || l.kind == tNewline })
		if p.tok.kind != tLBrace {
			p.bad = true
			return p.tok, false
		}
	}
	opener := p.tok
	p.next()
	return opener, true
}

// notResource recognises statements that begin with a name but are no resources. It
// returns the statement that was meant, if that is evident.
func (p *parser) notResource() (Stmt, bool) {
	name, next := p.text(p.tok), p.ahead(1)
	if message, ok := foreignStatements[name]; ok && next.kind != tString && next.kind != tColon {
		p.fail(codeMisspeltWord, p.tokSpan(), "there is no `%s`", name).hint("%s", message)
		p.skipBlock()
		return nil, true
	}
	switch next.kind {
	case tAssign, tEq:
		span := p.tokSpan()
		p.fail(codeMissingDollar, span, "the name of a variable begins with `$`").
			fix("write `$"+name+"`", Edit{Span{span.Start, span.Start}, "$"})
	case tDot:
		p.fail(codeExpressionStatement, p.tokSpan(), "an expression is not a statement").
			hint("the result of a call does nothing by itself: bind it to a variable, or use it in a resource")
	case tLParen:
		if next.start != p.tok.end || !p.isCallStmt() {
			return nil, false
		}
		p.fail(codeExpressionStatement, p.tokSpan(), "a call is not a statement: the result of `%s` is not used", name).
			hint("a result is bound with `$x = %s(…)`; a resource is written `%s \"name\" { … }`", name, name)
	case tIdent, tDollar:
		return p.foreignStmt(name, next)
	default:
		return nil, false
	}
	return nil, true
}

// isCallStmt reports whether the bracket after the present name ends the line. It
// looks only so far ahead.
func (p *parser) isCallStmt() bool {
	const far = 1000
	for n, depth := 1, 0; n < far; n++ {
		switch l := p.ahead(n); {
		case l.kind == tEOF:
			return true
		case l.kind.closer() != tEOF:
			depth++
		case l.kind.isCloser():
			if depth--; depth <= 0 {
				k := p.ahead(n + 1).kind
				return k == tNewline || k == tEOF || k == tRBrace
			}
		case l.kind == tComma && depth == 1:
			return true
		}
	}
	return false
}

// foreignStatements has statements of other languages and what takes their place.
var foreignStatements = map[string]string{
	"while":  "a program is evaluated all the time; a loop goes over a list, `for $i, $v in $list { … }`, or a map, `forkv`",
	"until":  "a program is evaluated all the time; a loop goes over a list, `for $i, $v in $list { … }`, or a map, `forkv`",
	"loop":   "a loop goes over a list, `for $i, $v in $list { … }`, or a map, `forkv`",
	"unless": "write `if not (cond) { … }`",
	"switch": "write `if cond { … } else if cond { … } else { … }`",
	"case":   "write `if cond { … } else if cond { … } else { … }`",
	"return": "the value of a function is the expression in its body; a class has none",
	"from":   "a module is imported with `import \"name\"`, and all its names at once with `import \"name\" as *`",
	"try":    "an expression that may fail has a fallback: `a <|> b`",
}

// foreignWords has what other languages begin statements with.
var foreignWords = map[string]token{
	"function": tFunc, "fn": tFunc, "def": tFunc, "fun": tFunc, "define": tFunc,
	"foreach": tFor, "each": tFor, "require": tImport, "use": tImport,
	"let": tDollar, "var": tDollar, "const": tDollar, "local": tDollar, "set": tDollar, "val": tDollar,
}

// foreignStmt recognises a statement that begins with a word of another language, or
// a misspelt one, and takes it for what it means.
func (p *parser) foreignStmt(name string, next lexeme) (Stmt, bool) {
	span := p.tokSpan()
	word, ok := foreignWords[name]
	if !ok && next.kind == tIdent {
		word, ok = keywords[Suggest(name, statementWords)]
	}
	switch {
	case !ok:
		return nil, false
	case word != tDollar:
		text := tokenText[word]
		p.report(codeMisspeltWord, span, "`%s` begins no statement", name).fix("write `"+text+"`", Edit{span, text})
		p.tok.kind = word
	case next.kind == tDollar:
		p.report(codeMisspeltWord, span, "a variable is bound without `%s`", name).
			fix("remove it", Edit{Span{span.Start, p.lexSpan(next).Start}, ""})
		p.next()
	default:
		p.fail(codeMisspeltWord, span, "a variable is bound with `$name = value`")
		return nil, true
	}
	return p.stmt(), true
}

// namelessResource complains about a resource without a name.
func (p *parser) namelessResource(kind Name) bool {
	if p.tok.kind != tLBrace && p.tok.kind != tNewline {
		return false
	}
	if p.tok.kind == tLBrace {
		n := 1
		for p.ahead(n).kind == tNewline {
			n++
		}
		first, second := p.ahead(n).kind, p.ahead(n+1).kind
		fields := second == tFat || second == tColon || second == tAssign
		if first == tString && second == tColon {
			first, fields = tIdent, true // the name stands after the brace
		}
		empty := first == tRBrace && second != tLBrace
		if !empty && !(fields && (first == tIdent || first == tCapital || first.isKeyword())) {
			return false
		}
	}
	word := Suggest(kind.Text, statementWords)
	if p.tok.kind == tNewline {
		d := p.fail(codeMissingName, kind.Span, "`%s` alone is not a statement", kind.Text)
		if word != "" {
			d.hint("did you mean `%s`?", word)
		} else {
			d.hint("a resource is written `%s \"name\" { … }`", kind.Text)
		}
		return true
	}
	p.fail(codeMissingName, kind.Span, "this `%s` has no name", kind.Text).
		hint("a resource is written `%s \"name\" { … }`", kind.Text)
	p.skip(func(l lexeme) bool { return l.kind == tNewline })
	p.bad = true
	return true
}

// statementWords are those that statements begin with.
var statementWords = []string{"if", "for", "forkv", "func", "class", "include", "import", "panic", "collect"}

// misspeltStmt complains about what is no resource since no { follows its name.
func (p *parser) misspeltStmt(n *Resource) {
	word := Suggest(n.Kind.Text, statementWords)
	if word != "" {
		p.fail(codeMisspeltWord, n.Kind.Span, "`%s` begins no statement", n.Kind.Text).
			fix("write `"+word+"`", Edit{n.Kind.Span, word}).
			hint("did you mean `%s`?", word)
		return
	}
	if p.tok.kind == tNewline && p.ahead(1).kind != tLBrace && !p.bad {
		p.fail(codeMissingBody, p.insertionPoint(), "expected `{` and the fields of the resource, found the end of the line").
			fix("add an empty body", Edit{p.insertionPoint(), " {}"})
	}
}

// resourceItems parses the items of a resource up to the closing brace.
func (p *parser) resourceItems() {
	for {
		p.newlines()
		if p.tok.kind == tRBrace || p.tok.kind == tEOF || p.startsLine(p.tok) {
			return
		}
		item := Item{}
		start := p.tok.start
		p.item(&item)
		if !p.bad {
			p.endItem()
		}
		item.Span = p.from(start)
		if !p.bad {
			p.items.push(item)
			continue
		}
		if !p.recoverItem() {
			return
		}
	}
}

// recoverItem goes to where the next item of a resource may begin.
func (p *parser) recoverItem() bool {
	p.skip(func(l lexeme) bool { return l.kind == tComma || l.kind == tNewline || p.startsLine(l) })
	switch p.tok.kind {
	case tComma, tNewline:
		p.next()
		return true
	case tRBracket, tRParen:
		p.next()
		p.bad = true
		return p.recoverItem()
	}
	return false
}

// endItem goes past the comma after an item, or complains.
func (p *parser) endItem() {
	if p.accept(tComma) {
		return
	}
	if p.quiet() {
		return
	}
	switch p.tok.kind {
	case tNewline, tRBrace, tIdent, tCapital:
		at := p.insertionPoint()
		p.report(codeMissingComma, at, "a comma is missing after this field").
			hint("each field of a resource ends with a comma, the last one too").
			fix("add a comma", Edit{at, ","})
	case tSemi:
		p.report(codeMissingComma, p.tokSpan(), "a field of a resource ends with a comma, not with `;`").
			fix("write `,`", Edit{p.tokSpan(), ","})
		p.next()
	case tElvis:
		p.fail(codeUnexpected, p.tokSpan(), "only one `?:` may stand in a field")
	default:
		p.unexpected("`,`", "after the field")
	}
}

// item parses one item of a resource, without its comma.
func (p *parser) item(n *Item) {
	switch p.tok.kind {
	case tIdent:
		if p.text(p.tok) == "meta" && p.ahead(1).kind == tColon {
			p.report(codeBadName, p.tokSpan(), "`meta` is written with a capital letter").
				fix("write `Meta`", Edit{p.tokSpan(), "Meta"})
			p.property(n)
			return
		}
		n.Kind = FieldItem
		n.Name = Name{p.text(p.tok), p.tokSpan()}
		p.next()
	case tCapital:
		p.property(n)
		return
	case tString:
		p.fail(codeUnexpected, p.tokSpan(), "the name of a field is written without quotes").
			fix("remove the quotes", Edit{p.tokSpan(), p.rawString(p.tok)})
		return
	default:
		if p.tok.kind.isKeyword() {
			n.Name = p.ident("field")
			return
		}
		p.unexpected("the name of a field", "of the resource")
		return
	}
	p.fatArrow("between the name and the value of a field")
	if p.at(tCapital) {
		p.lowerEdge(n)
		return
	}
	p.value(n)
}

// lowerEdge complains about a resource as the value of a plain field.
func (p *parser) lowerEdge(n *Item) {
	word := edgeWord(n.Name.Text)
	if word == "" {
		p.notExpr()
		return
	}
	word = capitalise(word)
	p.report(codeNotEdge, n.Name.Span, "the property that names another resource is written `%s`", word).
		fix("write `"+word+"`", Edit{n.Name.Span, word})
	n.Kind = EdgeItem
	n.Name.Text = strings.ToLower(word)
	p.edgeValue(n, word)
}

// value parses value or cond ?: value.
func (p *parser) value(n *Item) {
	if p.tok.kind == tNewline && !p.bad {
		p.fail(codeMissingValue, p.insertionPoint(), "expected the value of the field on this line").
			hint("a line may only be broken inside ( ), [ ] and { }")
		return
	}
	n.Value = p.expr()
	if p.accept(tElvis) {
		n.Cond = n.Value
		n.Value = p.expr()
	}
}

// property parses an item that begins with a capitalised word: an edge or a meta
// parameter.
func (p *parser) property(n *Item) {
	word := p.tok
	name := p.capital(p.tok)
	p.next()
	isMeta := name == "meta"
	n.Name = Name{name, p.lexSpan(word)}
	switch {
	case p.at(tColon):
		p.metaName(n, isMeta)
		p.fatArrow("between the name and the value of a meta parameter")
		p.value(n)
	case isMeta:
		n.Kind = MetaAllItem
		p.fatArrow("between `Meta` and its struct")
		p.value(n)
	default:
		n.Kind = EdgeItem
		p.fatArrow("between `" + p.text(word) + "` and the other resource")
		p.edgeValue(n, p.text(word))
	}
}

// metaName parses the :name after Meta.
func (p *parser) metaName(n *Item, isMeta bool) {
	if !isMeta {
		p.report(codeUnexpected, n.Name.Span, "`%s` is written `Meta` when a colon follows", p.textOf(n.Name.Span)).
			fix("write `Meta`", Edit{n.Name.Span, "Meta"})
	}
	p.next()
	n.Kind = MetaItem
	n.Name = p.ident("meta parameter")
}

// edgeValue parses half or cond ?: half. Word is the property as written.
func (p *parser) edgeValue(n *Item, word string) {
	if p.bad {
		return
	}
	if p.tok.kind != tCapital {
		start := p.tok.start
		n.Cond = p.expr()
		if p.bad {
			return
		}
		if !p.accept(tElvis) {
			d := p.fail(codeNotEdge, p.from(start), "`%s` takes a resource such as Kind[\"name\"], not a value", word)
			d.hint("fields of a resource are written in lower case; capitalised words are edges: Before, Notify, Depend and Listen")
			return
		}
	}
	if p.tok.kind != tCapital {
		p.notHalf()
		return
	}
	h := p.half()
	n.Half = &h
	if h.Field.Text != "" && !p.bad {
		p.report(codeSendReceive, h.Field.Span, "an edge within a resource has no field").
			hint("sending from field to field is a statement: A[\"x\"].out -> B[\"y\"].in")
	}
}

func (p *parser) textOf(s Span) string { return p.src[p.file.Offset(s.Start):p.file.Offset(s.End)] }

// ident parses a plain name of what is said.
func (p *parser) ident(what string) Name {
	if p.tok.kind == tIdent {
		n := Name{p.text(p.tok), p.tokSpan()}
		p.next()
		return n
	}
	return p.notName(what)
}

// notName complains about the present lexeme where a name is needed. A capitalised
// one is taken for the name.
func (p *parser) notName(what string) Name {
	switch {
	case p.quiet():
	case p.tok.kind.isKeyword():
		word := p.text(p.tok)
		p.fail(codeReservedWord, p.tokSpan(), "`%s` is a reserved word and cannot be the name of %s", word, article(what))
	case p.tok.kind == tCapital:
		lower := snakeCase(strings.ToLower(p.text(p.tok)[:1]) + p.text(p.tok)[1:])
		if last := len(p.reporter.list) - 1; last >= 0 && p.reporter.list[last].Span == p.tokSpan() {
			p.reporter.list = p.reporter.list[:last]
		}
		p.report(codeBadName, p.tokSpan(), "the name of %s is written in lower case", article(what)).
			fix("write `"+lower+"`", Edit{p.tokSpan(), lower})
		n := Name{lower, p.tokSpan()}
		p.next()
		return n
	default:
		p.unexpected("the name of "+article(what), "")
	}
	return Name{Span: p.insertionPoint()}
}

// article puts a or an before a noun.
func article(noun string) string {
	if strings.IndexByte("aeiou", noun[0]) >= 0 {
		return "an " + noun
	}
	return "a " + noun
}

// soft reports whether t may be part of a path or the name of a variable.
func (t token) soft() bool { return t == tIdent || t == tMap || t == tCollect }

// variable parses $name, a name that is defined, and returns the name.
func (p *parser) variable() Name {
	if !p.at(tDollar) {
		p.expect(tDollar, "and the name of a variable")
		return Name{}
	}
	p.next()
	if p.tok.kind.soft() {
		n := Name{p.text(p.tok), p.tokSpan()}
		p.next()
		return n
	}
	return p.notName("variable")
}

// path parses names joined by dots.
func (p *parser) path(what string) Name {
	start := p.tok.start
	size := int32(0)
	for {
		if !p.tok.kind.soft() {
			p.notName(what)
			return Name{Span: p.from(start)}
		}
		size += p.tok.end - p.tok.start
		p.next()
		if p.tok.kind != tDot || p.bad {
			break
		}
		size++
		p.next()
	}
	return p.joined(start, size)
}

// kind parses names joined by colons.
func (p *parser) kind(what string) Name {
	start := p.tok.start
	size := int32(0)
	for {
		size += p.tok.end - p.tok.start
		if p.ident(what); p.bad || p.tok.kind != tColon {
			break
		}
		size++
		p.next()
	}
	return p.joined(start, size)
}

// joined returns the name from start up to here, whose parts have the size given:
// the text itself unless there are blanks in it.
func (p *parser) joined(start, size int32) Name {
	if p.bad {
		return Name{Span: p.from(start)}
	}
	text := p.src[start:p.prev]
	if int32(len(text)) != size {
		text = strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\r\n", r) {
				return -1
			}
			return r
		}, text)
	}
	return Name{text, p.from(start)}
}

// capitalKind parses capitalised names joined by colons, and returns them in lower
// case.
func (p *parser) capitalKind() Name {
	start := p.tok.start
	var text string
	for {
		if p.tok.kind != tCapital {
			p.unexpected("a capitalised name", "in the kind of an edge")
			break
		}
		part := p.capital(p.tok)
		if text == "" {
			text = part
		} else {
			text += ":" + part
		}
		p.next()
		if !p.accept(tColon) {
			break
		}
	}
	return Name{text, p.from(start)}
}

// capital returns a capitalised name in lower case.
func (p *parser) capital(l lexeme) string {
	text := p.text(l)
	lower, ok := p.capitals[text]
	if !ok {
		lower = strings.ToLower(text)
		if p.capitals == nil {
			p.capitals = make(map[string]string)
		}
		p.capitals[text] = lower
	}
	return lower
}

// capitalise returns the form of a kind that edges use.
func capitalise(kind string) string {
	parts := strings.Split(kind, ":")
	for i, part := range parts {
		if part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, ":")
}
