package lang

import (
	"cmp"
	"maps"
	"slices"

	"mgmt/frontend"
	"mgmt/lang/compile"
	"mgmt/lang/flow"
	"mgmt/resource"
)

// A collector keeps the desired graph that the statements of a program add up to, and
// turns changes of statements into deltas. Its cost follows what changed: it never
// walks over the whole program.
//
// Statements contribute declarations of resources and wishes for edges. Several may
// declare the same resource; they are merged here.
type collector struct {
	build func(r *compile.Resource) (*resource.Spec, error)

	taken map[*flow.Output]*compile.Contribution // what each output contributes
	nodes map[resource.ID]*node
	links map[link]*wish

	// bad has what keeps the statements from being a graph, by what is at fault: an
	// output, a resource ID or a link.
	bad map[any]error

	dirty      map[resource.ID]bool // changed since the last delta
	dirtyLinks map[link]bool
	causes     map[resource.ID]*flow.Cause // of dirty ones that an event changed

	told *frontend.Told
}

// A node is what is known of one resource.
type node struct {
	decls []*decl
	specs []*resource.Spec // merged: the normal one, then hidden ones
	links map[link]bool    // that end here
}

// A decl is one declaration of a resource.
type decl struct {
	out  *flow.Output
	res  *compile.Resource
	spec *resource.Spec // built when it is first merged
}

// A link is a pair of resources between which an edge is wished for.
type link struct{ from, to resource.ID }

// A wish holds the statements that ask for an edge.
type wish struct{ edges []wished }

type wished struct {
	out  *flow.Output
	edge *compile.Edge
}

func newCollector(build func(*compile.Resource) (*resource.Spec, error)) *collector {
	return &collector{
		build:      build,
		taken:      map[*flow.Output]*compile.Contribution{},
		nodes:      map[resource.ID]*node{},
		links:      map[link]*wish{},
		bad:        map[any]error{},
		dirty:      map[resource.ID]bool{},
		dirtyLinks: map[link]bool{},
		causes:     map[resource.ID]*flow.Cause{},
		told:       &frontend.Told{},
	}
}

// succeed takes over what the engine has been told by the collector of an earlier
// version of the program. All that this version does not want any more is removed with
// the next delta.
func (c *collector) succeed(old *collector) {
	c.told = old.told
	for key := range c.told.Specs() {
		c.dirty[key.ID] = true
	}
	for e := range c.told.AllEdges() {
		c.dirtyLinks[link{e.From.ID, e.To.ID}] = true
	}
}

// take notes the changes of a round.
func (c *collector) take(ch flow.Changes) {
	for _, o := range ch.Removed {
		c.drop(o)
	}
	for _, o := range ch.Set {
		c.drop(o)
		if o.Err != nil {
			c.bad[o] = o.Err
			continue
		}
		c.add(o, o.Payload.(*compile.Contribution))
	}
}

func (c *collector) add(o *flow.Output, con *compile.Contribution) {
	c.taken[o] = con
	for i := range con.Resources {
		r := &con.Resources[i]
		id := resource.ID{Kind: r.Kind, Name: r.Name}
		n := c.node(id)
		n.decls = append(n.decls, &decl{out: o, res: r})
		c.soil(id, o)
	}
	for i := range con.Edges {
		e := &con.Edges[i]
		l := linkOf(e)
		w := c.links[l]
		if w == nil {
			w = &wish{}
			c.links[l] = w
			c.node(l.from).link(l)
			c.node(l.to).link(l)
		}
		w.edges = append(w.edges, wished{o, e})
		c.touch(l, o, e)
	}
}

// drop takes back what the output contributed.
func (c *collector) drop(o *flow.Output) {
	delete(c.bad, o)
	con := c.taken[o]
	if con == nil {
		return
	}
	delete(c.taken, o)
	for i := range con.Resources {
		id := resource.ID{Kind: con.Resources[i].Kind, Name: con.Resources[i].Name}
		n := c.nodes[id]
		n.decls = slices.DeleteFunc(n.decls, func(d *decl) bool { return d.out == o })
		c.soil(id, o)
	}
	for i := range con.Edges {
		l := linkOf(&con.Edges[i])
		w := c.links[l]
		w.edges = slices.DeleteFunc(w.edges, func(x wished) bool { return x.out == o })
		c.touch(l, o, &con.Edges[i])
	}
}

func linkOf(e *compile.Edge) link {
	return link{resource.ID{Kind: e.From.Kind, Name: e.From.Name}, resource.ID{Kind: e.To.Kind, Name: e.To.Name}}
}

func (c *collector) touch(l link, o *flow.Output, e *compile.Edge) {
	c.dirtyLinks[l] = true
	if e.Output != "" {
		c.soil(l.to, o) // what it receives is part of the resource
	}
}

// soil notes that the output changes the resource.
func (c *collector) soil(id resource.ID, o *flow.Output) {
	c.dirty[id] = true
	if cause := o.Cause(); cause != nil {
		c.causes[id] = cause
	}
}

func (c *collector) node(id resource.ID) *node {
	n := c.nodes[id]
	if n == nil {
		n = &node{}
		c.nodes[id] = n
	}
	return n
}

func (n *node) link(l link) {
	if n.links == nil {
		n.links = map[link]bool{}
	}
	n.links[l] = true
}

// errs lists why the present statements are no graph, in the order of the program; it
// is empty when they are one.
func (c *collector) errs() []error {
	c.settle()
	out := slices.Collect(maps.Values(c.bad))
	slices.SortFunc(out, func(a, b error) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Error(), b.Error()))
	})
	for i, err := range out[:min(len(out), maxSuggested)] {
		out[i] = c.suggest(err)
	}
	return out
}
