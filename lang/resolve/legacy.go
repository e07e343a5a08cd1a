package resolve

import (
	"fmt"

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

// oldName adds what a function of an earlier release is called today. It reports whether
// the name is one.
func (r *resolver) oldName(d *syntax.Diagnostic, s *Scope, x *syntax.CallExpr) bool {
	name := x.Name.Text
	if present, ok := oldLookups[name]; ok {
		d.Code = "old-name"
		d.Hint = fmt.Sprintf("%s is how earlier releases wrote %s", name, present)
		if fix := r.lookupFix(x); fix != "" {
			d.Fix = &syntax.Fix{Message: "write the lookup", Edits: []syntax.Edit{{Span: x.Span(), Text: fix}}}
		}
		return true
	}
	now, ok := oldNames[name]
	if !ok {
		return false
	}
	d.Code = "old-name"
	d.Hint = fmt.Sprintf("%s is what earlier releases called %s.%s; import %q and call it by that name", name, now[0], now[1], now[0])
	d.Fix = &syntax.Fix{
		Message: fmt.Sprintf("write %s.%s", now[0], now[1]),
		Edits:   []syntax.Edit{{Span: x.Name.Span, Text: now[0] + "." + now[1]}},
	}
	if r.in(s.Module.Scope, funcSpace, now[0]+"."+now[1]) == nil {
		start := s.Module.Tree.Span().Start
		d.Fix.Edits = append(d.Fix.Edits, syntax.Edit{Span: syntax.Span{Start: start, End: start}, Text: fmt.Sprintf("import %q\n", now[0])})
	}
	return true
}

// lookupFix writes an old lookup call in the present form, or nothing when its arguments
// are not what it took.
func (r *resolver) lookupFix(x *syntax.CallExpr) string {
	text := func(e syntax.Expr) string {
		f := r.prog.Files.File(e.Span().Start)
		return string(f.Text[f.Offset(e.Span().Start):f.Offset(e.Span().End)])
	}
	switch {
	case x.Name.Text == "structlookup" && len(x.Args) == 2:
		if lit, ok := x.Args[1].(*syntax.StringLit); ok {
			return fmt.Sprintf("%s->%s", text(x.Args[0]), lit.Value)
		}
	case len(x.Args) == 3:
		return fmt.Sprintf("(%s[%s] <|> %s)", text(x.Args[0]), text(x.Args[1]), text(x.Args[2]))
	}
	return ""
}
