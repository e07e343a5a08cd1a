package syntax

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
		p.skipPast(func(l lexeme) bool { return l.kind == tNewline || p.startsLine(l) })
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
		return &BadStmt{stmt{p.posFrom(start)}}
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
	p.skip(atNewline)
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
