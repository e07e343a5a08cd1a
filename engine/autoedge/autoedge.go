// Package autoedge finds the edges between resources that need something and those that
// provide it.
//
// An [Index] is told what each resource offers and asks for ([Index.Set], [Index.Remove]), and
// says which edges come and go on account of that ([Index.Changes]). It knows of no cycles and
// does no I/O.
//
// Vocabulary. A party is a resource in the index. A spot is the place of one UID: it has the
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

// An Edge says that From comes before To.
type Edge struct{ From, To resource.Key }

// Compare orders edges by their ends.
func (e Edge) Compare(other Edge) int {
	return cmp.Or(e.To.Compare(other.To), e.From.Compare(other.From))
}

// An Index keeps the edges of a changing set of resources. The zero value is empty and ready
// to use. It is not safe for use by several goroutines.
type Index struct {
	parties map[resource.Key]*party
	spots   map[resource.UID]*spot
	edges   map[pair]state
	open    []*want  // that have to look around
	idle    []*party // that may have no wishes
	moved   []pair   // whose state may be another than at the latest Changes
	work    int      // wants that were reopened and spots that were searched, for tests of the cost
}

type party struct {
	key      resource.Key
	provides []*spot
	wants    []want
}

type spot struct {
	uid       resource.UID
	providers []*party
	wants     []look

	up    *spot // of the directory above, while a search may come through here
	upAt  int32 // in up.below
	below []*spot
}

// A want is one need of one party. It looks at each spot where it began to search: that of
// every alternative, and the one above a directory that it found provided by its own party
// alone.
type want struct {
	party *party
	need  resource.Need
	found *party // or nil
	looks []glance
	room  [1]glance // for looks, which seldom are more
	open  bool      // in Index.open
	gone  bool
}

// A look is a want at a spot, and a glance the other side of it. Each knows the position of
// its counterpart, so that it can be taken away at once.
type (
	look struct {
		want *want
		at   int32 // in want.looks
	}
	glance struct {
		spot *spot
		at   int32 // in spot.wants
	}
)

// A pair is the ends of an edge.
type pair struct{ from, to *party }

// A state is how it stands with an edge.
type state struct {
	wants int32 // that ask for it
	told  bool  // it was there at the latest Changes
}

// Set puts the wishes of a resource in place of those that it had.
func (x *Index) Set(key resource.Key, w Wishes) {
	p := x.parties[key]
	switch {
	case w.Empty() && p == nil:
		return
	case p != nil && p.has(w):
		return
	case w.Empty():
		x.idle = append(x.idle, p)
	case p == nil:
		p = x.enter(key)
	}
	x.withdraw(p)
	x.provide(p, w.Provides)
	p.wants = make([]want, len(w.Needs))
	for i, need := range w.Needs {
		p.wants[i] = want{party: p, need: need}
		x.reopen(&p.wants[i])
	}
}

// Remove takes a resource out of the index.
func (x *Index) Remove(key resource.Key) { x.Set(key, Wishes{}) }

func (x *Index) enter(key resource.Key) *party {
	if x.parties == nil {
		x.parties = map[resource.Key]*party{}
		x.spots = map[resource.UID]*spot{}
		x.edges = map[pair]state{}
	}
	p := &party{key: key}
	x.parties[key] = p
	return p
}

// Len returns the number of resources that have wishes.
func (x *Index) Len() int { return len(x.parties) }

// Has reports whether there was such an edge at the latest Changes.
func (x *Index) Has(e Edge) bool {
	from, to := x.parties[e.From], x.parties[e.To]
	return from != nil && to != nil && x.edges[pair{from, to}].told
}

// Changes returns the edges that came and went since the latest call, each sorted.
func (x *Index) Changes() (added, removed []Edge) {
	for _, w := range x.open {
		w.open = false
		if !w.gone {
			x.resolve(w)
		}
	}
	for _, ends := range x.moved {
		s := x.edges[ends]
		edge := Edge{ends.from.key, ends.to.key}
		switch is := s.wants > 0; {
		case is && !s.told:
			added = append(added, edge)
			x.edges[ends] = state{s.wants, true}
		case !is && s.told:
			removed = append(removed, edge)
			fallthrough
		case !is:
			delete(x.edges, ends)
		}
	}
	for _, p := range x.idle {
		if len(p.provides)+len(p.wants) == 0 {
			delete(x.parties, p.key)
		}
	}
	x.open, x.moved, x.idle = reset(x.open), reset(x.moved), reset(x.idle)
	slices.SortFunc(added, Edge.Compare)
	slices.SortFunc(removed, Edge.Compare)
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
func (p *party) has(w Wishes) bool {
	return p.providesOnly(w.Provides) && slices.EqualFunc(p.wants, w.Needs, func(has want, need resource.Need) bool {
		return has.need.Of == need.Of && has.need.Up == need.Up && has.need.Before == need.Before && slices.Equal(has.need.Else, need.Else)
	})
}

func (p *party) providesOnly(uids []resource.UID) bool {
	return slices.EqualFunc(p.provides, uids, func(s *spot, u resource.UID) bool { return s.uid == u })
}

// provide makes p provide just these.
func (x *Index) provide(p *party, uids []resource.UID) {
	if p.providesOnly(uids) {
		return
	}
	for _, s := range p.provides {
		if i, found := slices.BinarySearchFunc(s.providers, p, compareParties); found {
			s.providers = slices.Delete(s.providers, i, i+1)
			x.reopenAt(s, i)
		}
		x.tidy(s)
	}
	p.provides = make([]*spot, len(uids))
	for n, u := range uids {
		s := x.spot(u)
		p.provides[n] = s
		if i, found := slices.BinarySearchFunc(s.providers, p, compareParties); !found {
			s.providers = slices.Insert(s.providers, i, p)
			x.reopenAt(s, i)
		}
	}
}

func compareParties(a, b *party) int { return a.key.Compare(b.key) }

func (x *Index) spot(u resource.UID) *spot {
	s := x.spots[u]
	if s == nil {
		s = &spot{uid: u}
		x.spots[u] = s
	}
	return s
}

// link links s to the spots above it.
func (x *Index) link(s *spot) {
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
func (x *Index) tidy(s *spot) {
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
func (x *Index) reopenAt(s *spot, i int) {
	if i > 1 {
		return
	}
	for _, l := range s.wants {
		x.reopen(l.want)
	}
	x.reopenBelow(s)
}

// reopenBelow reopens the wants whose search comes from below s.
func (x *Index) reopenBelow(s *spot) {
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

func (x *Index) reopen(w *want) {
	if !w.open {
		w.open = true
		x.open = append(x.open, w)
	}
}

// withdraw ends the wants of p.
func (x *Index) withdraw(p *party) {
	for i := range p.wants {
		w := &p.wants[i]
		w.gone = true
		x.lookAway(w)
		x.find(w, nil)
	}
}

// resolve searches for w.
func (x *Index) resolve(w *want) {
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
func (x *Index) search(w *want, u resource.UID) *party {
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

func (x *Index) look(w *want, s *spot) {
	if w.need.Up {
		x.link(s)
	}
	if w.looks == nil {
		w.looks = w.room[:0]
	}
	w.looks = append(w.looks, glance{s, int32(len(s.wants))})
	s.wants = append(s.wants, look{w, int32(len(w.looks) - 1)})
}

// provider returns the first one that is not p.
func (s *spot) provider(p *party) *party {
	for _, other := range s.providers {
		if other != p {
			return other
		}
	}
	return nil
}

// lookAway takes w away from where it looks.
func (x *Index) lookAway(w *want) {
	for _, g := range w.looks {
		s := g.spot
		last := s.wants[len(s.wants)-1]
		s.wants[g.at] = last
		last.want.looks[last.at].at = g.at
		s.wants[len(s.wants)-1] = look{}
		s.wants = s.wants[:len(s.wants)-1]
		x.tidy(s)
	}
	w.looks = w.looks[:0]
}

// find has w ask for an edge with another party than before.
func (x *Index) find(w *want, found *party) {
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

func (x *Index) count(w *want, by int32) {
	ends := pair{w.found, w.party}
	if w.need.Before {
		ends = pair{w.party, w.found}
	}
	s := x.edges[ends]
	s.wants += by
	x.edges[ends] = s
	x.moved = append(x.moved, ends)
}
