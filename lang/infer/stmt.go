package infer

import (
	"strings"

	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// stmts checks the statements of a block. Definitions have been checked before.
func (c *checker) stmts(list []syntax.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *syntax.Panic:
			c.panic(s)
		case *syntax.Resource:
			c.resource(s)
		case *syntax.EdgeStmt:
			c.edges(s)
		case *syntax.IfStmt:
			c.condition(s.Cond)
			c.block(s.Then)
			c.block(s.Else)
		case *syntax.ForStmt:
			c.block(s.Body) // the range belongs to the variables
		case *syntax.IncludeStmt:
			if s.Alias.Text == "" { // others are definitions
				c.include(s)
			}
		}
		c.solve()
	}
}

func (c *checker) block(b *syntax.Block) {
	if b != nil {
		c.stmts(b.Stmts)
	}
}

// panicTypes are those that a single argument of panic may have.
var panicTypes = &oneOf{"the argument of panic", []*types.Type{types.TBool, types.TStr}}

func (c *checker) panic(s *syntax.Panic) {
	switch len(s.Args) {
	case 1:
		t := c.expr(s.Args[0])
		c.add(&constraint{rule: panicTypes, t: []*ty{t}, span: s.Args[0].Span()})
	case 2:
		c.check(s.Args[0], tyBool, because{span: s.Span(), format: "panic takes a condition and a message"})
		c.check(s.Args[1], tyStr, because{span: s.Span(), format: "panic takes a condition and a message"})
	default:
		c.exprs(s.Args)
		d := c.report(codeArguments, s.Span(), "panic takes a condition, a message, or both")
		d.Hint = "write panic($condition, \"message\")"
	}
}

// loopHead checks what a loop goes over, and gives its variables their types.
func (c *checker) loopHead(s *syntax.ForStmt) {
	t := c.expr(s.Range)
	var key, value *ty
	for _, def := range c.prog.ScopeOf(s).Defs {
		if def.IsKey {
			key = c.defType(def)
		} else {
			value = c.defType(def)
		}
	}
	word, other, want, rival := "for", "forkv", listOf(value), types.KindMap
	if s.Keyed {
		word, other, want, rival = "forkv", "for", mapOf(key, value), types.KindList
	} else {
		c.unify(key, tyInt)
	}
	c.at = s.Range.Span()
	if c.unify(t, want) {
		return
	}
	what := "a list"
	if s.Keyed {
		what = "a map"
	}
	d := c.report(codeMismatch, s.Range.Span(), "`%s` goes over %s, and this is %s", word, what, quote(t))
	if find(t).kind == rival {
		word := syntax.Span{Start: s.Span().Start, End: s.Span().Start + syntax.Pos(len(word))}
		d.Fix = &syntax.Fix{Message: "write `" + other + "`", Edits: []syntax.Edit{{Span: word, Text: other}}}
	}
	c.source(d, s.Range, t)
	c.giveUp(key)
	c.giveUp(value)
}

// include checks an include and returns what the variables of the class are in it.
func (c *checker) include(s *syntax.IncludeStmt) substitution {
	ref := c.prog.Refs[s.ID]
	if ref == nil || c.info.schemes[ref.Def] == nil { // it does not exist, or comes out of a cycle
		c.exprs(s.Args)
		return nil
	}
	class := c.info.schemes[ref.Def]
	sub := c.instantiate(class, c.through(ref), s.ID, s.Span())
	for i, a := range s.Args {
		if i >= len(class.params) {
			c.expr(a)
			continue
		}
		param := ref.Def.ParamScope.Defs[i]
		if c.prog.Uses[param] == 0 && param.Param.Type == nil {
			// It is never evaluated: what is wrong with it keeps no program from running.
			c.ignored = append(c.ignored, argument{a, c.group.def})
			c.giveUp(c.subst(class.params[i].t, sub))
			continue
		}
		why := because{span: param.Span, format: "the parameter `${name}` of the class is {type}", name: param.Name}
		c.check(a, c.subst(class.params[i].t, sub), why)
	}
	return sub
}

// Types that the name of a resource may have. The last one is meant when nothing tells.
var (
	nameTypes    = &oneOf{"the name of a resource", []*types.Type{types.TStr, types.ListOf(types.TStr)}}
	collectTypes = &oneOf{"what is collected", []*types.Type{
		types.TStr, types.ListOf(types.TStr),
		types.ListOf(types.StructOf(types.Field{Name: "name", Type: types.TStr}, types.Field{Name: "host", Type: types.TStr})),
	}}
)

func (c *checker) resource(s *syntax.Resource) {
	if s.Collect {
		c.collected(s.Name)
	} else {
		c.name(s.Name)
	}
	kind := c.kind(s.Kind)
	var meta metaItems
	for i := range s.Items {
		it := &s.Items[i]
		if it.Cond != nil {
			c.condition(it.Cond)
		}
		switch it.Kind {
		case syntax.FieldItem:
			c.fieldItem(kind, it)
		case syntax.MetaItem:
			c.metaItem(it)
			meta.single = append(meta.single, it)
		case syntax.MetaAllItem:
			meta.all = append(meta.all, it)
		case syntax.EdgeItem:
			if it.Half != nil {
				c.name(it.Half.Name)
				c.kind(it.Half.Kind)
			}
		}
	}
	for _, it := range meta.all {
		c.metaStruct(it, &meta)
	}
}

// name checks the name of a resource: one, or a list of them.
func (c *checker) name(e syntax.Expr) {
	t := c.expr(e)
	if find(t) == tyStr {
		return
	}
	c.add(&constraint{rule: nameTypes, t: []*ty{t}, span: e.Span()})
}

func (c *checker) collected(e syntax.Expr) {
	t := c.expr(e)
	if l, ok := e.(*syntax.ListLit); ok && len(l.Elems) == 0 {
		c.report(codeAmbiguous, e.Span(), "an empty list collects nothing")
		c.giveUp(t)
		return
	}
	c.add(&constraint{rule: collectTypes, t: []*ty{t}, span: e.Span()})
}

// kindTypes is what is known of a kind of resources, with its types as terms.
type kindTypes struct {
	*Kind
	fields map[string]*ty
}

// kind returns what is known of a kind, or nil when there is none, which it reports.
func (c *checker) kind(name syntax.Name) *kindTypes {
	k, seen := c.kindOf[name.Text]
	if !seen {
		if kind := c.kinds.Kind(name.Text); kind != nil {
			k = &kindTypes{Kind: kind, fields: make(map[string]*ty, len(kind.Fields))}
			for _, f := range kind.Fields {
				k.fields[f.Name] = fromType(f.Type)
			}
		}
		c.kindOf[name.Text] = k
	}
	if k == nil && name.Text != "" {
		d := c.report(codeKind, name.Span, "there is no resource kind `%s`", name.Text)
		if near := syntax.Suggest(name.Text, c.kinds.Names()); near != "" {
			d.Hint = "did you mean `" + near + "`?"
			d.Fix = &syntax.Fix{Message: "write `" + near + "`", Edits: []syntax.Edit{{Span: name.Span, Text: c.likeText(name.Span, near)}}}
		}
	}
	return k
}

// likeText capitalises the parts of a kind if the text at span is capitalised, as it is
// in edges.
func (c *checker) likeText(span syntax.Span, kind string) string {
	f := c.prog.Files.File(span.Start)
	if f == nil || f.Text[f.Offset(span.Start)] >= 'a' {
		return kind
	}
	parts := strings.Split(kind, ":")
	for i, p := range parts {
		parts[i] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, ":")
}

func (c *checker) fieldItem(kind *kindTypes, it *syntax.Item) {
	if kind == nil {
		c.expr(it.Value)
		return
	}
	want := kind.fields[it.Name.Text]
	switch {
	case want == nil:
		c.expr(it.Value)
		d := c.report(codeField, it.Name.Span, "`%s` has no field `%s`", kind.Name, it.Name.Text)
		if metaKinds[it.Name.Text] != 0 {
			d.Fix = &syntax.Fix{Message: "it is a meta parameter: write `Meta:" + it.Name.Text + "`",
				Edits: []syntax.Edit{{Span: it.Name.Span, Text: "Meta:" + it.Name.Text}}}
			break
		}
		didYouMean(d, it.Name, fieldNames(kind.Kind.Fields))
	case want.kind == types.KindVariant:
		c.add(&constraint{rule: storable, t: []*ty{c.expr(it.Value)}, span: it.Value.Span()})
	default:
		c.check(it.Value, want, because{span: it.Name.Span, format: "the field `{name}` is {type}", name: it.Name.Text})
	}
}

func (c *checker) edges(s *syntax.EdgeStmt) {
	kinds := make([]*kindTypes, len(s.Halves))
	for i := range s.Halves {
		c.name(s.Halves[i].Name)
		kinds[i] = c.kind(s.Halves[i].Kind)
	}
	if len(s.Halves) < 2 {
		d := c.report(codeLoneHalf, s.Span(), "an edge has two ends")
		d.Hint = "write Kind[\"a\"] -> Kind[\"b\"]"
		return
	}
	if s.Halves[0].Field.Text != "" && kinds[0] != nil && kinds[1] != nil {
		c.sendReceive(kinds[0], kinds[1], &s.Halves[0], &s.Halves[1])
	}
}

// narrow reports whether a Go type of numbers does not hold every number of the language.
func narrow(width string) bool {
	switch width {
	case "", "int", "int64", "float64":
		return false
	}
	return true
}

// sendReceive checks that a value that one kind sends fits a field of another. Whether
// that goes well is seen when it runs, where a side may be unset or takes anything.
func (c *checker) sendReceive(sender, receiver *kindTypes, from, to *syntax.Half) {
	if sender.Sends == nil {
		c.report(codeNoSend, from.Field.Span, "`%s` sends nothing", sender.Name)
		return
	}
	out, in := fieldOf(sender.Sends, from.Field.Text), fieldOf(receiver.Kind.Fields, to.Field.Text)
	if out == nil {
		d := c.report(codeField, from.Field.Span, "`%s` does not send `%s`", sender.Name, from.Field.Text)
		didYouMean(d, from.Field, fieldNames(sender.Sends))
	}
	if in == nil {
		d := c.report(codeField, to.Field.Span, "`%s` has no field `%s`", receiver.Name, to.Field.Text)
		didYouMean(d, to.Field, fieldNames(receiver.Kind.Fields))
	}
	if out == nil || in == nil || out.Kind == types.KindVariant || in.Kind == types.KindVariant {
		return
	}
	if !types.Identical(out, in) {
		d := c.report(codeMismatch, to.Field.Span, "`%s` of `%s` is `%s`, but it is sent `%s`", to.Field.Text, receiver.Name, in, out)
		d.Relate(from.Field.Span, "this is `%s`", out)
		return
	}
	width := receiver.Widths[to.Field.Text]
	if narrow(width) && !sender.SendsOptional[from.Field.Text] && !receiver.Optional[to.Field.Text] {
		d := c.report(codeMismatch, to.Field.Span, "`%s` of `%s` is of type %s, which does not hold every `%s`", to.Field.Text, receiver.Name, width, out)
		d.Relate(from.Field.Span, "this is `%s`", out)
	}
}
