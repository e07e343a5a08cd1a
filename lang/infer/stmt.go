package infer

import (
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
			c.loop(s)
		case *syntax.IncludeStmt:
			c.include(s)
		}
		c.solve()
	}
}

func (c *checker) block(b *syntax.Block) {
	if b != nil {
		c.stmts(b.Stmts)
	}
}

func (c *checker) panic(s *syntax.Panic) {
	args := make([]*ty, len(s.Args))
	for i, a := range s.Args {
		args[i] = c.expr(a)
	}
	switch len(args) {
	case 1:
		c.add(&constraint{
			rule: &oneOf{"the argument of panic", []*types.Type{types.TBool, types.TStr}},
			t:    args, span: s.Args[0].Span(),
		})
	case 2:
		c.expect(s.Args[0], args[0], tyBool, because{s.Span(), "panic takes a condition and a message"})
		c.expect(s.Args[1], args[1], tyStr, because{s.Span(), "panic takes a condition and a message"})
	default:
		c.report("wrong-arguments", s.Span(), "panic takes a condition, a message, or both, and %d arguments are given", len(args))
	}
}

func (c *checker) loop(s *syntax.ForStmt) {
	t := c.expr(s.Range)
	var key, value *ty
	for _, def := range c.prog.ScopeOf(s).Defs {
		if def.IsKey {
			key = c.defType(def)
		} else {
			value = c.defType(def)
		}
	}
	if s.Keyed {
		c.expect(s.Range, t, mapOf(key, value), because{s.Range.Span(), "forkv goes over a map"})
	} else {
		c.unify(key, tyInt)
		c.expect(s.Range, t, listOf(value), because{s.Range.Span(), "for goes over a list"})
	}
	c.block(s.Body)
}

func (c *checker) include(s *syntax.IncludeStmt) {
	ref := c.prog.Refs[s.ID]
	if ref == nil {
		return
	}
	class := c.info.schemes[ref.Def]
	if class == nil {
		return // it comes out of a cycle
	}
	if c.info.depends[ref.Def] {
		c.group.typed = true
	}
	by := c.instance(s, class)
	for i, a := range s.Args {
		got := c.expr(a)
		if i >= len(class.params) {
			continue
		}
		want := class.params[i]
		if by != nil {
			want = want.subst(class, by)
		}
		c.expect(a, got, c.via(ref, want), because{ref.Def.ParamScope.Defs[i].Span, "it is given to this parameter"})
	}
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
	rule := nameTypes
	if s.Collect {
		rule = collectTypes
	}
	c.nameOf(s.Name, rule, s.Collect)
	kind := c.kinds.Kind(s.Kind.Text)
	if kind == nil {
		c.unknownKind(s.Kind)
	}
	for i := range s.Items {
		c.item(s, kind, &s.Items[i])
	}
}

func (c *checker) nameOf(e syntax.Expr, rule *oneOf, strict bool) {
	t := c.expr(e)
	if strict {
		if l, ok := e.(*syntax.ListLit); ok && len(l.Elems) == 0 {
			c.report("ambiguous-type", e.Span(), "an empty list collects nothing")
			return
		}
	}
	c.add(&constraint{rule: rule, t: []*ty{t}, span: e.Span()})
}

func (c *checker) unknownKind(name syntax.Name) {
	d := c.report("unknown-kind", name.Span, "there is no resource kind %s", name.Text)
	if near := syntax.Suggest(name.Text, c.kinds.Names()); near != "" {
		d.Hint = "did you mean " + near + "?"
		d.Fix = &syntax.Fix{Message: "write " + near, Edits: []syntax.Edit{{Span: name.Span, Text: near}}}
	}
}

func (c *checker) item(s *syntax.Resource, kind *Kind, it *syntax.Item) {
	if it.Cond != nil {
		c.condition(it.Cond)
	}
	switch it.Kind {
	case syntax.FieldItem:
		t := c.expr(it.Value)
		if kind != nil {
			c.fieldItem(kind, it, t)
		}
	case syntax.MetaItem:
		if want := metaTypes[it.Name.Text]; want != nil {
			c.expect(it.Value, c.expr(it.Value), want, because{it.Name.Span, "Meta:" + it.Name.Text + " is " + quote(want)})
		} else {
			c.expr(it.Value)
		}
	case syntax.MetaAllItem:
		c.metaStruct(it)
	case syntax.EdgeItem:
		c.nameOf(it.Half.Name, nameTypes, false)
		if c.kinds.Kind(it.Half.Kind.Text) == nil {
			c.unknownKind(it.Half.Kind)
		}
	}
}

func (c *checker) fieldItem(kind *Kind, it *syntax.Item, t *ty) {
	want := c.fieldType(kind, it.Name.Text)
	if want == nil {
		d := c.report("unknown-field", it.Name.Span, "%s has no field %q", kind.Name, it.Name.Text)
		if near := syntax.Suggest(it.Name.Text, fieldNames(kind.Fields)); near != "" {
			d.Hint = "did you mean " + near + "?"
			d.Fix = &syntax.Fix{Message: "write " + near, Edits: []syntax.Edit{{Span: it.Name.Span, Text: near}}}
		}
		return
	}
	if want.kind == types.KindVariant {
		c.add(&constraint{rule: storable, t: []*ty{t}, span: it.Value.Span()})
		return
	}
	c.expect(it.Value, t, want, because{it.Name.Span, "the field " + it.Name.Text + " of " + kind.Name + " is " + quote(want)})
}

// fieldType returns the type of a field of a kind, or nil.
func (c *checker) fieldType(kind *Kind, name string) *ty {
	fields := c.kindOf[kind.Name]
	if fields == nil {
		fields = map[string]*ty{}
		for _, f := range kind.Fields {
			fields[f.Name] = fromType(f.Type, nil, nil)
		}
		c.kindOf[kind.Name] = fields
	}
	return fields[name]
}

// metaTypes are the types of the meta parameters.
var metaTypes = map[string]*ty{
	"noop": tyBool, "retry": tyInt, "retryreset": tyBool, "delay": tyInt, "timeout": tyInt, "poll": tyInt,
	"limit": tyFloat, "burst": tyInt, "reset": tyBool, "sema": tyStrs, "rewatch": tyBool, "realize": tyBool,
	"dollar": tyBool, "hidden": tyBool, "export": tyStrs, "reverse": tyBool, "autoedge": tyBool, "autogroup": tyBool,
}

func metaNames() []string {
	var out []string
	for name := range metaTypes {
		out = append(out, name)
	}
	return out
}

// metaStruct checks Meta => struct{…}: any of the meta parameters, in any order.
func (c *checker) metaStruct(it *syntax.Item) {
	t := c.expr(it.Value)
	c.add(&constraint{t: []*ty{t}, span: it.Value.Span(), rule: &known{func(c *checker, k *constraint) {
		t := find(k.t[0])
		if t.kind != types.KindStruct {
			c.fail(k, "type-mismatch", "Meta takes a struct, and this is %s", quote(t))
			return
		}
		for _, f := range t.fields {
			want := metaTypes[f.name]
			if want == nil {
				d := c.fail(k, "unknown-field", "there is no meta parameter %q", f.name)
				if near := syntax.Suggest(f.name, metaNames()); near != "" {
					d.Hint = "did you mean " + near + "?"
				}
			} else if !c.unify(f.t, want) {
				c.fail(k, "type-mismatch", "the meta parameter %s is %s, and this is %s", f.name, quote(want), quote(f.t))
			}
		}
	}}})
}

func (c *checker) edges(s *syntax.EdgeStmt) {
	for i := range s.Halves {
		c.nameOf(s.Halves[i].Name, nameTypes, false)
	}
	if len(s.Halves) < 2 {
		d := c.report("lone-half", s.Span(), "an edge needs two ends")
		d.Hint = "write Kind[\"a\"] -> Kind[\"b\"]"
		return
	}
	ok := true
	for i := range s.Halves {
		if c.kinds.Kind(s.Halves[i].Kind.Text) == nil {
			c.unknownKind(s.Halves[i].Kind)
			ok = false
		}
	}
	if ok && s.Halves[0].Field.Text != "" {
		c.sendReceive(&s.Halves[0], &s.Halves[1])
	}
}

// sendReceive checks that a value that one kind sends fits a field of another.
func (c *checker) sendReceive(from, to *syntax.Half) {
	sender, receiver := c.kinds.Kind(from.Kind.Text), c.kinds.Kind(to.Kind.Text)
	out, in := fieldOf(sender.Sends, from.Field.Text), receiver.field(to.Field.Text)
	if sender.Sends == nil {
		c.report("no-send", from.Field.Span, "%s sends nothing", sender.Name)
		return
	}
	if out == nil {
		d := c.report("unknown-field", from.Field.Span, "%s does not send %q", sender.Name, from.Field.Text)
		if near := syntax.Suggest(from.Field.Text, fieldNames(sender.Sends)); near != "" {
			d.Hint = "did you mean " + near + "?"
		}
		return
	}
	if in == nil {
		d := c.report("unknown-field", to.Field.Span, "%s has no field %q", receiver.Name, to.Field.Text)
		if near := syntax.Suggest(to.Field.Text, fieldNames(receiver.Fields)); near != "" {
			d.Hint = "did you mean " + near + "?"
		}
		return
	}
	if out.Kind != types.KindVariant && in.Kind != types.KindVariant && !types.Identical(out, in) {
		d := c.report("type-mismatch", to.Field.Span, "%s.%s is `%s`, but %s.%s sends `%s`", receiver.Name, to.Field.Text, in, sender.Name, from.Field.Text, out)
		d.Related = append(d.Related, syntax.Related{Span: from.Field.Span, Message: "it is sent here"})
	}
}
