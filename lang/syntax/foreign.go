package syntax

import (
	"slices"
	"strings"
)

// This file recognises what people write who come from other languages, or from older
// releases of this one. Where it is evident what is meant, the parse goes on as if that
// had been written.

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

// statementWords are those that statements begin with.
var statementWords = []string{"if", "for", "forkv", "func", "class", "include", "import", "panic", "collect"}

// hereDocument complains about <<WORD and goes past the text up to the line WORD.
func (p *parser) hereDocument() {
	start := int(p.tok.start)
	line, _, _ := strings.Cut(p.near(start), "\n")
	span := p.span(start, start+len(line))
	p.fail(codeWrongQuotes, span, "there are no here-documents").
		hint("a string in double quotes may have several lines")
	word := strings.Trim(line, "<-~'\" \t\r")
	if end := strings.Index(p.near(start), "\n"+word+"\n"); end >= 0 && word != "" {
		p.off = start + end + 1 + len(word)
	} else {
		p.off = start + len(line)
	}
	p.forget()
	p.next()
}

// bareWord complains about a name that is neither a variable nor called.
func (p *parser) bareWord(name Name) {
	d := p.fail(codeBareWord, name.Span, "`%s` is neither a value nor a call", name.Text)
	switch name.Text {
	case "null", "nil", "none", "undef", "undefined":
		d.hint("there is no null; a field of a resource is left out conditionally with `field => cond ?: value,`")
	case "return":
		d.Message = "there is no `return`: the value of a function is the expression in its body"
		d.fix("remove it", Edit{Span{name.Span.Start, p.tokSpan().Start}, ""})
	case "yes", "on":
		d.fix("write `true`", Edit{name.Span, "true"})
	case "no", "off":
		d.fix("write `false`", Edit{name.Span, "false"})
	default:
		d.hint("a variable is written `$%s`, a string `\"%s\"`, a call `%s()`", name.Text, name.Text, name.Text)
	}
}

// isFallback reports whether || after a lookup means a fallback. It does, unless the
// file has operators that went away before || took that meaning, and no literal
// follows that is no condition.
func (p *parser) isFallback() bool {
	switch p.ahead(1).kind {
	case tString, tInt, tFloat, tMinus, tLBracket, tLBrace, tStruct, tFunc:
		return true
	}
	return !p.oldEra
}

// oldOperator reports the present lexeme as the old form of the one given, and goes
// on as if that had been written.
func (p *parser) oldOperator(word string, t token) {
	text := word
	if p.tok.start > 0 && class[p.src[p.tok.start-1]] != 0 {
		text = " " + text
	}
	if p.byteAt(int(p.tok.end)) != ' ' {
		text += " "
	}
	p.report(codeOldOperator, p.tokSpan(), "`%s` is written `%s`", p.text(p.tok), word).
		fix("write `"+word+"`", Edit{p.tokSpan(), text})
	p.tok.kind = t
}

// oldHistory recognises $x{N}, the former way to ask for an earlier value, unless the
// brace begins the branch of an if.
func (p *parser) oldHistory(start int32, v *VarExpr) Expr {
	if p.ahead(1).kind != tInt || p.ahead(2).kind != tRBrace || p.ahead(3).kind == tElse {
		return v
	}
	p.next()
	count := p.text(p.tok)
	n := p.number(p.tok.start, false)
	p.next()
	span := p.from(start)
	form := "history($" + v.Path + ", " + count + ")"
	p.report(codeOldOperator, span, "an earlier value is written `%s`", form).
		hint("history counts milliseconds, not changes: choose the number anew").
		fix("write `"+form+"`", Edit{span, form})
	p.oldEra = true
	p.raise(0)
	return &CallExpr{expr: p.node(start), Name: Name{"history", v.span}, Args: []Expr{v, n}}
}

// isLookup reports whether the last operand of x is an index or a field.
func isLookup(x Expr) bool {
	switch x := x.(type) {
	case *IndexExpr:
		return true
	case *FieldExpr:
		return x.Default == nil
	case *BinaryExpr:
		return isLookup(x.Y)
	case *UnaryExpr:
		return isLookup(x.X)
	}
	return false
}

// presentOperator replaces an operator of former times that follows the operand x
// by the present one, and says so; one of other languages likewise.
func (p *parser) presentOperator(x Expr) {
	switch p.tok.kind {
	case tNot:
		if p.ahead(1).kind == tIn {
			p.report(codeUnexpected, p.tokSpan().To(p.lexSpan(p.ahead(1))), "there is no operator `not in`").
				hint("write `not (a in b)`")
			p.next()
		}
	case tAndAnd:
		p.oldOperator("and", tAnd)
		p.oldEra = true
	case tOrOr:
		if isLookup(x) && p.isFallback() {
			p.oldOperator("<|>", tExcept)
		} else {
			p.oldOperator("or", tOr)
		}
	}
}

// misspeltElse takes elif, elsif and elseif for what they mean.
func (p *parser) misspeltElse() bool {
	if p.tok.kind != tIdent {
		return false
	}
	switch p.text(p.tok) {
	case "elif", "elsif", "elseif", "elsf":
	default:
		return false
	}
	p.report(codeMisspeltWord, p.tokSpan(), "`%s` is written `else if`", p.text(p.tok)).
		fix("write `else if`", Edit{p.tokSpan(), "else if"})
	p.peek = slices.Insert(p.peek, p.seen, lexeme{kind: tIf, start: p.tok.start, end: p.tok.end})
	p.tok.kind = tElse
	return true
}
