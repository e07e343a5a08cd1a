package format

import "mgmt/lang/syntax"

// stmts prints statements, each from a new line on.
func (p *printer) stmts(list []syntax.Stmt) {
	for _, s := range list {
		p.element(p.start(s))
		p.stmt(s)
		p.pos = p.end(s)
		p.newline()
	}
}

func (p *printer) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.Bind:
		p.write("$" + s.Name.Text + " ")
		if s.Type != nil {
			p.typ(s.Type)
			p.write(" ")
		}
		p.write("= ")
		p.expr(s.Value)
	case *syntax.Panic:
		p.write("panic")
		p.exprs("(", p.find(p.start(s)+len("panic"), '('), s.Args, p.end(s))
	case *syntax.Resource:
		p.resource(s)
	case *syntax.EdgeStmt:
		for i := range s.Halves {
			if i > 0 {
				p.write(" -> ")
			}
			p.half(&s.Halves[i])
		}
	case *syntax.IfStmt:
		p.ifStmt(s)
	case *syntax.ForStmt:
		p.forStmt(s)
	case *syntax.FuncStmt:
		p.write("func " + s.Name.Text)
		p.function(s.Func, p.file.Offset(s.Name.Span.End))
	case *syntax.ClassStmt:
		p.write("class " + s.Name.Text)
		if s.HasParens {
			p.params(p.file.Offset(s.Name.Span.End), s.Params)
		}
		p.write(" ")
		p.block(s.Body)
	case *syntax.IncludeStmt:
		p.write("include " + s.Path.Text)
		if s.HasParens {
			p.includeArgs(s)
		}
		p.alias(s.Alias)
	case *syntax.ImportStmt:
		p.write(`import "` + s.Path.Text + `"`)
		p.alias(s.Alias)
	}
}

func (p *printer) alias(n syntax.Name) {
	if n.Text != "" {
		p.write(" as " + n.Text)
	}
}

func (p *printer) includeArgs(s *syntax.IncludeStmt) {
	open := p.find(p.file.Offset(s.Path.Span.End), '(')
	inside := open + 1
	if n := len(s.Args); n > 0 {
		inside = p.end(s.Args[n-1])
	}
	p.exprs("(", open, s.Args, p.find(inside, ')')+1)
}

// block prints { statements }.
func (p *printer) block(b *syntax.Block) {
	open, closing := p.start(b), p.end(b)-1
	if len(b.Stmts) == 0 && !p.hasComment(open, closing) {
		p.write("{}")
		p.pos = closing + 1
		return
	}
	first := closing
	if len(b.Stmts) > 0 {
		first = p.start(b.Stmts[0])
	}
	p.open("{", open, first, closing)
	p.stmts(b.Stmts)
	p.close("}", closing)
}

func (p *printer) ifStmt(s *syntax.IfStmt) {
	p.write("if ")
	p.expr(s.Cond)
	p.write(" ")
	p.block(s.Then)
	if s.Else == nil {
		return
	}
	p.write(" else ")
	if inner, ok := elseIf(s); ok {
		p.ifStmt(inner)
		return
	}
	p.block(s.Else)
}

// elseIf returns the statement behind an else that was written as else if.
func elseIf(s *syntax.IfStmt) (*syntax.IfStmt, bool) {
	if !s.ElseIf || len(s.Else.Stmts) != 1 {
		return nil, false
	}
	inner, ok := s.Else.Stmts[0].(*syntax.IfStmt)
	return inner, ok
}

func (p *printer) forStmt(s *syntax.ForStmt) {
	word := "for"
	if s.Keyed {
		word = "forkv"
	}
	p.write(word + " $" + s.Key.Text + ", $" + s.Value.Text + " in ")
	p.expr(s.Range)
	p.write(" ")
	p.block(s.Body)
}

func (p *printer) resource(s *syntax.Resource) {
	if s.Collect {
		p.write("collect ")
	}
	p.write(s.Kind.Text + " ")
	p.expr(s.Name)
	p.write(" ")
	open, closing := p.find(p.end(s.Name), '{'), p.end(s)-1
	if len(s.Items) == 0 && !p.hasComment(open, closing) {
		p.write("{}")
		return
	}
	first := closing
	if len(s.Items) > 0 {
		first = p.file.Offset(s.Items[0].Span.Start)
	}
	p.open("{", open, first, closing)
	for i := range s.Items {
		item := &s.Items[i]
		p.element(p.file.Offset(item.Span.Start))
		p.item(item)
		p.write(",")
		p.pos = p.file.Offset(item.Span.End)
		p.newline()
	}
	p.close("}", closing)
}

func (p *printer) item(n *syntax.Item) {
	switch n.Kind {
	case syntax.FieldItem:
		p.write(n.Name.Text)
	case syntax.EdgeItem:
		p.write(syntax.Capitalise(n.Name.Text))
	case syntax.MetaItem:
		p.write("Meta:" + n.Name.Text)
	case syntax.MetaAllItem:
		p.write("Meta")
	}
	p.write(" => ")
	if n.Cond != nil {
		p.expr(n.Cond)
		p.write(" ?: ")
	}
	if n.Half != nil {
		p.half(n.Half)
		return
	}
	p.expr(n.Value)
}

func (p *printer) half(h *syntax.Half) {
	p.write(syntax.Capitalise(h.Kind.Text) + "[")
	p.expr(h.Name)
	p.write("]")
	if h.Field.Text != "" {
		p.write("." + h.Field.Text)
	}
}
