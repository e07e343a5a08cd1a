package infer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mgmt/lang/infer"
	"mgmt/lang/internal/langtest"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// FuzzCheck holds that no program makes Check panic, with mistakes in it or without, that
// it finds the same in each run, and that every live expression of a program that it
// accepts has a type.
func FuzzCheck(f *testing.F) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		source, _, _ := strings.Cut(string(text), "-- ")
		f.Add(source)
	}
	for _, fact := range langtest.Facts(f, "../testdata/facts.txt") {
		f.Add(fact.Program.Main)
	}
	f.Fuzz(func(t *testing.T, text string) {
		prog, info, diags := checkText(t, text)
		_, _, again := checkText(t, text)
		if a, b := render(t, prog, diags), render(t, prog, again); a != b {
			t.Errorf("one run finds\n%s\nand another\n%s", a, b)
		}
		if diags.HasErrors() {
			return
		}
		for _, s := range prog.Main.Tree.Stmts {
			if r, ok := s.(*syntax.Resource); ok {
				syntax.Inspect(r, func(n syntax.Node) bool {
					if e, ok := n.(syntax.Expr); ok && unknown(info, e) {
						t.Errorf("the type of %T is not known", e)
					}
					return true
				})
			}
		}
	})
}

// unknown reports whether an expression has no type, or one with something open in it.
func unknown(info *infer.Info, e syntax.Expr) bool {
	t := info.TypeOf(e.ID(), nil)
	return t == nil || hasVar(t)
}

func hasVar(t *types.Type) bool {
	if t == nil {
		return false
	}
	if t.Kind == types.KindVar || t.Kind == types.KindInvalid || hasVar(t.Elem) || hasVar(t.Key) {
		return true
	}
	for _, f := range t.Fields {
		if hasVar(f.Type) {
			return true
		}
	}
	return false
}
