package yaml

import (
	"errors"
	"slices"
	"strings"

	"mgmt/frontend"
	"mgmt/graph"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/world"
)

// A desired graph is what a document asks for. Of each name there is at most one resource,
// and one that is exported, which does not run here.
type desired struct {
	hostname string   // that the document gives to its host
	collects []string // kinds: the name of the host, and what others export, make a difference
	anyHost  bool     // it is not for a certain host, so what others export is not known
	absent   int      // ends of edges that are missing, but may be exported by others later
	files    *syntax.Files
	nodes    map[resource.ID]*vertices
	order    []resource.ID // of first mention
	searched int           // looks for a name that was probably meant
	edges    map[link]*wish
}

// vertices are the resources of one name: the normal one, and then the hidden one.
type vertices struct {
	specs [2]*resource.Spec
	at    [2]*node
	host  string // that the normal one is collected from, or empty
}

// A link is a pair of resources between which there is an edge.
type link struct{ from, to resource.ID }

// A wish is the edge of a link, and where it was asked for first.
type wish struct {
	notify bool
	at     *node
}

// load makes the desired graph of a text, for the host of that name, with what all hosts export
// of each kind.
func load(name string, text []byte, kinds *resource.Registry, hostname string, exports map[string][]world.Export) (*desired, syntax.Diagnostics) {
	g := &desired{anyHost: hostname == "", files: &syntax.Files{}, nodes: map[resource.ID]*vertices{}, edges: map[link]*wish{}}
	file := g.files.Add(name, text)
	var reports syntax.Reports
	if len(file.Text) < len(text) {
		reports.Add("file-too-large", syntax.Span{}, "%s is too large to be read", name)
		return g, reports.Diagnostics()
	}
	if root := parse(file, &reports); root != nil {
		doc := read(root, &reports)
		g.hostname = doc.hostname
		g.take(doc, newBuilder(kinds, file, &reports), hostname, exports)
	}
	return g, reports.Diagnostics()
}

// take fills the graph.
func (g *desired) take(doc *document, b *builder, hostname string, exports map[string][]world.Export) {
	b.reports.Phase = syntax.PhaseInterpret
	for _, group := range doc.groups {
		kind := b.kind(group.kind)
		if kind == nil {
			continue
		}
		for _, e := range group.entries {
			id := resource.ID{Kind: kind.Name, Name: strings.TrimPrefix(e.name.text, "@@")}
			g.add(id, b.build(kind, e), e, b.reports)
		}
	}
	g.collect(doc, b, hostname, exports)
	for _, e := range doc.edges {
		from, okFrom := g.end(e.from, b)
		to, okTo := g.end(e.to, b)
		if okFrom && okTo {
			g.connect(link{from, to}, e, b.reports)
		}
	}
}

// add takes in a resource. Without a spec it is only known that it was declared, so that
// edges to it are not taken for mistakes.
func (g *desired) add(id resource.ID, spec *resource.Spec, e entry, reports *syntax.Reports) {
	v := g.nodes[id]
	if v == nil {
		v = &vertices{}
		g.nodes[id] = v
		g.order = append(g.order, id)
	}
	i := 0
	if strings.HasPrefix(e.name.text, "@@") || spec != nil && spec.Meta.Hidden {
		i = 1
	}
	if v.at[i] == nil {
		v.specs[i], v.at[i] = spec, e.name
		return
	}
	if spec != nil && v.specs[i] != nil && !frontend.EqualSpecs(v.specs[i], spec) {
		reports.Add("conflicting-resources", e.name.span, "%s is declared twice, with other parameters", id).
			Relate(v.at[i].span, "it is declared here first")
	}
}

// end returns the resource that an end of an edge names.
func (g *desired) end(e end, b *builder) (resource.ID, bool) {
	kind := b.mentioned(e.kind)
	if kind == nil {
		return resource.ID{}, false
	}
	id := resource.ID{Kind: kind.Name, Name: e.name.text}
	switch v := g.nodes[id]; {
	case v == nil:
	case v.at[0] == nil && v.exported():
		b.reports.Add("refused-resource", e.name.span, "an edge names %s, which is exported and does not run here", id).
			Relate(v.at[1].span, "it is exported here")
		return id, false
	default:
		return id, true
	}
	if slices.Contains(g.collects, id.Kind) {
		g.absent++
		b.reports.Warning = g.anyHost
	}
	d := b.reports.Add("refused-resource", e.name.span, "an edge names %s, which the graph does not have", id)
	b.reports.Warning = false
	if near := g.nearest(id); near != "" {
		d.Hint = "did you mean `" + near + "`?"
	}
	return id, false
}

// maxSearches is how many unknown names get a suggestion: each looks at all resources.
const maxSearches = 20

// nearest suggests the name of a resource of the same kind.
func (g *desired) nearest(id resource.ID) string {
	if g.searched++; g.searched > maxSearches {
		return ""
	}
	var names []string
	for _, other := range g.order {
		if other.Kind == id.Kind {
			names = append(names, other.Name)
		}
	}
	return syntax.Suggest(id.Name, names)
}

func (g *desired) connect(l link, e edge, reports *syntax.Reports) {
	if l.from == l.to {
		reports.Add("refused-resource", e.at.span, "an edge from %s to itself", l.from)
		return
	}
	w := g.edges[l]
	if w == nil {
		w = &wish{at: e.at}
		g.edges[l] = w
	}
	w.notify = w.notify || e.notify
}

// wanted returns the resources of a name with their keys.
func (v *vertices) wanted(id resource.ID) []*resource.Spec {
	var out []*resource.Spec
	for alt, s := range v.specs {
		if s != nil {
			s.Key = resource.Key{ID: id, Alt: alt}
			out = append(out, s)
		}
	}
	return out
}

// exported reports whether the hidden resource is only there to be exported.
func (v *vertices) exported() bool {
	return v.at[1] != nil && strings.HasPrefix(v.at[1].text, "@@")
}

// joined returns the resources that an edge to the name leads to.
func (v *vertices) joined(id resource.ID) []*resource.Spec {
	all := v.wanted(id)
	if v.exported() {
		return all[:len(all)-1]
	}
	return all
}

// delta returns what the engine has to be told to get from what it has been told to this
// graph.
func (g *desired) delta(told *frontend.Told) resource.Delta {
	var d resource.Delta
	for _, id := range g.order {
		told.Resource(id, g.nodes[id].wanted(id), &d)
	}
	for key := range told.Specs() {
		if g.nodes[key.ID] == nil {
			d.Remove = append(d.Remove, key)
		}
	}
	for l, w := range g.edges {
		told.Edges(l.from, l.to, g.between(l, w), &d)
	}
	for e := range told.AllEdges() {
		if g.edges[link{e.From.ID, e.To.ID}] == nil {
			d.RemoveEdges = append(d.RemoveEdges, e)
		}
	}
	frontend.Sort(d)
	return d
}

// between returns the edges of a link.
func (g *desired) between(l link, w *wish) []resource.Edge {
	var out []resource.Edge
	for _, from := range g.nodes[l.from].joined(l.from) {
		for _, to := range g.nodes[l.to].joined(l.to) {
			out = append(out, resource.Edge{From: from.Key, To: to.Key, Notify: w.notify})
		}
	}
	return out
}

// locate makes diagnostics of the reasons for which the engine, or a look for cycles, refused
// the graph.
func (g *desired) locate(err error) syntax.Diagnostics {
	reports := syntax.Reports{Phase: syntax.PhaseInterpret}
	for _, err := range frontend.Errors(err) {
		if loop, ok := errors.AsType[*graph.CycleError[resource.Key]](err); ok {
			reports.Append(syntax.Diagnostics{frontend.CycleDiagnostic(loop.Nodes, g.placeOf)})
		} else if spec, ok := errors.AsType[*resource.SpecError](err); ok {
			reports.Add("refused-resource", g.declared(spec.Key), "%s: %s", spec.Key, spec.Err)
		} else {
			reports.Add("refused-resource", syntax.Span{}, "%s", err)
		}
	}
	return reports.Diagnostics()
}

// placeOf returns where an edge is asked for.
func (g *desired) placeOf(from, to resource.Key) syntax.Span {
	if w := g.edges[link{from.ID, to.ID}]; w != nil {
		return w.at.span
	}
	return syntax.Span{}
}

// declared returns where a resource is.
func (g *desired) declared(key resource.Key) syntax.Span {
	v := g.nodes[key.ID]
	if v == nil || v.at[min(key.Alt, 1)] == nil {
		return syntax.Span{}
	}
	return v.at[min(key.Alt, 1)].span
}
