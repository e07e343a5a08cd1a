// Package autoedge finds the edges between resources that need something and those that
// provide it.
//
// An [Index] is told what each resource provides and needs ([Index.Set]), and says which edges
// come and go on account of that ([Index.Changes]). It knows of no cycles and does no I/O.
//
// Vocabulary. A [Party] is a resource in the index. A spot is the place of one UID: it has the
// parties that provide it, sorted by key, and the wants that look at it. A want is one need of
// one party. A want for the nearest directory above looks at the spot where it begins to search;
// spots of paths are linked to the ones above them, so a directory that comes or goes finds the
// wants to which that matters below it, up to where other directories are nearer. What a change
// costs are these wants, not the size of the index.
package autoedge

import (
	"cmp"
	"slices"

	"mgmt/resource"
)

// Wishes are what one resource has to do with edges.
type Wishes struct {
	Provides []resource.UID
	Needs    []resource.Need
}

// Empty reports whether there are none.
func (w Wishes) Empty() bool { return len(w.Provides)+len(w.Needs) == 0 }

// A Party is a resource in an index. Its owner sets the exported fields before it first sets
// its wishes.
type Party[T any] struct {
	Key   resource.Key
	Value T

	provides []*spot[T]
	wants    []want[T]
}

// An Edge says that From comes before To.
type Edge[T any] struct{ From, To *Party[T] }

// Compare orders edges by the keys of their ends.
func (e Edge[T]) Compare(other Edge[T]) int {
	return cmp.Or(e.To.Key.Compare(other.To.Key), e.From.Key.Compare(other.From.Key))
}

// An Index keeps the edges of a changing set of resources. The zero value is empty and ready
// to use. It is not safe for use by several goroutines.
type Index[T any] struct {
	spots map[resource.UID]*spot[T]
	edges map[Edge[T]]state
	open  []*want[T] // that have to look around
	moved []Edge[T]  // whose state may be another than at the latest Changes
	work  int        // wants that were reopened and spots that were searched, for tests of the cost
}

type spot[T any] struct {
	uid       resource.UID
	providers []*Party[T]
	wants     []look[T]

	up    *spot[T] // of the directory above, while a search may come through here
	upAt  int32    // in up.below
	below []*spot[T]
}

// A want is one need of one party. It looks at each spot where it began to search: that of
// every alternative, and the one above a directory that it found provided by its own party
// alone.
type want[T any] struct {
	party *Party[T]
	need  resource.Need
	found *Party[T] // or nil
	looks []glance[T]
	room  [1]glance[T] // for looks, which seldom are more
	open  bool         // in Index.open
	gone  bool
}

// A look is a want at a spot, and a glance the other side of it. Each knows the position of
// its counterpart, so that it can be taken away at once.
type (
	look[T any] struct {
		want *want[T]
		at   int32 // in want.looks
	}
	glance[T any] struct {
		spot *spot[T]
		at   int32 // in spot.wants
	}
)

// A state is the state of an edge.
type state struct {
	wants int32 // that ask for it
	told  bool  // it was there at the latest Changes
}

// Set puts the wishes of a party in place of those that it had. One without wishes has left
// the index.
func (x *Index[T]) Set(p *Party[T], w Wishes) {
	if p.has(w) {
		return
	}
	if x.spots == nil {
		x.spots = map[resource.UID]*spot[T]{}
		x.edges = map[Edge[T]]state{}
	}
	x.withdraw(p)
	x.provide(p, w.Provides)
	p.wants = make([]want[T], len(w.Needs))
	for i, need := range w.Needs {
		p.wants[i] = want[T]{party: p, need: need}
		x.reopen(&p.wants[i])
	}
}

// Rival returns another party that provides something that p does, or nil.
func (p *Party[T]) Rival() *Party[T] {
	for _, s := range p.provides {
		for _, other := range s.providers {
			if other != p {
				return other
			}
		}
	}
	return nil
}

// Has reports whether there was such an edge at the latest Changes.
func (x *Index[T]) Has(e Edge[T]) bool { return x.edges[e].told }

// Edges returns how many there are.
func (x *Index[T]) Edges() int { return len(x.edges) }

// Changes returns the edges that came and went since the latest call.
func (x *Index[T]) Changes() (added, removed []Edge[T]) {
	for _, w := range x.open {
		w.open = false
		if !w.gone {
			x.resolve(w)
		}
	}
	for _, edge := range x.moved {
		s := x.edges[edge]
		switch is := s.wants > 0; {
		case is && !s.told:
			added = append(added, edge)
			x.edges[edge] = state{s.wants, true}
		case !is && s.told:
			removed = append(removed, edge)
			fallthrough
		case !is:
			delete(x.edges, edge)
		}
	}
	x.open, x.moved = reset(x.open), reset(x.moved)
	return added, removed
}

// reset empties a list and keeps its memory unless it has become large.
func reset[T any](list []T) []T {
	const large = 1 << 12
	if cap(list) > large {
		return nil
	}
	clear(list)
	return list[:0]
}

// has reports whether p has just these wishes.
func (p *Party[T]) has(w Wishes) bool {
	return p.providesOnly(w.Provides) && slices.EqualFunc(p.wants, w.Needs, func(has want[T], need resource.Need) bool {
		return has.need.Of == need.Of && has.need.Up == need.Up && has.need.Before == need.Before && slices.Equal(has.need.Else, need.Else)
	})
}

func (p *Party[T]) providesOnly(uids []resource.UID) bool {
	return slices.EqualFunc(p.provides, uids, func(s *spot[T], u resource.UID) bool { return s.uid == u })
}

// provide makes p provide just these.
func (x *Index[T]) provide(p *Party[T], uids []resource.UID) {
	if p.providesOnly(uids) {
		return
	}
	for _, s := range p.provides {
		if i, found := slices.BinarySearchFunc(s.providers, p, compareParties[T]); found {
			s.providers = slices.Delete(s.providers, i, i+1)
			x.reopenAt(s, i)
		}
		x.tidy(s)
	}
	p.provides = make([]*spot[T], len(uids))
	for n, u := range uids {
		s := x.spot(u)
		p.provides[n] = s
		if i, found := slices.BinarySearchFunc(s.providers, p, compareParties[T]); !found {
			s.providers = slices.Insert(s.providers, i, p)
			x.reopenAt(s, i)
		}
	}
}

func compareParties[T any](a, b *Party[T]) int { return a.Key.Compare(b.Key) }

func (x *Index[T]) spot(u resource.UID) *spot[T] {
	s := x.spots[u]
	if s == nil {
		s = &spot[T]{uid: u}
		x.spots[u] = s
	}
	return s
}

// link links s to the spots above it.
func (x *Index[T]) link(s *spot[T]) {
	for s.up == nil {
		above := resource.Above(s.uid.Text)
		if above == "" {
			return
		}
		s.up = x.spot(resource.UID{Type: s.uid.Type, Text: above})
		s.upAt = int32(len(s.up.below))
		s.up.below = append(s.up.below, s)
		s = s.up
	}
}

// tidy drops the link of a spot that nobody searches, and the spot if nobody provides it
// either, and so on upwards.
func (x *Index[T]) tidy(s *spot[T]) {
	for s != nil && len(s.wants)+len(s.below) == 0 {
		if len(s.providers) == 0 {
			delete(x.spots, s.uid)
		}
		up := s.up
		if up != nil {
			last := up.below[len(up.below)-1]
			up.below[s.upAt], last.upAt = last, s.upAt
			up.below[len(up.below)-1] = nil
			up.below = up.below[:len(up.below)-1]
			s.up = nil
		}
		s = up
	}
}

// reopenAt has those look around for whom it matters that provider i of s came or went. Nobody
// asks for one behind the second.
func (x *Index[T]) reopenAt(s *spot[T], i int) {
	if i > 1 {
		return
	}
	for _, l := range s.wants {
		x.reopen(l.want)
	}
	x.reopenBelow(s)
}

// reopenBelow reopens the wants whose search comes from below s.
func (x *Index[T]) reopenBelow(s *spot[T]) {
	for queue := slices.Clone(s.below); len(queue) > 0; {
		s := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		x.work++
		if len(s.providers) > 0 {
			continue
		}
		for _, l := range s.wants {
			if l.want.need.Up {
				x.reopen(l.want)
			}
		}
		queue = append(queue, s.below...)
	}
}

func (x *Index[T]) reopen(w *want[T]) {
	if !w.open {
		w.open = true
		x.open = append(x.open, w)
	}
}

// withdraw ends the wants of p.
func (x *Index[T]) withdraw(p *Party[T]) {
	for i := range p.wants {
		w := &p.wants[i]
		w.gone = true
		x.lookAway(w)
		x.find(w, nil)
	}
}

// resolve searches for w.
func (x *Index[T]) resolve(w *want[T]) {
	x.lookAway(w)
	found := x.search(w, w.need.Of)
	for _, u := range w.need.Else {
		if found != nil {
			break
		}
		found = x.search(w, u)
	}
	x.find(w, found)
}

// search returns who provides u, or the nearest directory above it if that will do, or nil.
func (x *Index[T]) search(w *want[T], u resource.UID) *Party[T] {
	s := x.spot(u)
	x.look(w, s)
	for ; s != nil; s = s.up {
		x.work++
		if p := s.provider(w.party); p != nil {
			return p
		}
		switch {
		case !w.need.Up:
			return nil
		case len(s.providers) > 0 && s.up != nil:
			x.look(w, s.up)
		}
	}
	return nil
}

func (x *Index[T]) look(w *want[T], s *spot[T]) {
	if w.need.Up {
		x.link(s)
	}
	if w.looks == nil {
		w.looks = w.room[:0]
	}
	w.looks = append(w.looks, glance[T]{s, int32(len(s.wants))})
	s.wants = append(s.wants, look[T]{w, int32(len(w.looks) - 1)})
}

// provider returns the first one that is not p.
func (s *spot[T]) provider(p *Party[T]) *Party[T] {
	for _, other := range s.providers {
		if other != p {
			return other
		}
	}
	return nil
}

// lookAway takes w away from where it looks.
func (x *Index[T]) lookAway(w *want[T]) {
	for _, g := range w.looks {
		s := g.spot
		last := s.wants[len(s.wants)-1]
		s.wants[g.at] = last
		last.want.looks[last.at].at = g.at
		s.wants[len(s.wants)-1] = look[T]{}
		s.wants = s.wants[:len(s.wants)-1]
		x.tidy(s)
	}
	w.looks = w.looks[:0]
}

// find has w ask for an edge with another party than before.
func (x *Index[T]) find(w *want[T], found *Party[T]) {
	if w.found == found {
		return
	}
	if w.found != nil {
		x.count(w, -1)
	}
	if w.found = found; found != nil {
		x.count(w, 1)
	}
}

func (x *Index[T]) count(w *want[T], by int32) {
	edge := Edge[T]{w.found, w.party}
	if w.need.Before {
		edge = Edge[T]{w.party, w.found}
	}
	s := x.edges[edge]
	s.wants += by
	x.edges[edge] = s
	x.moved = append(x.moved, edge)
}
