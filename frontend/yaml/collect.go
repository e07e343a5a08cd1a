package yaml

import (
	"errors"
	"slices"

	"mgmt/frontend"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// collect adds the exported resources that the document asks for. Those that this graph
// exports to all, or to this host, are among them.
func (g *desired) collect(doc *document, b *builder, hostname string) {
	chosen := map[string][]collect{} // by kind
	for _, c := range doc.collects {
		if kind := b.mentioned(c.kind); kind != nil {
			chosen[kind.Name] = append(chosen[kind.Name], c)
		}
	}
	if len(chosen) == 0 {
		return
	}
	for _, id := range slices.Clone(g.order) {
		v := g.nodes[id]
		s, by := v.specs[1], chosen[id.Kind]
		if s == nil || len(by) == 0 || !slices.Contains(s.Meta.Export, "*") && !slices.Contains(s.Meta.Export, hostname) {
			continue
		}
		if len(by) > 1 {
			b.warnOfSeveral(id, by)
		}
		if collected := b.collected(s, by); collected != nil {
			g.adopt(id, collected, by[0].kind, b.reports)
		}
	}
}

func (b *builder) warnOfSeveral(id resource.ID, by []collect) {
	b.reports.Warning = true
	b.reports.Add(codeCollect, by[1].kind.span, "%s is collected more than once; the last pattern counts", id).
		Relate(by[0].kind.span, "here first")
	b.reports.Warning = false
}

// collected makes a resource of this host of one that is exported.
func (b *builder) collected(s *resource.Spec, by []collect) *resource.Spec {
	meta := s.Meta
	meta.Hidden, meta.Export = false, nil
	rec, err := b.kinds.Record(s.Key.ID, s.Resource, meta)
	if err != nil {
		b.reports.Add("refused-resource", by[0].kind.span, "%s", err)
		return nil
	}
	for _, c := range by {
		if c.pattern == "" || s.Key.Kind != "file" { // other kinds make nothing of it
			continue
		}
		rec.Params = slices.DeleteFunc(rec.Params, func(v resource.Value) bool { return v.Name == "dirname" })
		rec.Params = append(rec.Params, resource.Value{Name: "dirname", Value: c.pattern})
	}
	out, err := b.kinds.Spec(rec)
	if err == nil {
		out.Pos = s.Pos
		err = out.Validate()
	}
	if spec, ok := errors.AsType[*resource.SpecError](err); ok {
		err = spec.Err
	}
	if err != nil {
		b.reports.Add("refused-resource", by[0].kind.span, "%s, which is collected: %s", s.Key.ID, err)
		return nil
	}
	return out
}

// adopt takes in a collected resource, unless the graph has it anyway.
func (g *desired) adopt(id resource.ID, spec *resource.Spec, at *node, reports *syntax.Reports) {
	v := g.nodes[id]
	switch {
	case v.at[0] == nil:
		v.specs[0], v.at[0] = spec, at
	case v.specs[0] != nil && !frontend.EqualSpecs(v.specs[0], spec):
		reports.Add("conflicting-resources", at.span, "%s is collected, and declared with other parameters", id).
			Relate(v.at[0].span, "it is declared here")
	}
}
