package resolve

import (
	"fmt"
	"strings"

	"mgmt/lang/syntax"
)

// oldNames are functions that earlier releases had without a module, and what they are
// called today: a module and a name in it.
var oldNames = map[string][2]string{
	"answer":            {"example", "answer"},
	"datetime":          {"datetime", "now"},
	"datetime_print":    {"datetime", "print"},
	"defaultenv":        {"sys", "defaultenv"},
	"env":               {"sys", "env"},
	"example_errorbool": {"example", "errorbool"},
	"flipflop":          {"example", "flipflop"},
	"getenv":            {"sys", "getenv"},
	"hasenv":            {"sys", "hasenv"},
	"hostname":          {"sys", "hostname"},
	"int2str":           {"example", "int2str"},
	"load":              {"sys", "load"},
	"pow":               {"math", "pow"},
	"printf":            {"fmt", "printf"},
	"vumeter":           {"example", "vumeter"},
	"exchange":          {"world", "exchange"},
	"kvlookup":          {"world", "kvlookup"},
	"schedule":          {"world", "schedule"},
	"template":          {"golang", "template"},
}

// oldLookups are lookup functions that operators have replaced.
var oldLookups = map[string]string{
	"maplookup":           "$map[key] <|> default",
	"listlookup":          "$list[index] <|> default",
	"structlookup":        "$struct->field",
	"list_lookup_default": "$list[index] <|> default",
	"map_lookup_default":  "$map[key] <|> default",
}

// oldName reports a call of a function by a name that earlier releases had for it, and
// says what it is called today. It does nothing for other names.
func (r *resolver) oldName(s *Scope, x *syntax.CallExpr) bool {
	name := x.Name.Text
	if present, ok := oldLookups[name]; ok {
		d := r.report(codeOldName, x.Name.Span, "`%s` is written as an operator: %s", name, present)
		if text := r.lookupText(x); text != "" {
			d.Fix = &syntax.Fix{Message: "write `" + text + "`", Edits: []syntax.Edit{{Span: x.Span(), Text: text}}}
		}
		return true
	}
	if head, rest, ok := strings.Cut(name, "."); ok {
		if a := r.aliasOf(s, "iter"); a != nil && a.name == head && rest == "xmap" {
			d := r.report(codeOldName, x.Name.Span, "`iter.xmap` is called `iter.map`")
			d.Fix = &syntax.Fix{Message: "write `" + head + ".map`", Edits: []syntax.Edit{{Span: x.Name.Span, Text: head + ".map"}}}
			return true
		}
	}
	now, ok := oldNames[name]
	if !ok {
		return false
	}
	r.movedFunction(s, x, now[0], now[1])
	return true
}

// movedFunction reports a function that is in a module today.
func (r *resolver) movedFunction(s *Scope, x *syntax.CallExpr, module, name string) {
	present := module + "." + name
	var edits []syntax.Edit
	help := ""
	switch a := r.aliasOf(s, module); {
	case a == nil:
		help = fmt.Sprintf(" and import %q", module)
		if edit, ok := r.importEdit(s, module); ok {
			edits = append(edits, edit)
		}
	case a.name == "*":
		present = name
	default:
		present = a.name + "." + name
	}
	edits = append(edits, syntax.Edit{Span: x.Name.Span, Text: present})
	if x.Name.Text == "getenv" { // it gave "" for what is not set
		end := syntax.Span{Start: x.Span().End, End: x.Span().End}
		edits[len(edits)-1].Text = "(" + present
		edits = append(edits, syntax.Edit{Span: end, Text: ` <|> "")`})
	}
	d := r.report(codeOldName, x.Name.Span, "`%s` is called `%s.%s`", x.Name.Text, module, name)
	d.Fix = &syntax.Fix{Message: "write `" + present + "`" + help, Edits: edits}
}

// lookupText writes an old lookup call in the present form. It returns nothing when the
// arguments are not what the function took.
func (r *resolver) lookupText(x *syntax.CallExpr) string {
	switch {
	case x.Name.Text == "structlookup" && len(x.Args) == 2:
		if lit, ok := x.Args[1].(*syntax.StringLit); ok && lit.Parts == nil {
			return fmt.Sprintf("%s->%s", r.operand(x.Args[0]), lit.Value)
		}
	case x.Name.Text != "structlookup" && len(x.Args) == 3:
		return fmt.Sprintf("(%s[%s] <|> %s)", r.operand(x.Args[0]), r.text(x.Args[1]), r.text(x.Args[2]))
	}
	return ""
}

// operand returns the text of an expression, in parentheses if an operator could take it
// apart.
func (r *resolver) operand(e syntax.Expr) string {
	switch e.(type) {
	case *syntax.BinaryExpr, *syntax.UnaryExpr, *syntax.IfExpr, *syntax.FuncLit:
		return "(" + r.text(e) + ")"
	}
	return r.text(e)
}

func (r *resolver) text(e syntax.Expr) string { return r.textAt(e.Span()) }

func (r *resolver) textAt(span syntax.Span) string {
	f := r.prog.Files.File(span.Start)
	return string(f.Text[f.Offset(span.Start):f.Offset(span.End)])
}
