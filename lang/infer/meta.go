package infer

import (
	"maps"
	"slices"

	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// metaKinds are the types of the meta parameters: b a bool, i an int, f a float, s a list
// of strings.
var metaKinds = map[string]byte{
	"noop": 'b', "retry": 'i', "retryreset": 'b', "delay": 'i', "timeout": 'i', "poll": 'i',
	"limit": 'f', "burst": 'i', "reset": 'b', "sema": 's', "rewatch": 'b', "realize": 'b',
	"dollar": 'b', "hidden": 'b', "export": 's', "reverse": 'b', "autoedge": 'b', "autogroup": 'b',
}

// metaType returns the type of a meta parameter, or nil.
func metaType(name string) *ty {
	switch metaKinds[name] {
	case 'b':
		return tyBool
	case 'i':
		return tyInt
	case 'f':
		return tyFloat
	case 's':
		return listOf(tyStr)
	}
	return nil
}

func metaNames() []string { return slices.Sorted(maps.Keys(metaKinds)) }

// metaItems are the items of a resource that set meta parameters.
type metaItems struct {
	single []*syntax.Item // Meta:name => value
	all    []*syntax.Item // Meta => struct{…}
}

func (c *checker) metaItem(it *syntax.Item) {
	want := metaType(it.Name.Text)
	if want == nil { // reported by the parser
		c.expr(it.Value)
		return
	}
	c.check(it.Value, want, because{span: it.Name.Span, format: "the meta parameter `{name}` is {type}", name: it.Name.Text})
}

// metaStruct checks Meta => struct{…}: any of the meta parameters, in any order, but none
// that is set otherwise too.
func (c *checker) metaStruct(it *syntax.Item, items *metaItems) {
	t := c.expr(it.Value)
	if first := items.all[0]; first != it {
		d := c.report(codeMetaTwice, it.Name.Span, "the meta parameters are set by two structs")
		d.Phase = syntax.PhaseGraph
		d.Relate(first.Name.Span, "the first one")
	}
	c.add(&constraint{rule: &metaRule{items}, t: []*ty{t}, span: it.Value.Span()})
}

// metaRule is the type of a struct of meta parameters, t[0].
type metaRule struct{ items *metaItems }

func (m *metaRule) try(c *checker, k *constraint) []*ty {
	t := find(k.t[0])
	switch t.kind {
	case types.KindVar:
		return []*ty{t}
	case types.KindInvalid:
		return nil
	case types.KindStruct:
	default:
		c.fail(k, codeMismatch, "`Meta` takes a struct of meta parameters, and this is %s", quote(t))
		return nil
	}
	for _, f := range t.fields {
		want := metaType(f.name)
		switch {
		case want == nil:
			d := c.fail(k, codeField, "there is no meta parameter `%s`", f.name)
			if near := syntax.Suggest(f.name, metaNames()); near != "" {
				d.Hint = "did you mean `" + near + "`?"
			}
		case !c.unify(f.t, want):
			c.fail(k, codeMismatch, "the meta parameter `%s` is %s, and here it is %s", f.name, quote(want), quote(f.t))
		}
		m.twice(c, k, f.name)
	}
	return nil
}

// twice reports a parameter that is set on its own too.
func (m *metaRule) twice(c *checker, k *constraint, name string) {
	for _, it := range m.items.single {
		if it.Name.Text == name {
			d := c.fail(k, codeMetaTwice, "the meta parameter `%s` is set twice: by this struct, and on its own", name)
			d.Phase = syntax.PhaseGraph
			d.Relate(it.Name.Span, "on its own")
		}
	}
}
