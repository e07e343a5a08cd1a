package syntax

// startsType reports whether a type can begin with t.
func (t token) startsType() bool {
	switch t {
	case tBool, tStr, tIntType, tFloatType, tVariant, tLBracket, tMap, tStruct, tFunc:
		return true
	}
	return false
}

// typeExpr parses a type.
func (p *parser) typeExpr() Type {
	if !p.enter() {
		p.leave()
		return p.anyType()
	}
	t := p.typeAt()
	p.leave()
	return t
}

func (p *parser) typeAt() Type {
	start := p.tok.start
	switch p.tok.kind {
	case tBool, tStr, tIntType, tFloatType, tVariant:
		name := p.text(p.tok)
		p.next()
		return &BasicType{typ{p.posFrom(start)}, name}
	case tLBracket:
		p.next()
		if p.tok.kind != tRBracket {
			p.fail(codeUnknownType, p.lexSpan(p.tok), "the type of a list is written `[]T`, such as []str")
		} else {
			p.next()
		}
		elem := p.typeExpr()
		return &ListType{typ{p.posFrom(start)}, elem}
	case tMap:
		return p.mapType()
	case tStruct:
		return p.structType()
	case tFunc:
		return p.funcType()
	}
	return p.notType()
}

// anyType stands in for a type that could not be parsed.
func (p *parser) anyType() Type {
	return &BasicType{typ{pos{p.insertionPoint()}}, "variant"}
}

// foreignTypes has what types are called elsewhere.
var foreignTypes = map[string]string{
	"string": "str", "integer": "int", "number": "int", "boolean": "bool", "double": "float",
	"list": "[]", "array": "[]", "dict": "map", "object": "struct", "any": "variant",
}

const typesHint = "the types are bool, str, int, float, []T, map{K: V}, struct{name T; …} and func(T) R"

// notType complains about the present lexeme where a type is needed. A name that is
// near enough to one is taken for it.
func (p *parser) notType() Type {
	start, name := p.tok.start, p.text(p.tok)
	if p.tok.kind != tIdent {
		p.unexpected("a type", "").hint(typesHint)
		return p.anyType()
	}
	d := p.fail(codeUnknownType, p.tokSpan(), "there is no type `%s`", name).hint(typesHint)
	word := foreignTypes[name]
	if word == "" {
		word = Suggest(name, []string{"bool", "str", "int", "float", "map", "struct", "func"})
	}
	switch word {
	case "":
	case "str", "int", "bool", "float":
		d.hint("did you mean `%s`?", word).fix("write `"+word+"`", Edit{p.tokSpan(), word})
		p.bad = p.stopped
		p.next()
		return &BasicType{typ{p.posFrom(start)}, word}
	default:
		d.hint("did you mean `%s`? %s", word, typesHint)
	}
	return p.anyType()
}

// mapType parses map{K: V}.
func (p *parser) mapType() Type {
	start := p.tok.start
	p.next()
	if p.tok.kind != tLBrace {
		p.fail(codeUnknownType, p.from(start), "the type of a map is written `map{K: V}`").
			hint("a map from str to int has the type map{str: int}")
	} else {
		p.next()
	}
	key := p.typeExpr()
	p.expect(tColon, "between the types of keys and values")
	value := p.typeExpr()
	p.expect(tRBrace, "at the end of the type")
	return &MapType{typ{p.posFrom(start)}, key, value}
}

// structType parses struct{a T; b U}.
func (p *parser) structType() Type {
	start := p.tok.start
	p.next()
	p.expect(tLBrace, "after `struct` in a type, such as struct{name str; size int}")
	mark := p.types.mark()
	for !p.at(tRBrace) && !p.bad {
		name := p.ident("field")
		p.types.push(FieldType{name, p.typeExpr()})
		if p.at(tComma) {
			p.report(codeUnexpected, p.tokSpan(), "the fields of a struct type are separated by `;`, not by a comma").
				fix("write `;`", Edit{p.tokSpan(), ";"})
			p.next()
		} else if !p.accept(tSemi) {
			break
		} else if p.at(tRBrace) {
			p.report(codeUnexpected, p.span(int(p.prev)-1, int(p.prev)), "no `;` stands after the last field of a struct type").
				fix("remove it", Edit{p.span(int(p.prev)-1, int(p.prev)), ""})
		}
	}
	fields := p.types.take(mark)
	p.expect(tRBrace, "at the end of the type")
	return &StructType{typ{p.posFrom(start)}, fields}
}

// funcType parses func($a T, U) R.
func (p *parser) funcType() Type {
	start := p.tok.start
	p.next()
	mark := p.types.mark()
	if opener := p.tok; p.tok.kind == tLParen {
		p.list(opener, "a type", (*parser).paramType)
	} else {
		p.expect(tLParen, "after `func` in a type, such as func(int) str")
	}
	params := p.types.take(mark)
	if !p.bad && !p.tok.kind.startsType() {
		p.unexpected("the type of the result", "of the function type").
			hint("a function type ends with the type of what the function returns, such as func(int) str")
	}
	return p.finishFuncType(start, params)
}

func (p *parser) finishFuncType(start int32, params []FieldType) Type {
	if p.bad {
		return p.anyType()
	}
	result := p.typeExpr()
	return &FuncType{typ{p.posFrom(start)}, params, result}
}

// paramType parses one parameter of a function type.
func (p *parser) paramType() {
	var name Name
	if p.tok.kind == tDollar {
		name = p.variable()
	} else if p.tok.kind == tIdent && p.ahead(1).kind.startsType() {
		span := p.tokSpan()
		p.report(codeMissingDollar, span, "the name of a parameter begins with `$`").
			fix("write `$`", Edit{Span{span.Start, span.Start}, "$"})
		p.next()
	}
	p.types.push(FieldType{name, p.typeExpr()})
}
