package compile

import (
	"slices"

	"mgmt/lang/flow"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// A Contribution is what one statement yields at the moment: the payload of a
// [flow.Output].
type Contribution struct {
	Resources []Resource
	Edges     []Edge
}

// A Resource is a declaration of one resource.
type Resource struct {
	Kind, Name string
	Params     []Param // fields that are set
	Meta       []Param // meta parameters that are set
	Span       syntax.Span

	// Of a collected resource, what it is but for Params and Meta: the data that the host
	// From has exported.
	From, Data string
}

// A Param is a value given to a field or meta parameter.
type Param struct {
	Name  string
	Value types.Value
	Mark  *types.Mark // what of the value is secret
	Span  syntax.Span
}

// An Edge asks for an order between two resources. With Output set it also hands the
// value that From sends under that key to the parameter Param of To.
type Edge struct {
	From, To      End
	Notify        bool
	Output, Param string
	Span          syntax.Span
}

// An End is one end of an edge.
type End struct{ Kind, Name string }

// sameContribution reports whether two payloads mean the same.
func sameContribution(a, b any) bool {
	x, y := a.(*Contribution), b.(*Contribution)
	return slices.EqualFunc(x.Resources, y.Resources, func(a, b Resource) bool { return a.Same(&b) }) && slices.Equal(x.Edges, y.Edges)
}

// Same reports whether two declarations mean the same.
func (a *Resource) Same(b *Resource) bool {
	return a.Kind == b.Kind && a.Name == b.Name && a.From == b.From && a.Data == b.Data &&
		slices.EqualFunc(a.Params, b.Params, sameParam) && slices.EqualFunc(a.Meta, b.Meta, sameParam)
}

func sameParam(a, b Param) bool {
	return a.Name == b.Name && types.Same(a.Value, b.Value) && types.SameMark(a.Mark, b.Mark)
}

// part is a compiled item of a resource body.
type part struct {
	item  *syntax.Item
	cond  *term // or nil
	value *term // of a field or meta; of the name in an edge
}

// resource adds the output of a resource statement.
func (c *compiler) resource(e *env, s *syntax.Resource, out *flow.Scope) {
	name := c.expr(e, s.Name)
	all := []*term{name}
	var exported *term
	if s.Collect {
		exported = c.exported(s, name)
		all = append(all, exported)
	}
	parts := make([]part, len(s.Items))
	for i := range s.Items {
		p := part{item: &s.Items[i]}
		if p.item.Cond != nil {
			p.cond = c.expr(e, p.item.Cond)
			all = append(all, p.cond)
		}
		if p.item.Half != nil {
			p.value = c.expr(e, p.item.Half.Name)
		} else {
			p.value = c.expr(e, p.item.Value)
		}
		all = append(all, p.value)
		parts[i] = p
	}
	out.Output(unionInputs(all), func() (any, error) {
		return c.contribution(s, name, exported, parts)
	}, sameContribution)
}

// contribution evaluates a resource statement. Every part is evaluated, also behind a
// condition that does not hold. exported is what a collect statement can choose from.
func (c *compiler) contribution(s *syntax.Resource, name, exported *term, parts []part) (*Contribution, error) {
	r := name.code(nil)
	if r.Err() != nil {
		return nil, locate(r.Err(), s.Name.Span())
	}
	if r.Mark() != nil {
		return nil, Refuse(s.Name.Span(), "the name of a resource must not be secret, as names are shown; give the secret in a parameter")
	}
	con := &Contribution{}
	base := Resource{Kind: s.Kind.Text, Span: s.Kind.Span.To(s.Name.Span())}
	names := nameList(r.Value)
	var found []collected
	if exported != nil {
		var err error
		if found, err = choose(s, r.Value, exported); err != nil {
			return nil, err
		}
		names = namesOf(found)
	}
	for i := range parts {
		p := &parts[i]
		r, on, err := p.eval()
		if err != nil {
			return nil, err
		}
		if !on {
			continue
		}
		v := r.Value
		if r.Mark() != nil && p.item.Kind != syntax.FieldItem {
			return nil, Refuse(p.item.Span, "only parameters can have secret values, as meta parameters and edges are shown")
		}
		switch p.item.Kind {
		case syntax.FieldItem:
			base.Params = append(base.Params, Param{p.item.Name.Text, v, r.Mark(), p.item.Span})
		case syntax.MetaItem:
			base.Meta = append(base.Meta, Param{p.item.Name.Text, v, nil, p.item.Span})
		case syntax.MetaAllItem:
			all := v.(*types.Struct)
			for i, n := range all.Names {
				base.Meta = append(base.Meta, Param{n, all.Elems[i], nil, p.item.Span})
			}
		case syntax.EdgeItem:
			con.Edges = append(con.Edges, bodyEdges(s.Kind.Text, names, p.item, nameList(v))...)
		}
	}
	if exported != nil {
		con.Resources = collect(base, found)
		return con, nil
	}
	con.Resources = make([]Resource, len(names))
	for i, n := range names {
		con.Resources[i] = base
		con.Resources[i].Name = n
	}
	return con, nil
}

// eval returns the result of the part and whether its condition holds.
func (p *part) eval() (r flow.Result, on bool, err error) {
	on = true
	if p.cond != nil {
		r := p.cond.code(nil)
		if r.Err() != nil {
			return r, false, locate(r.Err(), p.item.Cond.Span())
		}
		on = bool(r.Value.(types.Bool))
	}
	r = p.value.code(nil)
	if r.Err() != nil {
		return r, false, locate(r.Err(), p.item.Span)
	}
	return r, on, nil
}

// nameList returns the names that a name expression stands for, each once.
func nameList(v types.Value) []string {
	switch v := v.(type) {
	case types.Str:
		return []string{string(v)}
	case *types.List:
		names := make([]string, 0, len(v.Elems))
		seen := make(map[types.Value]bool, len(v.Elems))
		for _, e := range v.Elems {
			if s, ok := e.(types.Str); ok && !seen[e] {
				seen[e] = true
				names = append(names, string(s))
			}
		}
		return names
	}
	return nil
}

// bodyEdges are those that an edge item in the body of a resource asks for.
func bodyEdges(kind string, names []string, item *syntax.Item, others []string) []Edge {
	var out []Edge
	for _, me := range names {
		for _, other := range others {
			from, to := End{kind, me}, End{item.Half.Kind.Text, other}
			if item.Name.Text == "depend" || item.Name.Text == "listen" {
				from, to = to, from
			}
			notify := item.Name.Text == "notify" || item.Name.Text == "listen"
			out = append(out, Edge{From: from, To: to, Notify: notify, Span: item.Span})
		}
	}
	return out
}

// edges adds the output of an edge statement.
func (c *compiler) edges(e *env, s *syntax.EdgeStmt, out *flow.Scope) {
	names := make([]*term, len(s.Halves))
	for i := range s.Halves {
		names[i] = c.expr(e, s.Halves[i].Name)
	}
	out.Output(unionInputs(names), func() (any, error) {
		ends := make([][]string, len(names))
		for i, n := range names {
			r := n.code(nil)
			if r.Err() != nil {
				return nil, locate(r.Err(), s.Halves[i].Span)
			}
			if r.Mark() != nil {
				return nil, Refuse(s.Halves[i].Span, "the name of a resource must not be secret, as names are shown")
			}
			ends[i] = nameList(r.Value)
		}
		con := &Contribution{}
		for i := range len(ends) - 1 {
			con.Edges = append(con.Edges, chainEdges(s, i, ends)...)
		}
		return con, nil
	}, sameContribution)
}

func chainEdges(s *syntax.EdgeStmt, i int, ends [][]string) []Edge {
	a, b := &s.Halves[i], &s.Halves[i+1]
	var out []Edge
	for _, from := range ends[i] {
		for _, to := range ends[i+1] {
			out = append(out, Edge{
				From: End{a.Kind.Text, from}, To: End{b.Kind.Text, to},
				Output: a.Field.Text, Param: b.Field.Text,
				Span: a.Span.To(b.Span),
			})
		}
	}
	return out
}
