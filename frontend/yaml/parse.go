package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	yamllib "go.yaml.in/yaml/v4"

	"mgmt/lang/syntax"
)

// parse returns the first document of a file, or nil. What is wrong with the text is reported.
func parse(file *syntax.File, reports *syntax.Reports) *node {
	reports.Phase = syntax.PhaseParse
	text := file.Text
	if !validText(file, reports) {
		return nil
	}
	loader, err := yamllib.NewLoader(bytes.NewReader(text))
	if err != nil {
		reports.Add(codeSyntax, syntax.Span{}, "the reader of YAML does not start: %s", err)
		return nil
	}
	p := &parser{ruler: newRuler(file), reports: reports, known: map[*yamllib.Node]*node{}}
	var doc yamllib.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		return &node{span: p.ruler.span(1, 1, ""), line: 1, column: 1}
	case err != nil:
		p.refuse(err)
		return nil
	}
	root := p.convert(&doc)
	if p.aliases > maxAliases {
		reports.Add(codeAlias, root.span, "the aliases stand for more than %d values", maxAliases)
		return nil
	}
	if p.endless {
		return nil
	}
	p.warnOfMore(loader)
	return root
}

// warnOfMore tells that there are further documents, whatever is in them.
func (p *parser) warnOfMore(loader *yamllib.Loader) {
	var next yamllib.Node
	err := loader.Load(&next)
	if errors.Is(err, io.EOF) {
		return
	}
	line, column := next.Line, next.Column
	var le *yamllib.LoadError
	if errors.As(err, &le) {
		line, column = le.Mark.Line, le.Mark.Column
	}
	p.reports.Warning = true
	p.reports.Add(codeSeveral, p.ruler.span(line, column, ""), "only the first document of the file is read")
	p.reports.Warning = false
}

// validText refuses what is not UTF-8. The library would not say where.
func validText(file *syntax.File, reports *syntax.Reports) bool {
	if utf8.Valid(file.Text) {
		return true
	}
	i := 0
	for {
		r, size := utf8.DecodeRune(file.Text[i:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		i += size
	}
	reports.Add(codeSyntax, syntax.Span{Start: file.Pos(i), End: file.Pos(i + 1)}, "the text is not UTF-8").Hint = "save the file as UTF-8"
	return false
}

// A parser makes nodes of those of the library.
type parser struct {
	ruler   *ruler
	reports *syntax.Reports
	known   map[*yamllib.Node]*node // those with an anchor; nil while it is being made
	aliases int                     // nodes that aliases have added
	endless bool                    // an alias is inside of what it stands for
}

// refuse reports an error of the library.
func (p *parser) refuse(err error) {
	var le *yamllib.LoadError
	if !errors.As(err, &le) {
		p.reports.Add(codeSyntax, p.ruler.span(1, 1, ""), "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	d := p.reports.Add(codeSyntax, p.ruler.span(le.Mark.Line, le.Mark.Column, ""), "%s", le.Message)
	if le.ContextMsg != "" {
		d.Relate(p.ruler.span(le.ContextMark.Line, le.ContextMark.Column, ""), "%s", le.ContextMsg)
	}
	d.Hint = hint(le.Message, p.ruler.file.Text[p.ruler.find(le.Mark.Line, le.Mark.Column):])
}

// hint says what to do about an error of the library, of which rest is the text from there on.
func hint(message string, rest []byte) string {
	switch {
	case strings.HasPrefix(message, "mapping values are not allowed"):
		return "a text with a colon in it needs quotes; otherwise look at the indentation"
	case strings.HasPrefix(message, "did not find expected"):
		return "look at the indentation of this line, and for an open bracket or quote before it"
	case strings.HasPrefix(message, "found unexpected end of stream"):
		return "a quote is not closed"
	case len(rest) > 0 && rest[0] == '\t':
		return "indent with spaces"
	case len(rest) > 0 && strings.HasPrefix(message, "found character that cannot start any token"):
		return fmt.Sprintf("a text that begins with %c needs quotes", rest[0])
	}
	return ""
}

// maxAliases is how many nodes aliases may add to what is written. A few lines of aliases to
// aliases would fill any memory.
const maxAliases = 1_000_000

// grow notes what is below a node. Beyond what is accepted, how much does not matter.
func (n *node) grow(size int) { n.size = min(n.size+size, 2*maxAliases) }

// convert makes a node of one of the library.
func (p *parser) convert(y *yamllib.Node) *node {
	if y.Kind == yamllib.DocumentNode {
		if len(y.Content) == 0 {
			return &node{span: p.ruler.span(1, 1, ""), line: 1, column: 1}
		}
		return p.convert(y.Content[0])
	}
	if y.Kind == yamllib.AliasNode {
		return p.alias(y)
	}
	n := &node{span: p.ruler.span(y.Line, y.Column, written(y)), line: y.Line, column: y.Column, size: 1}
	if y.Anchor != "" {
		p.known[y] = nil
	}
	switch y.Kind {
	case yamllib.SequenceNode:
		n.shape = list
		n.items = make([]*node, 0, len(y.Content))
		for _, c := range y.Content {
			item := p.convert(c)
			n.items = append(n.items, item)
			n.grow(item.size)
		}
	case yamllib.MappingNode:
		n.shape = mapping
		p.fields(n, y.Content)
	default:
		n.text = y.Value
		n.quoted = y.Style&(yamllib.DoubleQuotedStyle|yamllib.SingleQuotedStyle|yamllib.LiteralStyle|yamllib.FoldedStyle) != 0
		if y.Style&yamllib.TaggedStyle != 0 {
			n.quoted = y.Tag == "!!str"
			n.binary = y.Tag == "!!binary"
		}
	}
	if y.Anchor != "" {
		p.known[y] = n
	}
	return n
}

// written returns the text of a plain scalar that stands on one line.
func written(y *yamllib.Node) string {
	if y.Kind == yamllib.ScalarNode && y.Style == 0 {
		return y.Value
	}
	return ""
}

// alias returns what an alias points to, at the place of that.
func (p *parser) alias(y *yamllib.Node) *node {
	n, known := p.known[y.Alias]
	if known && n != nil {
		p.aliases = min(p.aliases+n.size, 2*maxAliases)
		return n
	}
	p.endless = true
	p.reports.Add(codeAlias, p.ruler.span(y.Line, y.Column, "*"+y.Value), "`*%s` is inside of what it stands for", y.Value)
	return &node{line: y.Line, column: y.Column, size: 1}
}

// fields fills a map. What merge keys bring in yields to what is written in the map itself.
func (p *parser) fields(n *node, content []*yamllib.Node) {
	n.fields = make([]field, 0, len(content)/2)
	var seen keys
	var merged []*node
	for i := 0; i+1 < len(content); i += 2 {
		key, value := p.convert(content[i]), p.convert(content[i+1])
		n.grow(key.size + value.size)
		switch first := seen.add(key); {
		case key.shape != scalar:
			p.reports.Add(codeShape, key.span, "a key is %s; it has to be a word", key)
		case key.text == "<<" && !key.quoted:
			merged = append(merged, p.sources(value)...)
		case first != nil:
			p.reports.Add("duplicate-key", key.span, "the key %s stands here twice", key).Relate(first.span, "here first")
		default:
			n.fields = append(n.fields, field{key, value})
		}
	}
	for _, m := range merged {
		if p.aliases > maxAliases {
			return // which is going to be refused
		}
		for _, f := range m.fields {
			if seen.add(f.key) == nil {
				n.fields = append(n.fields, f)
				n.grow(f.key.size + f.value.size)
			}
		}
	}
}

// sources returns the maps that a merge key names.
func (p *parser) sources(value *node) []*node {
	maps := []*node{value}
	if value.shape == list {
		maps = value.items
	}
	for _, m := range maps {
		if m.shape != mapping {
			p.reports.Add(codeShape, m.span, "`<<` is followed by %s; it has to be a map, or a list of maps", m)
			return nil
		}
	}
	return maps
}

// keys are those of a map. Most maps are so small that it is cheapest to look at all keys.
type keys struct {
	few  []*node
	many map[string]*node // all of them, when they are not few
}

const maxFew = 16

// add returns the earlier key of the same text, or takes the key in and returns nil.
func (k *keys) add(key *node) *node {
	if k.many != nil {
		first := k.many[key.text]
		if first == nil {
			k.many[key.text] = key
		}
		return first
	}
	for _, first := range k.few {
		if first.text == key.text {
			return first
		}
	}
	if k.few = append(k.few, key); len(k.few) > maxFew {
		k.many = make(map[string]*node, 2*maxFew)
		for _, key := range k.few {
			k.many[key.text] = key
		}
	}
	return nil
}

// place makes the start of a node readable.
func (n *node) place(file *syntax.File) string {
	return fmt.Sprintf("%s:%d:%d", file.Name, n.line, n.column)
}
