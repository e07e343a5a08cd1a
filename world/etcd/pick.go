package etcd

import (
	"context"
	"maps"
	"slices"
	"strings"

	"mgmt/world"
)

// A picker picks hosts for the namespaces, while its agent is elected. An offer that comes or goes
// costs its place in the roster of its namespace.
type picker struct {
	w       *World
	rosters map[string]*world.Roster
	results map[string]string // namespace → what is stored
	offered delta             // until both tables have been read, the offers that were
	dirty   map[string]bool   // the namespaces to look at
	listed  int               // how many of the two tables have been read
	changes chan func()       // what takes changes
}

func newPicker(w *World) *picker {
	return &picker{
		w: w, rosters: map[string]*world.Roster{}, results: map[string]string{},
		offered: delta{}, dirty: map[string]bool{}, changes: make(chan func()),
	}
}

// tables returns the prefixes that a picker needs, and what takes the changes there.
func (p *picker) tables() map[string]func(delta) {
	return map[string]func(delta){offersPrefix: p.offer, schedulePrefix: p.result}
}

// run follows offers and results until ctx ends.
func (p *picker) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{}, 2)
	defer func() {
		cancel()
		<-done
		<-done
	}()
	for prefix, apply := range p.tables() {
		go func() {
			defer func() { done <- struct{}{} }()
			p.w.tables.follow(ctx, span{prefix, true}, p.send(ctx, apply))
		}()
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case change := <-p.changes:
			change()
		}
		if err := p.pick(ctx); err != nil {
			return err
		}
	}
}

// send returns a function that hands changes of a table to run.
func (p *picker) send(ctx context.Context, apply func(delta)) func(delta) {
	first := true
	return func(d delta) {
		opening := first
		first = false
		change := func() {
			if opening {
				p.listed++
			}
			apply(d)
		}
		select {
		case p.changes <- change:
		case <-ctx.Done():
		}
	}
}

// offer takes changes of offers. Those that are read first wait for the results that are stored,
// since these say who came before whom.
func (p *picker) offer(d delta) {
	if p.offered != nil {
		maps.Copy(p.offered, d)
		return
	}
	for _, key := range slices.SortedFunc(maps.Keys(d), byHost) {
		p.take(key, d[key])
	}
}

// byHost orders offers by host: who comes at once comes in the order of names.
func byHost(a, b string) int {
	host, _, _ := strings.Cut(a, "/")
	other, _, _ := strings.Cut(b, "/")
	return strings.Compare(host, other)
}

// take takes one change of an offer.
func (p *picker) take(key string, e Change) {
	host, ns, ok := strings.Cut(key, "/")
	if !ok || world.CheckOffer(host, ns, world.ScheduleOptions{}) != nil {
		return
	}
	p.dirty[ns] = true
	r := p.rosters[ns]
	if r == nil {
		r = world.NewRoster()
		p.rosters[ns] = r
	}
	if e.Exists {
		r.Enter(host, decodeOptions(e.Value))
	} else if r.Leave(host); r.Len() == 0 {
		delete(p.rosters, ns)
	}
}

// result takes changes of results. Those of others are corrected by the pick that follows.
func (p *picker) result(d delta) {
	for ns, e := range d {
		p.dirty[ns] = true
		p.results[ns] = e.Value
		if !e.Exists {
			delete(p.results, ns)
		}
	}
}

// open enters the offers that were read first: those that are picked keep their place.
func (p *picker) open() {
	for ns, picked := range p.results {
		for _, host := range splitHosts(picked) {
			key := host + "/" + ns
			if e := p.offered[key]; e.Exists {
				p.take(key, e)
				delete(p.offered, key)
			}
		}
	}
	rest := p.offered
	p.offered = nil
	p.offer(rest)
}

// pick makes the stored results what the offers say.
func (p *picker) pick(ctx context.Context) error {
	if p.listed < 2 {
		return nil
	}
	if p.offered != nil {
		p.open()
	}
	for ns := range p.dirty {
		if err := p.store(ctx, ns); err != nil {
			return err
		}
		delete(p.dirty, ns)
	}
	return nil
}

// store makes the stored result of a namespace what its offers say.
func (p *picker) store(ctx context.Context, ns string) error {
	result := ""
	if r := p.rosters[ns]; r != nil {
		result = strings.Join(r.Picked(), ",")
	}
	if result == p.results[ns] {
		return nil
	}
	p.results[ns] = result
	if result == "" {
		delete(p.results, ns)
		return p.w.remove(ctx, schedulePrefix+ns)
	}
	return p.w.put(ctx, schedulePrefix+ns, result)
}
