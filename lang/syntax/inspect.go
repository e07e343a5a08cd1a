package syntax

// Inspect walks a tree, block, statement or expression from the top down and calls f
// for each statement and expression in it. When f returns false, what is inside of the
// node is left out. Written types are not visited.
func Inspect(n Node, f func(Node) bool) {
	w := walker{f}
	switch n := n.(type) {
	case *Tree:
		w.stmts(n.Stmts)
	case *Block:
		w.block(n)
	case Stmt:
		w.stmt(n)
	case Expr:
		w.expr(n)
	}
}

// Span returns the whole file.
func (t *Tree) Span() Span { return Span{t.File.Pos(0), t.File.Pos(len(t.File.Text))} }

type walker struct{ f func(Node) bool }

func (w walker) block(b *Block) {
	if b != nil {
		w.stmts(b.Stmts)
	}
}

func (w walker) stmts(list []Stmt) {
	for _, s := range list {
		w.stmt(s)
	}
}

func (w walker) exprs(list []Expr) {
	for _, e := range list {
		w.expr(e)
	}
}

func (w walker) half(h *Half) {
	if h != nil {
		w.expr(h.Name)
	}
}

func (w walker) stmt(s Stmt) {
	if !w.f(s) {
		return
	}
	switch s := s.(type) {
	case *Bind:
		w.expr(s.Value)
	case *Panic:
		w.exprs(s.Args)
	case *Resource:
		w.expr(s.Name)
		for i := range s.Items {
			w.expr(s.Items[i].Cond)
			w.expr(s.Items[i].Value)
			w.half(s.Items[i].Half)
		}
	case *EdgeStmt:
		for i := range s.Halves {
			w.half(&s.Halves[i])
		}
	case *IfStmt:
		w.expr(s.Cond)
		w.block(s.Then)
		w.block(s.Else)
	case *ForStmt:
		w.expr(s.Range)
		w.block(s.Body)
	case *FuncStmt:
		w.expr(s.Func)
	case *ClassStmt:
		w.block(s.Body)
	case *IncludeStmt:
		w.exprs(s.Args)
	}
}

func (w walker) expr(e Expr) {
	if e == nil || !w.f(e) {
		return
	}
	switch e := e.(type) {
	case *StringLit:
		for _, p := range e.Parts {
			if p.Var != nil {
				w.expr(p.Var)
			}
		}
	case *ListLit:
		w.exprs(e.Elems)
	case *MapLit:
		for _, m := range e.Entries {
			w.expr(m.Key)
			w.expr(m.Value)
		}
	case *StructLit:
		for _, f := range e.Fields {
			w.expr(f.Value)
		}
	case *FuncLit:
		w.expr(e.Body)
	case *CallExpr:
		if e.Var != nil {
			w.expr(e.Var)
		}
		if e.Lit != nil {
			w.expr(e.Lit)
		}
		w.exprs(e.Args)
	case *IfExpr:
		w.expr(e.Cond)
		w.expr(e.Then)
		w.expr(e.Else)
	case *ParenExpr:
		w.expr(e.X)
	case *IndexExpr:
		w.expr(e.X)
		w.expr(e.Index)
	case *FieldExpr:
		w.expr(e.X)
		w.expr(e.Default)
	case *UnaryExpr:
		w.expr(e.X)
	case *BinaryExpr:
		w.expr(e.X)
		w.expr(e.Y)
	}
}
