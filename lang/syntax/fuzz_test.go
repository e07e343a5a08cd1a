package syntax

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// seeds gives a fuzz test the programs of testdata.
func seeds(f *testing.F) {
	names, _ := filepath.Glob("testdata/mistakes/*.mcl")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	facts, err := os.ReadFile("testdata/facts.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(facts)) {
		if before, _, ok := strings.Cut(line, " ⇒ "); ok {
			f.Add([]byte(factProgram(strings.TrimSpace(before[4:]))))
		}
	}
	for _, info := range syntaxCodes {
		f.Add([]byte(info.Example))
	}
	f.Add([]byte("\x7fELF\x02\x01\x01\x00\x00\xff\xfe"))
	f.Add([]byte("\ufeff$x = 1"))
}

// FuzzScan holds that the lexemes of any text are in order, lie in it, and end.
func FuzzScan(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		var files Files
		s := scanner{reporter: reporter{file: files.Add("main.mcl", text)}, src: string(text), fresh: true}
		for end := int32(0); ; {
			l := s.scan()
			if l.start < end || l.end < l.start || int(l.end) > len(text) {
				t.Fatalf("%q: lexeme %d-%d after offset %d", text, l.start, l.end, end)
			}
			if l.kind == tEOF {
				break
			}
			if l.end == l.start {
				t.Fatalf("%q: an empty lexeme at %d", text, l.start)
			}
			end = l.end
		}
	})
}

// FuzzParse holds that any text parses to a tree whose spans lie in the file and
// nest, and that its diagnostics can be shown.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		var files Files
		file := files.Add("main.mcl", text)
		var ids IDs
		tree, diags := Parse(file, &ids)
		c := spanChecker{t: t, text: text, numbers: make(map[int32]bool), whole: len(diags) == 0}
		c.check(reflect.ValueOf(tree.Stmts), Span{file.Pos(0), file.Pos(len(text))})
		for n := range c.numbers {
			if n < 0 || int(n) >= ids.Len() {
				t.Errorf("%q: number %d of %d", text, n, ids.Len())
			}
		}
		if err := Render(io.Discard, &files, diags, true); err != nil {
			t.Error(err)
		}
		for _, r := range JSON(&files, diags) {
			if r.Range == nil || r.Range.Start.Offset > r.Range.End.Offset || r.Range.End.Offset > len(text) {
				t.Errorf("%q: %s has the range %+v", text, r.Code, r.Range)
			}
		}
	})
}

// A spanChecker walks a tree.
type spanChecker struct {
	t       *testing.T
	text    []byte
	numbers map[int32]bool
	whole   bool // the text has no mistakes
}

func (c *spanChecker) check(v reflect.Value, within Span) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			c.check(v.Elem(), within)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			c.node(v, within)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.check(v.Index(i), within)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.check(v.Field(i), within)
			}
		}
	}
}

// node checks the span and the number of a node, and what is in it.
func (c *spanChecker) node(v reflect.Value, within Span) {
	n, ok := v.Interface().(Node)
	if !ok {
		c.check(v.Elem(), within)
		return
	}
	s := n.Span()
	if s.Start < within.Start || s.End > within.End || s.End < s.Start {
		c.t.Fatalf("%q: %T has the span %v within %v", c.text, n, s, within)
	}
	if x, ok := n.(Expr); ok {
		if c.numbers[x.ID()] {
			c.t.Fatalf("%q: two nodes have the number %d", c.text, x.ID())
		}
		c.numbers[x.ID()] = true
		if _, bad := x.(*BadExpr); bad && c.whole {
			c.t.Fatalf("%q: BadExpr without a diagnostic", c.text)
		}
	}
	c.check(v.Elem(), s)
}
