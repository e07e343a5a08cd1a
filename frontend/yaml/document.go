package yaml

import (
	"fmt"
	"slices"
	"strings"

	"mgmt/lang/syntax"
)

// A document is what a file says, taken apart but not understood: nothing in it has been
// compared with the kinds that there are.
type document struct {
	hostname string // of the agent, in files of a former time
	groups   []group
	edges    []edge
	collects []collect
}

// A group has the resources of one kind.
type group struct {
	kind    *node
	entries []entry
}

// An entry is a resource.
type entry struct{ name, body *node }

// An edge orders two resources.
type edge struct {
	from, to end
	notify   bool
	at       *node
}

// An end names a resource.
type end struct{ kind, name *node }

// A collect asks for exported resources.
type collect struct {
	kind    *node
	pattern string
}

// Keys of each place. Of the old ones, types is now resources, and type is kind.
var (
	documentKeys = []string{"graph", "comment", "resources", "edges", "collect", "remote", "hostname", "types"}
	edgeKeys     = []string{"name", "from", "to", "notify"}
	endKeys      = []string{"kind", "name", "type"}
	collectKeys  = []string{"kind", "pattern", "type"}
)

// A reader takes a document apart.
type reader struct {
	reports *syntax.Reports
	doc     document
}

// read returns what a document says. What is wrong with its structure is reported.
func read(root *node, reports *syntax.Reports) *document {
	reports.Phase = syntax.PhaseInit
	r := &reader{reports: reports}
	if root.null() {
		reports.Add(codeMissing, root.span, "the graph has no name").Hint = "begin with `graph: name`"
		return &r.doc
	}
	if !r.isMap(root, "a graph", documentKeys) {
		return &r.doc
	}
	r.graphName(root)
	r.doc.hostname = r.word(root, "hostname")
	r.resources(root.get("resources"))
	r.resources(root.get("types"))
	for _, n := range r.list(root.get("edges"), "edges") {
		r.edge(n)
	}
	for _, n := range r.list(root.get("collect"), "collect") {
		r.collect(n)
	}
	return &r.doc
}

// graphName demands a name, which has no further use.
func (r *reader) graphName(root *node) {
	n := root.get("graph")
	misspelt := func(f field) bool { return f.key.text != "graph" && nearest(f.key.text, documentKeys) == "graph" }
	switch {
	case n == nil && slices.ContainsFunc(root.fields, misspelt): // which has been reported
	case n == nil:
		r.reports.Add(codeMissing, root.span, "the graph has no name").Hint = "write `graph: name`"
	case r.word(root, "graph") == "" && n.shape == scalar:
		r.reports.Add(codeMissing, n.span, "the name of the graph is empty")
	}
}

// isMap reports whether a node is a map with no other keys than these. Another key is
// reported; it does not make the map useless.
func (r *reader) isMap(n *node, what string, known []string) bool {
	if n.shape != mapping {
		r.reports.Add(codeShape, n.span, "%s is %s; it has to be a map", what, n)
		return false
	}
	for _, f := range n.fields {
		if !slices.Contains(known, f.key.text) {
			d := r.reports.Add(codeKey, f.key.span, "%s has no key %s", what, f.key)
			if !suggest(d, f.key, nearest(f.key.text, known)) {
				d.Hint = "the keys are " + strings.Join(known, ", ")
			}
		}
	}
	return true
}

// nearest returns the word that a name is probably meant to be, or "".
func nearest(name string, known []string) string {
	lower := strings.ToLower(name)
	if slices.Contains(known, lower) {
		return lower
	}
	return syntax.Suggest(lower, known)
}

// suggest proposes another word for a scalar, if there is one.
func suggest(d *syntax.Diagnostic, n *node, word string) bool {
	if word == "" {
		return false
	}
	d.Hint = "did you mean `" + word + "`?"
	if !n.quoted {
		d.Fix = &syntax.Fix{Message: "write `" + word + "`", Edits: []syntax.Edit{{Span: n.span, Text: word}}}
	}
	return true
}

// word returns the text of a key that has a single value, or "".
func (r *reader) word(n *node, key string) string {
	v := n.get(key)
	if v == nil {
		return ""
	}
	if v.shape != scalar {
		r.reports.Add(codeShape, v.span, "%s is %s; it has to be a single value", key, v)
		return ""
	}
	return v.text
}

// list returns the elements of a list; nothing is a list too.
func (r *reader) list(n *node, what string) []*node {
	if n == nil || n.null() {
		return nil
	}
	if n.shape != list {
		r.reports.Add(codeShape, n.span, "%s is %s; it has to be a list", what, n)
	}
	return n.items
}

func (r *reader) resources(n *node) {
	if n == nil {
		return
	}
	if n.shape != mapping {
		r.reports.Add(codeShape, n.span, "resources is %s; it has to be a map from each kind to a list", n)
		return
	}
	for _, f := range n.fields {
		what := "a " + f.key.text + " resource"
		items := r.list(f.value, f.key.text)
		g := group{f.key, make([]entry, 0, len(items))}
		for _, body := range items {
			if body.shape != mapping {
				r.reports.Add(codeShape, body.span, "%s is %s; it has to be a map", what, body)
			} else if name := r.needed(body, "name", what); name != nil {
				g.entries = append(g.entries, entry{name, body})
			}
		}
		r.doc.groups = append(r.doc.groups, g)
	}
}

// needed returns a key with a single value that has to be there, or reports that it is not.
func (r *reader) needed(n *node, key, what string) *node {
	v := n.get(key)
	switch {
	case v == nil:
		r.reports.Add(codeMissing, n.span, "%s has no %s", what, key)
	case v.shape != scalar:
		r.reports.Add(codeShape, v.span, "the %s of %s is %s; it has to be a single value", key, what, v)
	default:
		return v
	}
	return nil
}

func (r *reader) edge(n *node) {
	if !r.isMap(n, "an edge", edgeKeys) {
		return
	}
	from, okFrom := r.end(n, "from")
	to, okTo := r.end(n, "to")
	notify := false
	if v := n.get("notify"); v != nil {
		var ok bool
		if notify, ok = v.bool(); !ok {
			r.reports.Add("type-mismatch", v.span, "notify is %s, but a bool is wanted", v)
		}
	}
	r.word(n, "name")
	if okFrom && okTo {
		r.doc.edges = append(r.doc.edges, edge{from, to, notify, n})
	}
}

func (r *reader) end(n *node, key string) (end, bool) {
	v := n.get(key)
	if v == nil {
		r.reports.Add(codeMissing, n.span, "an edge has no %s", key).Hint = fmt.Sprintf("write `%s: {kind: …, name: …}`", key)
		return end{}, false
	}
	what := "`" + key + "` of an edge"
	if !r.isMap(v, what, endKeys) {
		return end{}, false
	}
	kind, name := r.kind(v, what), r.needed(v, "name", what)
	return end{kind, name}, kind != nil && name != nil
}

// kind returns the kind that an end of an edge or a collect names.
func (r *reader) kind(n *node, what string) *node {
	if n.get("kind") == nil && n.get("type") != nil {
		return r.needed(n, "type", what)
	}
	return r.needed(n, "kind", what)
}

func (r *reader) collect(n *node) {
	const what = "an entry of collect"
	if !r.isMap(n, what, collectKeys) {
		return
	}
	pattern := r.word(n, "pattern")
	if kind := r.kind(n, what); kind != nil {
		r.doc.collects = append(r.doc.collects, collect{kind, pattern})
	}
}
