package yaml

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"mgmt/frontend"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/world"
)

// collect adds the exported resources that the document asks for. Those that this graph
// exports to all, or to this host, are among them, as they are in the graph.
func (g *desired) collect(doc *document, b *builder, hostname string, exports map[string][]world.Export) {
	chosen := map[string][]collect{} // by kind
	for _, c := range doc.collects {
		if kind := b.mentioned(c.kind); kind != nil {
			chosen[kind.Name] = append(chosen[kind.Name], c)
		}
	}
	g.collects = slices.Sorted(maps.Keys(chosen))
	if len(chosen) == 0 {
		return
	}
	for _, id := range slices.Clone(g.order) {
		v := g.nodes[id]
		s, by := v.specs[1], chosen[id.Kind]
		if s == nil || len(by) == 0 || !slices.Contains(s.Meta.Export, "*") && !slices.Contains(s.Meta.Export, hostname) {
			continue
		}
		g.admit(s, hostname, by, b)
	}
	for _, kind := range g.collects {
		for _, x := range exports[kind] {
			if x.From == hostname {
				continue
			}
			s, err := b.exported(kind, x)
			if err != nil {
				b.reports.Add("refused-resource", chosen[kind][0].kind.span, "%s[%s], which %s exports: %s", kind, x.Name, x.From, err)
				continue
			}
			g.admit(s, x.From, chosen[kind], b)
		}
	}
}

// exported makes a resource of what another host has stored.
func (b *builder) exported(kind string, x world.Export) (*resource.Spec, error) {
	var rec resource.Record
	if err := json.Unmarshal([]byte(x.Data), &rec); err != nil {
		return nil, fmt.Errorf("what is stored of it makes no sense: %w", err)
	}
	if want := (resource.ID{Kind: kind, Name: x.Name}); rec.ID != want {
		return nil, fmt.Errorf("what is stored of it is %s", rec.ID)
	}
	s, err := b.kinds.Spec(rec)
	if spec, ok := errors.AsType[*resource.SpecError](err); ok {
		err = spec.Err
	}
	return s, err
}

// admit takes in a resource that a host exports.
func (g *desired) admit(s *resource.Spec, host string, by []collect, b *builder) {
	id := s.Key.ID
	if len(by) > 1 {
		b.warnOfSeveral(id, by)
	}
	if collected := b.collected(s, by); collected != nil {
		g.adopt(id, collected, host, by[0].kind, b.reports)
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
func (g *desired) adopt(id resource.ID, spec *resource.Spec, host string, at *node, reports *syntax.Reports) {
	v := g.nodes[id]
	if v == nil {
		v = &vertices{}
		g.nodes[id] = v
		g.order = append(g.order, id)
	}
	switch {
	case v.at[0] == nil:
		v.specs[0], v.at[0], v.host = spec, at, host
	case v.specs[0] == nil || frontend.EqualSpecs(v.specs[0], spec):
	case v.host != "":
		reports.Add("conflicting-resources", at.span, "%s is collected from %s and, with other parameters, from %s", id, v.host, host)
	default:
		reports.Add("conflicting-resources", at.span, "%s is collected, and declared with other parameters", id).
			Relate(v.at[0].span, "it is declared here")
	}
}
