package compile

import (
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// purity tells which functions of a program are pure: in whose bodies no event source
// can start, however they are called. Such a function is plain code.
//
// A call of a function that is only known when it runs is pure as long as no function
// literal of the program can start a source. Programs in which one can are rare; in
// them every such call counts as impure.
type purity struct {
	prog  *resolve.Program
	lits  map[*syntax.FuncLit]bool
	start bool // some function literal may start a source
}

func newPurity(prog *resolve.Program) *purity {
	p := &purity{prog: prog, lits: map[*syntax.FuncLit]bool{}}
	for _, m := range prog.Modules {
		named := map[*syntax.FuncLit]bool{} // the bodies of func statements, which are no values
		syntax.Inspect(m.Tree, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.FuncStmt:
				named[n.Func] = true
			case *syntax.FuncLit:
				p.start = p.start || !named[n] && !p.function(n)
			}
			return true
		})
	}
	if p.start {
		clear(p.lits)
	}
	return p
}

// mayStart reports whether a call of an unknown function may start a source.
func (p *purity) mayStart() bool { return p.start }

// function reports whether the function is pure.
func (p *purity) function(lit *syntax.FuncLit) bool {
	pure, known := p.lits[lit]
	if !known {
		pure = p.expr(lit.Body)
		p.lits[lit] = pure
	}
	return pure
}

// expr reports whether no source can start in the expression.
func (p *purity) expr(e syntax.Expr) bool {
	pure := true
	syntax.Inspect(e, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			pure = pure && p.call(n)
		case *syntax.FuncLit:
			pure = pure && p.function(n)
			return false
		}
		return pure
	})
	return pure
}

func (p *purity) call(n *syntax.CallExpr) bool {
	switch {
	case n.Lit != nil:
		return p.function(n.Lit)
	case n.Var != nil:
		return !p.start
	}
	ref := p.prog.Refs[n.ID()]
	if ref == nil {
		return true
	}
	switch ref.Def.Kind {
	case resolve.FuncDef:
		return p.function(ref.Def.Func.Func)
	case resolve.LibraryDef:
		return p.library(ref.Def.Library)
	}
	return !p.start
}

func (p *purity) library(f *funcs.Function) bool {
	if f.Shape != nil {
		return !p.start
	}
	return f.Impure == nil && f.Source == nil
}
