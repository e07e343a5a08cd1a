package format

import (
	"strconv"
	"strings"

	"mgmt/lang/syntax"
)

func (p *printer) expr(x syntax.Expr) {
	switch x := x.(type) {
	case *syntax.BoolLit:
		p.write(strconv.FormatBool(x.Value))
	case *syntax.IntLit:
		p.line = strconv.AppendInt(p.line, x.Value, 10)
	case *syntax.FloatLit:
		p.float(x.Value)
	case *syntax.StringLit:
		p.write(`"` + x.Raw + `"`)
	case *syntax.VarExpr:
		p.write("$" + x.Path)
	case *syntax.ListLit:
		p.exprs("[", p.start(x), x.Elems, p.end(x))
	case *syntax.MapLit:
		p.mapLit(x)
	case *syntax.StructLit:
		p.structLit(x)
	case *syntax.CallExpr:
		p.call(x)
	case *syntax.FuncLit:
		p.write("func")
		p.function(x, p.start(x)+len("func"))
	case *syntax.IfExpr:
		p.ifExpr(x, p.stackedIf(x))
	case *syntax.ParenExpr:
		p.write("(")
		p.expr(x.X)
		p.write(")")
	case *syntax.IndexExpr:
		p.expr(x.X)
		p.write("[")
		p.expr(x.Index)
		p.write("]")
	case *syntax.FieldExpr:
		p.field(x)
	case *syntax.UnaryExpr:
		p.unary(x)
	case *syntax.BinaryExpr:
		p.expr(x.X)
		p.write(" " + x.Op.String() + " ")
		p.expr(x.Y)
	}
	p.pos = max(p.pos, p.end(x))
}

// float prints a number with the fewest digits that read back, and a point.
func (p *printer) float(value float64) {
	text := strconv.FormatFloat(value, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	p.write(text)
}

func (p *printer) field(x *syntax.FieldExpr) {
	p.expr(x.X)
	p.write("->" + x.Field.Text)
	if x.Default != nil {
		p.write(" <|> ")
		p.expr(x.Default)
	}
}

func (p *printer) unary(x *syntax.UnaryExpr) {
	if x.Op == syntax.OpNot {
		p.write("not ")
		p.expr(x.X)
		return
	}
	p.write("-")
	if n, ok := leftmost(x.X).(*syntax.IntLit); ok && n.Value == 0 {
		// A minus before digits belongs to the number, so what is negated here is the
		// number -0, which prints as 0.
		p.write("-")
	}
	p.expr(x.X)
}

// leftmost returns what a chain of lookups begins with.
func leftmost(x syntax.Expr) syntax.Expr {
	for {
		switch lookup := x.(type) {
		case *syntax.IndexExpr:
			x = lookup.X
		case *syntax.FieldExpr:
			x = lookup.X
		default:
			return x
		}
	}
}

func (p *printer) call(x *syntax.CallExpr) {
	var callee int // its end
	switch {
	case x.Var != nil:
		p.expr(x.Var)
		callee = p.end(x.Var)
	case x.Lit != nil:
		p.expr(x.Lit)
		callee = p.end(x.Lit)
	default:
		p.write(x.Name.Text)
		callee = p.file.Offset(x.Name.Span.End)
	}
	p.exprs("(", p.find(callee, '('), x.Args, p.end(x))
}

var closers = map[string]string{"(": ")", "[": "]", "{": "}"}

// list prints items in brackets, inline or stacked. Open is the offset of the
// opening bracket and end that behind the closing one; item prints the n-th item, which
// is at start(n).
func (p *printer) list(bracket string, open, end, count int, start func(n int) int, item func(n int)) {
	closer := closers[bracket]
	first := end - 1
	if count > 0 {
		first = start(0)
	}
	if count == 0 && !p.commented[open] || count > 0 && !p.stacked(open, first) {
		p.write(bracket)
		for n := range count {
			if n > 0 {
				p.write(", ")
			}
			item(n)
		}
		p.write(closer)
		p.pos = end
		return
	}
	p.open(bracket, open, first, end-1)
	for n := range count {
		p.element(start(n))
		item(n)
		p.write(",")
		p.newline()
	}
	p.close(closer, end-1)
}

// exprs prints expressions in brackets.
func (p *printer) exprs(bracket string, open int, list []syntax.Expr, end int) {
	p.list(bracket, open, end, len(list),
		func(n int) int { return p.start(list[n]) },
		func(n int) { p.expr(list[n]) })
}

func (p *printer) mapLit(x *syntax.MapLit) {
	p.list("{", p.start(x), p.end(x), len(x.Entries),
		func(n int) int { return p.start(x.Entries[n].Key) },
		func(n int) {
			p.expr(x.Entries[n].Key)
			p.write(" => ")
			p.expr(x.Entries[n].Value)
		})
}

func (p *printer) structLit(x *syntax.StructLit) {
	p.write("struct")
	p.list("{", p.find(p.start(x)+len("struct"), '{'), p.end(x), len(x.Fields),
		func(n int) int { return p.file.Offset(x.Fields[n].Name.Span.Start) },
		func(n int) {
			p.write(x.Fields[n].Name.Text + " => ")
			p.expr(x.Fields[n].Value)
		})
}

// params prints the parameters behind offset, and returns the offset behind them.
func (p *printer) params(offset int, list []*syntax.Param) int {
	open := p.find(offset, '(')
	end := p.paramsEnd(open, list)
	p.list("(", open, end, len(list),
		func(n int) int { return p.start(list[n]) },
		func(n int) {
			p.write("$" + list[n].Name.Text)
			if list[n].Type != nil {
				p.write(" ")
				p.typ(list[n].Type)
			}
			p.pos = p.end(list[n])
		})
	return end
}

// paramsEnd returns the offset behind the bracket that closes the parameters.
func (p *printer) paramsEnd(open int, list []*syntax.Param) int {
	inside := open + 1
	if n := len(list); n > 0 {
		inside = p.end(list[n-1])
	}
	return p.find(inside, ')') + 1
}

// function prints the parameters, result and body of a function; offset is behind the
// word func or the name.
func (p *printer) function(f *syntax.FuncLit, offset int) {
	end := p.params(offset, f.Params)
	if f.Result != nil {
		p.write(" ")
		p.typ(f.Result)
		end = p.end(f.Result)
	}
	p.write(" ")
	open := p.find(end, '{')
	p.body(f.Body, open, p.stacked(open, p.start(f.Body)))
}

// body prints { expression }; open is the offset of the brace.
func (p *printer) body(x syntax.Expr, open int, stacked bool) {
	closing := p.find(p.end(x), '}')
	if !stacked {
		p.write("{ ")
		p.expr(x)
		p.write(" }")
		p.pos = closing + 1
		return
	}
	p.open("{", open, p.start(x), closing)
	p.element(p.start(x))
	p.expr(x)
	p.newline()
	p.close("}", closing)
}

// branches returns the offsets of the braces of an if expression. That of the else is
// -1 if another if follows it.
func (p *printer) branches(x *syntax.IfExpr) (then, otherwise int) {
	then = p.find(p.end(x.Cond), '{')
	if x.ElseIf {
		return then, -1
	}
	word := p.find(p.find(p.end(x.Then), '}')+1, 'e')
	return then, p.find(word, '{')
}

// stackedIf reports whether a branch of an if, or of those behind its else, stands
// on lines of its own: then all of them do.
func (p *printer) stackedIf(x *syntax.IfExpr) bool {
	for {
		then, otherwise := p.branches(x)
		if p.stacked(then, p.start(x.Then)) {
			return true
		}
		if otherwise >= 0 {
			return p.stacked(otherwise, p.start(x.Else))
		}
		x = x.Else.(*syntax.IfExpr)
	}
}

func (p *printer) ifExpr(x *syntax.IfExpr, stacked bool) {
	p.write("if ")
	p.expr(x.Cond)
	p.write(" ")
	then, otherwise := p.branches(x)
	p.body(x.Then, then, stacked)
	p.write(" else ")
	if otherwise < 0 {
		p.ifExpr(x.Else.(*syntax.IfExpr), stacked)
		return
	}
	p.body(x.Else, otherwise, stacked)
}

func (p *printer) typ(t syntax.Type) {
	switch t := t.(type) {
	case *syntax.BasicType:
		p.write(t.Name)
	case *syntax.ListType:
		p.write("[]")
		p.typ(t.Elem)
	case *syntax.MapType:
		p.write("map{")
		p.typ(t.Key)
		p.write(": ")
		p.typ(t.Value)
		p.write("}")
	case *syntax.StructType:
		p.write("struct{")
		p.fieldTypes(t.Fields, "", "; ")
		p.write("}")
	case *syntax.FuncType:
		p.write("func(")
		p.fieldTypes(t.Params, "$", ", ")
		p.write(") ")
		p.typ(t.Result)
	}
}

func (p *printer) fieldTypes(list []syntax.FieldType, sign, separator string) {
	for i, f := range list {
		if i > 0 {
			p.write(separator)
		}
		if f.Name.Text != "" {
			p.write(sign + f.Name.Text + " ")
		}
		p.typ(f.Type)
	}
}
