package types

import (
	"fmt"
	"strconv"
	"strings"
)

// maxTypeDepth bounds how deeply a type text may nest, so that hostile input cannot
// exhaust the stack of whatever walks the type.
const maxTypeDepth = 1000

// Parse reads a type from its text form, as [Type.String] prints it. The names of the
// parameters of a function may be left out, or be written with the $ of a program.
// Type variables are written ?1, ?2, and so on.
func Parse(text string) (*Type, error) {
	p := typeParser{text: text}
	t, err := p.parse(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(text) {
		return nil, p.errorf("%q follows the end of the type", rest(text[p.at:]))
	}
	return t, nil
}

// MustParse is [Parse] for the constant texts of tables. It panics on a mistake.
func MustParse(text string) *Type {
	t, err := Parse(text)
	if err != nil {
		panic("types: " + err.Error())
	}
	return t
}

// typeParser is a recursive-descent parser; at is the next byte to look at.
type typeParser struct {
	text string
	at   int
}

func (p *typeParser) errorf(format string, args ...any) error {
	return fmt.Errorf("type %q, byte %d: %s", rest(p.text), p.at, fmt.Sprintf(format, args...))
}

// rest shortens text for a message.
func rest(text string) string {
	if len(text) > 60 {
		return text[:60] + "…"
	}
	return text
}

func (p *typeParser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\n') {
		p.at++
	}
}

// accept skips the token, and blanks before it, if it comes next.
func (p *typeParser) accept(token string) bool {
	p.space()
	if strings.HasPrefix(p.text[p.at:], token) {
		p.at += len(token)
		return true
	}
	return false
}

func (p *typeParser) expect(token string) error {
	if p.accept(token) {
		return nil
	}
	return p.errorf("%q expected", token)
}

// word reads a name or keyword; empty if none comes next.
func (p *typeParser) word() string {
	p.space()
	start := p.at
	for p.at < len(p.text) && isWordByte(p.text[p.at], p.at > start) {
		p.at++
	}
	return p.text[start:p.at]
}

func isWordByte(c byte, inside bool) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || inside && c >= '0' && c <= '9'
}

func (p *typeParser) parse(depth int) (*Type, error) {
	if depth > maxTypeDepth {
		return nil, p.errorf("nested too deeply")
	}
	if p.accept("[]") {
		elem, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		return ListOf(elem), nil
	}
	if p.accept("?") {
		return p.variable()
	}
	switch word := p.word(); word {
	case "bool":
		return TBool, nil
	case "str":
		return TStr, nil
	case "int":
		return TInt, nil
	case "float":
		return TFloat, nil
	case "variant":
		return TVariant, nil
	case "map":
		return p.mapType(depth)
	case "struct":
		return p.structType(depth)
	case "func":
		return p.funcType(depth)
	case "":
		return nil, p.errorf("a type expected")
	default:
		return nil, p.errorf("%q is not a type", rest(word))
	}
}

func (p *typeParser) variable() (*Type, error) {
	start := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	n, err := strconv.Atoi(p.text[start:p.at])
	if err != nil || n < 1 {
		return nil, p.errorf("a type variable has a number, such as ?1")
	}
	return Var(n), nil
}

func (p *typeParser) mapType(depth int) (*Type, error) {
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	key, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	if !key.Hashable() && key.Kind != KindVar {
		return nil, p.errorf("%v cannot be the key of a map", key)
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	elem, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	return MapOf(key, elem), p.expect("}")
}

func (p *typeParser) structType(depth int) (*Type, error) {
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	var fields []Field
	seen := map[string]bool{}
	for !p.accept("}") {
		if len(fields) > 0 {
			if err := p.expect(";"); err != nil {
				return nil, err
			}
		}
		name := p.word()
		if name == "" {
			return nil, p.errorf("a field name expected")
		}
		if seen[name] {
			return nil, p.errorf("the struct has two fields %s", rest(name))
		}
		seen[name] = true
		t, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		fields = append(fields, Field{name, t})
	}
	return StructOf(fields...), nil
}

func (p *typeParser) funcType(depth int) (*Type, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var params []Field
	for !p.accept(")") {
		if len(params) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		name := p.paramName()
		t, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		params = append(params, Field{name, t})
	}
	result, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	return FuncOf(params, result), nil
}

// paramName reads the name of a parameter, if there is one. A word is a name when it
// does not end the parameter and is not the head of a type with parts: names may be
// spelt like types.
func (p *typeParser) paramName() string {
	dollar := p.accept("$")
	start := p.at
	word := p.word()
	if dollar {
		return word
	}
	end := p.at
	p.space()
	if word != "" && p.at > end && p.at < len(p.text) && p.text[p.at] != ',' && p.text[p.at] != ')' {
		return word
	}
	p.at = start
	return ""
}
