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

	taken  map[*flow.Output]*compile.Contribution // what each output contributes
	nodes  map[resource.ID]*node
	wishes map[pair]*wish

	// bad has what keeps the statements from being a graph, by what is at fault: an
	// output, a node or a wish.
	bad map[any]error

	dirty       []*node // changed since the last delta
	dirtyWishes []*wish

	told *frontend.Told
}

// A node is what is known of one resource.
type node struct {
	id    resource.ID
	decls []*decl
	specs []*resource.Spec // merged: the normal one, then hidden ones
	ends  []end            // of wishes
	dirty bool             // in collector.dirty
	cause *flow.Cause      // of that, if an event changed it
}

// A decl is one declaration of a resource.
type decl struct {
	out  *flow.Output
	res  *compile.Resource
	spec *resource.Spec // built when it is first merged
}

// A pair names the two resources of an edge.
type pair struct{ from, to resource.ID }

// A wish holds the statements that ask for an edge between two resources.
type wish struct {
	from, to *node
	edges    []wished
	dirty    bool   // in collector.dirtyWishes
	at       [2]int // where its ends are in from.ends and to.ends
}

// An end is one end of a wish: 0 where the edge comes from, 1 where it goes to.
type end struct {
	*wish
	which int
}

type wished struct {
	out  *flow.Output
	edge *compile.Edge
}

func newCollector(build func(*compile.Resource) (*resource.Spec, error)) *collector {
	return &collector{
		build:  build,
		taken:  map[*flow.Output]*compile.Contribution{},
		nodes:  map[resource.ID]*node{},
		wishes: map[pair]*wish{},
		bad:    map[any]error{},
		told:   &frontend.Told{},
	}
}

// succeed takes over what the engine has been told by the collector of an earlier
// version of the program. All that this version does not want any more is removed with
// the next delta.
func (c *collector) succeed(old *collector) {
	c.told = old.told
	for key := range c.told.Specs() {
		c.soil(c.node(key.ID))
	}
	for e := range c.told.AllEdges() {
		c.soilWish(c.wish(pair{e.From.ID, e.To.ID}))
	}
}

// take notes the changes of a round.
func (c *collector) take(ch flow.Changes) {
	for _, o := range ch.Removed {
		c.drop(o)
	}
	for _, o := range ch.Set {
		if o.Err != nil {
			c.drop(o)
			c.bad[o] = o.Err
			continue
		}
		delete(c.bad, o)
		c.replace(o, c.taken[o], o.Payload.(*compile.Contribution))
	}
}

// replace takes what an output contributes in place of what it did before, if that is not nil.
// Of many resources those that stay the same cost little: they are not built again.
func (c *collector) replace(o *flow.Output, old, con *compile.Contribution) {
	c.taken[o] = con
	if old == nil {
		c.addResources(o, con.Resources)
		c.addEdges(o, con.Edges)
		return
	}
	c.addResources(o, c.dropOthers(o, old.Resources, con.Resources))
	if !slices.Equal(old.Edges, con.Edges) {
		c.dropEdges(o, old.Edges)
		c.addEdges(o, con.Edges)
	}
}

// A declared resource is the same one in two contributions of an output, if it is in both.
type declared struct{ kind, name, from string }

func declaredBy(r *compile.Resource) declared { return declared{r.Kind, r.Name, r.From} }

// dropOthers takes back those of the old resources that are not among the next ones, and
// returns those of the next ones that were not there. Mostly little has changed in the middle.
func (c *collector) dropOthers(o *flow.Output, old, next []compile.Resource) []compile.Resource {
	for len(old) > 0 && len(next) > 0 && old[0].Same(&next[0]) {
		old, next = old[1:], next[1:]
	}
	for len(old) > 0 && len(next) > 0 && old[len(old)-1].Same(&next[len(next)-1]) {
		old, next = old[:len(old)-1], next[:len(next)-1]
	}
	if len(old) <= 1 || len(next) <= 1 {
		c.dropResources(o, old)
		return next
	}
	index := make(map[declared]*compile.Resource, len(next))
	for i := range next {
		index[declaredBy(&next[i])] = &next[i]
	}
	for i := range old {
		if r := index[declaredBy(&old[i])]; r != nil && old[i].Same(r) {
			delete(index, declaredBy(r))
			continue
		}
		c.dropResources(o, old[i:i+1])
	}
	return slices.DeleteFunc(slices.Clone(next), func(r compile.Resource) bool { return index[declaredBy(&r)] == nil })
}

// addResources adds declarations. Each of many is kept by itself, so that those that stay do
// not keep all others in memory that once were there.
func (c *collector) addResources(o *flow.Output, list []compile.Resource) {
	for i := range list {
		r := &list[i]
		if len(list) > 1 {
			own := list[i]
			r = &own
		}
		n := c.node(resource.ID{Kind: r.Kind, Name: r.Name})
		n.decls = append(n.decls, &decl{out: o, res: r})
		c.changed(n, o)
	}
}

func (c *collector) dropResources(o *flow.Output, list []compile.Resource) {
	for i := range list {
		r := &list[i]
		n := c.nodes[resource.ID{Kind: r.Kind, Name: r.Name}]
		n.decls = slices.DeleteFunc(n.decls, func(d *decl) bool { return d.out == o && d.res.From == r.From })
		c.changed(n, o)
	}
}

func (c *collector) addEdges(o *flow.Output, list []compile.Edge) {
	for i := range list {
		e := &list[i]
		w := c.wish(pairOf(e))
		w.edges = append(w.edges, wished{o, e})
		c.touch(w, o, e)
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
	c.dropResources(o, con.Resources)
	c.dropEdges(o, con.Edges)
}

func (c *collector) dropEdges(o *flow.Output, list []compile.Edge) {
	for i := range list {
		w := c.wishes[pairOf(&list[i])]
		w.edges = slices.DeleteFunc(w.edges, func(x wished) bool { return x.out == o })
		c.touch(w, o, &list[i])
	}
}

func pairOf(e *compile.Edge) pair {
	return pair{resource.ID{Kind: e.From.Kind, Name: e.From.Name}, resource.ID{Kind: e.To.Kind, Name: e.To.Name}}
}

func (c *collector) touch(w *wish, o *flow.Output, e *compile.Edge) {
	c.soilWish(w)
	if e.Output != "" {
		c.changed(w.to, o) // what it receives is part of the resource
	}
}

// changed notes that the output changes the resource.
func (c *collector) changed(n *node, o *flow.Output) {
	c.soil(n)
	if cause := o.Cause(); cause != nil {
		n.cause = cause
	}
}

func (c *collector) soil(n *node) {
	if !n.dirty {
		n.dirty = true
		c.dirty = append(c.dirty, n)
	}
}

func (c *collector) soilWish(w *wish) {
	if !w.dirty {
		w.dirty = true
		c.dirtyWishes = append(c.dirtyWishes, w)
	}
}

func (c *collector) node(id resource.ID) *node {
	n := c.nodes[id]
	if n == nil {
		n = &node{id: id}
		c.nodes[id] = n
	}
	return n
}

func (c *collector) wish(p pair) *wish {
	w := c.wishes[p]
	if w == nil {
		w = &wish{from: c.node(p.from), to: c.node(p.to)}
		c.wishes[p] = w
		for which, n := range []*node{w.from, w.to} {
			w.at[which] = len(n.ends)
			n.ends = append(n.ends, end{w, which})
		}
	}
	return w
}

// forget drops a wish that no statement has any more.
func (c *collector) forget(w *wish) {
	delete(c.wishes, pair{w.from.id, w.to.id})
	for which, n := range []*node{w.from, w.to} {
		last := n.ends[len(n.ends)-1]
		n.ends[w.at[which]] = last
		last.at[last.which] = w.at[which]
		n.ends[len(n.ends)-1] = end{}
		n.ends = n.ends[:len(n.ends)-1]
		c.soil(n)
	}
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
