package infer

import (
	"fmt"
	"strings"

	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// The codes of this package. Package syntax documents them.
const (
	codeMismatch   syntax.Code = "type-mismatch"
	codeAmbiguous  syntax.Code = "ambiguous-type"
	codeOverload   syntax.Code = "no-overload"
	codeField      syntax.Code = "unknown-field"
	codeKind       syntax.Code = "unknown-kind"
	codeNoFunction syntax.Code = "not-a-function"
	codeArguments  syntax.Code = "wrong-arguments"
	codeLoneHalf   syntax.Code = "lone-half"
	codeNoSend     syntax.Code = "no-send"
	codeKey        syntax.Code = "bad-map-key"
	codeVariant    syntax.Code = "variant-type"
	codeEndless    syntax.Code = "endless-type"
	codeTooLarge   syntax.Code = "type-too-large"
	codeMetaTwice  syntax.Code = "meta-twice"
)

// report adds a diagnostic. It is a throw-away when there were too many.
func (c *checker) report(code syntax.Code, span syntax.Span, format string, args ...any) *syntax.Diagnostic {
	return c.reports.Add(code, span, format, args...)
}

// A because is why a type is wanted: another place and what to say about it. In the format,
// {type} stands for the wanted type and {name} for the name.
type because struct {
	span   syntax.Span
	format string
	name   string
	whole  *ty // what is wanted, if it is only for a part of that that this is the reason
}

func (w because) attach(d *syntax.Diagnostic, want *ty) {
	if w.whole != nil {
		want = w.whole
	}
	if w.format != "" {
		d.Relate(w.span, "%s", strings.NewReplacer("{type}", quote(want), "{name}", w.name).Replace(w.format))
	}
}

// check infers the type of e and makes it the wanted one, or reports that it is not. In
// a literal, and in the branches of an expression, it is the part to blame that is reported.
func (c *checker) check(e syntax.Expr, want *ty, why because) {
	wanted := find(want)
	switch x := e.(type) {
	case *syntax.ParenExpr:
		c.check(x.X, want, why)
	case *syntax.IfExpr:
		c.condition(x.Cond)
		c.check(x.Then, want, why)
		c.check(x.Else, want, why)
	case *syntax.ListLit:
		if wanted.kind != types.KindList {
			c.expect(e, c.expr(e), want, why)
			return
		}
		for _, elem := range x.Elems {
			c.check(elem, wanted.elem, why.part(want))
		}
	case *syntax.MapLit:
		if wanted.kind != types.KindMap {
			c.expect(e, c.expr(e), want, why)
			return
		}
		for i := range x.Entries {
			c.check(x.Entries[i].Key, wanted.key, why.part(want))
			c.check(x.Entries[i].Value, wanted.elem, why.part(want))
		}
		c.needsHashable(wanted.key, e.Span())
	case *syntax.StructLit:
		if !sameNames(x, wanted) {
			c.expect(e, c.expr(e), want, why)
			return
		}
		for i := range x.Fields {
			c.check(x.Fields[i].Value, wanted.fields[i].t, why.part(want))
		}
	case *syntax.FuncLit:
		if wanted.kind != types.KindFunc || len(wanted.fields) != len(x.Params) {
			c.expect(e, c.expr(e), want, why)
			return
		}
		c.checkLambda(x, wanted, why)
	default:
		c.expect(e, c.expr(e), want, why)
		return
	}
	c.info.exprs[e.ID()] = want
}

// checkLambda gives the parameters of a function literal the wanted types before its body
// is looked at.
func (c *checker) checkLambda(e *syntax.FuncLit, want *ty, why because) {
	for i, p := range c.prog.ScopeOf(e).Defs {
		got, need := c.defType(p), want.fields[i].t
		c.at = p.Span
		if !c.unify(got, need) {
			d := c.report(codeMismatch, p.Span, "the parameter `$%s` is %s, but the function is given %s", p.Name, quote(got), quote(need))
			why.attach(d, want)
		}
	}
	if e.Result != nil {
		declared := c.written(e.Result)
		c.check(e.Body, declared, because{span: e.Result.Span(), format: "the function is declared to return {type}"})
		c.at = e.Result.Span()
		if !c.unify(declared, want.elem) {
			d := c.report(codeMismatch, e.Result.Span(), "the function is declared to return %s, but %s is needed", quote(declared), quote(want.elem))
			why.attach(d, want)
		}
		return
	}
	c.check(e.Body, want.elem, why.part(want))
}

// part is the reason for a part of what is wanted.
func (w because) part(want *ty) because {
	if w.whole == nil {
		w.whole = want
	}
	return w
}

func sameNames(x *syntax.StructLit, want *ty) bool {
	if want.kind != types.KindStruct || len(x.Fields) != len(want.fields) {
		return false
	}
	for i := range x.Fields {
		if x.Fields[i].Name.Text != want.fields[i].name {
			return false
		}
	}
	return true
}

// expect makes the type of e the wanted one, or reports that it is not.
func (c *checker) expect(e syntax.Expr, got, want *ty, why because) {
	c.at = e.Span()
	if c.unify(got, want) {
		return
	}
	d := c.report(codeMismatch, e.Span(), "this is %s, but %s is needed here", quote(got), quote(want))
	c.conflict(d, e, got, want, why)
}

// conflict completes the report of an expression of a wrong type with where both types
// come from.
func (c *checker) conflict(d *syntax.Diagnostic, e syntax.Expr, got, want *ty, why because) {
	why.attach(d, want)
	c.source(d, e, got)
	if isVar(want) {
		d.Relate(want.v.cause, "which is %s because of this", quote(want))
	}
	if x, ok := e.(*syntax.BinaryExpr); ok && x.Op == syntax.OpDiv && find(want).kind == types.KindInt {
		d.Hint = "`/` always yields a float; convert.to_int cuts one to an int"
	}
	if isLiteral(e) && find(want).kind == types.KindStr {
		begin, end := e.Span(), e.Span()
		begin.End, end.Start = begin.Start, end.End
		d.Fix = &syntax.Fix{Message: "put it in quotes", Edits: []syntax.Edit{{Span: begin, Text: `"`}, {Span: end, Text: `"`}}}
		return
	}
	explain(d, find(got), find(want))
}

// isLiteral reports whether e is a number or a truth value as it is written.
func isLiteral(e syntax.Expr) bool {
	switch e.(type) {
	case *syntax.IntLit, *syntax.FloatLit, *syntax.BoolLit:
		return true
	}
	return false
}

// source says where the type of a variable comes from.
func (c *checker) source(d *syntax.Diagnostic, e syntax.Expr, got *ty) {
	x, ok := e.(*syntax.VarExpr)
	if !ok {
		return
	}
	ref := c.prog.Refs[x.ID()]
	if ref == nil || ref.Def.Scope == nil {
		return
	}
	def, span := ref.Def, ref.Def.Span
	switch {
	case def.Kind == resolve.VarDef && def.Bind.Type != nil:
		span = def.Bind.Type.Span()
	case def.Kind == resolve.VarDef:
		span = def.Bind.Value.Span()
	case def.Kind == resolve.LoopDef:
		span = def.Loop.Range.Span()
	case isVar(got) && got.v.cause.IsValid():
		span = got.v.cause
	}
	d.Relate(span, "`$%s` is %s because of this", x.Path, quote(got))
}

// explain adds a hint for well-known confusions.
func explain(d *syntax.Diagnostic, got, want *ty) {
	switch {
	case d.Hint != "":
	case got.kind == types.KindInt && want.kind == types.KindStr:
		d.Hint = "nothing is converted by itself; use fmt.printf(\"%d\", …)"
	case got.kind == types.KindFloat && want.kind == types.KindStr:
		d.Hint = "nothing is converted by itself; use fmt.printf(\"%f\", …)"
	case got.kind == types.KindBool && want.kind == types.KindStr:
		d.Hint = "nothing is converted by itself; use fmt.printf(\"%t\", …)"
	case got.kind == types.KindStr && want.kind == types.KindInt:
		d.Hint = "nothing is converted by itself; convert.str_to_int reads a number"
	case got.kind == types.KindFloat && want.kind == types.KindInt:
		d.Hint = "convert.to_int cuts a float to an int"
	case got.kind == types.KindInt && want.kind == types.KindFloat:
		d.Hint = "write a number with a point, or use convert.to_float"
	case got.kind == types.KindStr && want.kind == types.KindList && find(want.elem).kind == types.KindStr:
		d.Hint = "put it in brackets to make a list of one"
	case got.kind == types.KindStruct && want.kind == types.KindStruct:
		explainStruct(d, got, want)
	}
}

// explainStruct says how two structs differ.
func explainStruct(d *syntax.Diagnostic, got, want *ty) {
	have := map[string]bool{}
	for _, f := range got.fields {
		have[f.name] = true
	}
	for _, f := range want.fields {
		if !have[f.name] {
			d.Hint = fmt.Sprintf("the field `%s` is missing", f.name)
			return
		}
		delete(have, f.name)
	}
	for _, f := range got.fields {
		if have[f.name] {
			d.Hint = fmt.Sprintf("the field `%s` is not wanted", f.name)
			return
		}
	}
	for i, f := range want.fields {
		if got.fields[i].name != f.name {
			d.Hint = "the order of the fields is part of the type of a struct, and it differs"
			return
		}
	}
}

// didYouMean adds a name that may have been meant.
func didYouMean(d *syntax.Diagnostic, name syntax.Name, known []string) {
	near := syntax.Suggest(name.Text, known)
	if near == "" {
		if n := len(known); n > 0 && n <= 12 && d.Hint == "" {
			d.Hint = "it has " + list(known)
		}
		return
	}
	d.Hint = "did you mean `" + near + "`?"
	d.Fix = &syntax.Fix{Message: "write `" + near + "`", Edits: []syntax.Edit{{Span: name.Span, Text: near}}}
}

func list(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += "`" + n + "`"
	}
	return out
}
