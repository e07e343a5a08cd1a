package syntax

import "strings"

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
		p.retract(p.tokSpan())
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
		return Name{Span: p.insertionPoint()}
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
	start, first := p.tok.start, p.tok
	size := int32(0)
	for p.tok.kind == tCapital {
		size += p.tok.end - p.tok.start
		p.next()
		if p.tok.kind != tColon {
			break
		}
		size++
		p.next()
	}
	if p.prev == first.end && first.kind == tCapital {
		return Name{p.capital(first), p.lexSpan(first)}
	}
	if p.src[p.prev-1] == ':' {
		p.unexpected("a capitalised name", "in the kind of an edge")
	}
	n := p.joined(start, size)
	n.Text = strings.ToLower(n.Text)
	return n
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

// Capitalise returns the form of a kind that edges use: File, Http:Server.
func Capitalise(kind string) string {
	parts := strings.Split(kind, ":")
	for i, part := range parts {
		if part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, ":")
}

// withoutDollar takes a name whose $ is missing.
func (p *parser) withoutDollar(what string) Name {
	span := p.tokSpan()
	name := Name{p.text(p.tok), span}
	p.report(codeMissingDollar, span, "the name of %s begins with `$`", what).
		fix("write `$"+name.Text+"`", Edit{Span{span.Start, span.Start}, "$"})
	p.next()
	return name
}
