package syntax

import "strings"

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
		d.hint("in an edge the kind begins with a capital letter: %s[…]", Capitalise(p.text(p.tok)))
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
		p.expect(tLBracket, "after the kind, as in "+Capitalise(h.Kind.Text)+"[\"name\"]")
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

// namelessResource complains about a resource without a name.
func (p *parser) namelessResource(kind Name) bool {
	if p.tok.kind != tLBrace && p.tok.kind != tNewline {
		return false
	}
	if p.tok.kind == tLBrace && !p.isBody() {
		return false
	}
	form := "this `%s` has no name"
	if p.tok.kind == tNewline {
		form = "`%s` alone is not a statement"
	}
	d := p.fail(codeMissingName, kind.Span, form, kind.Text)
	d.hint("a resource is written `%s \"name\" { … }`", kind.Text)
	if word := Suggest(kind.Text, statementWords); word != "" && p.tok.kind == tNewline {
		d.hint("did you mean `%s`?", word)
	}
	p.skipBlock()
	return true
}

// isBody reports whether the present brace begins the body of a resource, and not a
// map.
func (p *parser) isBody() bool {
	n := 1
	for p.ahead(n).kind == tNewline {
		n++
	}
	first, second := p.ahead(n).kind, p.ahead(n+1).kind
	if first == tRBrace {
		return second != tLBrace
	}
	name := first == tIdent || first == tCapital || first.isKeyword()
	return name && (second == tFat || second == tColon || second == tAssign) || first == tString && second == tColon
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
	p.skipPast(func(l lexeme) bool { return l.kind == tComma || l.kind == tNewline || p.startsLine(l) })
	if p.tok.kind != tComma && p.tok.kind != tNewline {
		return false
	}
	p.next()
	return true
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
	word = Capitalise(word)
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
	n.Name = Name{p.capital(word), p.lexSpan(word)}
	p.next()
	switch {
	case p.at(tColon):
		p.metaName(n, word)
		p.fatArrow("between the name and the value of a meta parameter")
		p.value(n)
	case n.Name.Text == "meta":
		n.Kind = MetaAllItem
		p.fatArrow("between `Meta` and its struct")
		p.value(n)
	default:
		n.Kind = EdgeItem
		p.fatArrow("between `" + p.text(word) + "` and the other resource")
		p.edgeValue(n, p.text(word))
	}
}

// metaName parses the :name after the word Meta.
func (p *parser) metaName(n *Item, word lexeme) {
	if n.Name.Text != "meta" {
		p.report(codeUnexpected, n.Name.Span, "`%s` is written `Meta` when a colon follows", p.text(word)).
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

// collectStmt parses collect kind name { … }.
func (p *parser) collectStmt(start int32) Stmt {
	p.next()
	if p.tok.kind != tIdent {
		p.unexpected("the kind of a resource", "after `collect`")
		return nil
	}
	return p.resource(start, true)
}
