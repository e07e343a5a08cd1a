// Package format prints programs in their canonical form.
//
// [Source] is all there is: text in, text out. The layout of lists and bodies is
// the author's, inline or stacked; what is between the tokens is not. Comments stay,
// blank lines stay (one of several), and so do parentheses and the text of strings. The
// output parses to the same tree and the same comments as the input, and formatting it
// again changes nothing.
//
// The printer ([printer]) writes a line at a time: what is printed gathers in a
// buffer, and comments are attached when the line ends. Start reading with
// printer.go, then stmt.go.
package format

import (
	"slices"

	"mgmt/lang/syntax"
)

// Source returns the canonical form of a program. A text that does not parse is
// refused with the reasons; their positions are those of a set of files that has just
// this one. Mistakes that later stages would find do not matter.
func Source(name string, text []byte) ([]byte, syntax.Diagnostics) {
	var files syntax.Files
	file := files.Add(name, text)
	tree, diags := syntax.Parse(file, new(syntax.IDs))
	diags = slices.DeleteFunc(diags, func(d *syntax.Diagnostic) bool { return d.Phase != syntax.PhaseParse })
	if diags.HasErrors() {
		return nil, diags
	}
	p := &printer{file: file, src: string(text)}
	p.out = make([]byte, 0, len(text)+len(text)/8)
	p.take(tree.Comments)
	p.stmts(tree.Stmts)
	p.ownLines(len(p.src))
	return p.out, nil
}
