package lang

import (
	"errors"
	"io/fs"
	"strings"

	"mgmt/lang"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A Need is a call that reads a file of those that travel with its program, by a path that is
// written out.
type Need struct {
	// Paths are where the file may be, within the files of the program. If only the beginning of
	// a path is written out, it is the directory that this leads to.
	Paths    []string
	Span     syntax.Span // of the path in the program
	Optional bool        // the program asks whether the file is there
	Certain  bool        // the program has no graph without the file
}

// Needs lists the files that a checked program reads.
func Needs(prog *lang.Program) []Need {
	w := &written{prog: prog.Bound, known: map[*resolve.Def]reading{}}
	certain := certainCalls(prog.Bound.Main.Tree)
	var out []Need
	for _, m := range prog.Bound.Modules {
		syntax.Inspect(m.Tree, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.CallExpr); ok {
				if need, ok := w.need(call, m.Dir); ok {
					need.Certain = need.Certain && certain[call.ID()]
					out = append(out, need)
				}
			}
			return true
		})
	}
	return out
}

// need returns what a call in a module in dir needs; it is as certain as its path.
func (w *written) need(call *syntax.CallExpr, dir string) (n Need, ok bool) {
	ref := w.prog.Refs[call.ID()]
	if len(call.Args) != 1 || ref == nil || ref.Def.Library == nil || ref.Def.Library.Travels == nil {
		return n, false
	}
	name, whole, ok := w.beginning(call.Args[0])
	if !ok {
		return n, false
	}
	f := ref.Def.Library
	return Need{Paths: f.Travels(dir, name), Span: call.Args[0].Span(), Optional: f.Optional, Certain: whole}, true
}

// beginning returns a text as far as it is written out: whole, or up to the last slash.
func (w *written) beginning(e syntax.Expr) (text string, whole, ok bool) {
	w.size = 0
	if v, ok := w.value(e); ok {
		s, ok := v.(types.Str)
		return string(s), true, ok
	}
	lit, ok := e.(*syntax.StringLit)
	if !ok || len(lit.Parts) == 0 || lit.Parts[0].Var != nil {
		return "", false, false
	}
	end := strings.LastIndexByte(lit.Parts[0].Text, '/')
	return lit.Parts[0].Text[:end+1], false, end >= 0
}

// certainCalls lists the calls whose failure keeps a program from having a graph: those in resources at
// its top level that no condition is around. A fallback catches none of them.
func certainCalls(main *syntax.Tree) map[int32]bool {
	calls := map[int32]bool{}
	var note func(n syntax.Node) bool
	note = func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.IfExpr, *syntax.FuncLit:
			return false
		case *syntax.BinaryExpr:
			if n.Op == syntax.OpExcept {
				syntax.Inspect(n.X, note)
				return false
			}
		case *syntax.CallExpr:
			calls[n.ID()] = true
		}
		return true
	}
	for _, s := range main.Stmts {
		r, ok := s.(*syntax.Resource)
		if !ok {
			continue
		}
		syntax.Inspect(r.Name, note)
		for _, item := range r.Items {
			if item.Cond == nil && item.Value != nil {
				syntax.Inspect(item.Value, note)
			}
		}
	}
	return calls
}

// In reports whether files have what is needed. What cannot be looked at counts as there.
func (n *Need) In(files fs.FS) bool {
	for _, name := range n.Paths {
		if _, err := fs.Stat(files, name); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// missing reports the files that a program reads and does not have.
func missing(prog *lang.Program, files fs.FS) syntax.Diagnostics {
	if files == nil {
		return nil
	}
	var out syntax.Reports
	out.Phase = syntax.PhaseStream
	for _, n := range Needs(prog) {
		if n.Optional || n.In(files) {
			continue
		}
		out.Warning = !n.Certain
		out.Add(MissingFile, n.Span, "the program has no file %s", n.Paths[0]).Hint = "the path begins at the directory of the module in whose source it stands"
	}
	return out.Diagnostics()
}

// MissingFile is the code of what is said of a file that a program reads and that is not there.
const MissingFile syntax.Code = "missing-file"
