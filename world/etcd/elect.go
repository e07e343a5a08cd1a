package etcd

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"

	"mgmt/world"
)

// electionTTL is, in seconds, how soon after its death another host picks in the place of the
// elected one.
const electionTTL = 1

// candidates is how many hosts stand for election at once. Each of them costs the store a lease that
// is renewed all the time, so all others wait until there is a place.
const candidates = 3

// stand stands for election until ctx ends, and picks while elected. When the session of the
// election is lost it begins once more.
func (w *World) stand(ctx context.Context) {
	delay := retryMin
	for again := false; ctx.Err() == nil; again = true {
		places, err := w.places(ctx, again)
		if err == nil {
			err = w.term(ctx, places)
		}
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, errFull):
			delay = retryMin
		default:
			w.log.Debug("the scheduler stands for election once more", "error", err)
			pause(ctx, delay)
			delay = min(2*delay, retryMax)
		}
	}
	if err := w.adjourn(); err != nil {
		w.log.Debug("what is scheduled was not looked at once more", "error", err)
	}
}

// errFull is why a host does not stand: others were faster.
var errFull = errors.New("there are enough candidates")

// places waits until there are places for candidates, and returns those that are free. Who has
// waited before takes its time, since many may be waiting; it finds no place if others are faster.
func (w *World) places(ctx context.Context, again bool) ([]string, error) {
	if again {
		if err := w.watchPlaces(ctx, func(free []string) bool { return len(free) > 0 }); err != nil {
			return nil, err
		}
		pause(ctx, rand.N(jitter))
	}
	var now []string
	err := w.watchPlaces(ctx, func(free []string) bool {
		now = free
		return again || len(free) > 0
	})
	if err == nil && len(now) == 0 {
		err = errFull
	}
	return now, err
}

// jitter is how long at most a host waits before it takes a place that has become free. Other
// candidates are there meanwhile.
const jitter = 500 * time.Millisecond

// watchPlaces follows which places are free until enough says so.
func (w *World) watchPlaces(ctx context.Context, enough func(free []string) bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	taken := map[string]bool{}
	w.tables.follow(ctx, span{candidatesPrefix, true}, func(d delta) {
		for place, e := range d {
			taken[place] = e.Exists
		}
		var free []string
		for i := range candidates {
			if place := strconv.Itoa(i); !taken[place] {
				free = append(free, place)
			}
		}
		if enough(free) {
			cancel(errEnough)
		}
	})
	if err := context.Cause(ctx); !errors.Is(err, errEnough) {
		return err
	}
	return nil
}

var errEnough = errors.New("enough is known")

// term is one candidacy, in one of some places, and what comes of it.
func (w *World) term(ctx context.Context, places []string) error {
	lease, err := w.client.Grant(ctx, electionTTL)
	if err != nil {
		return err
	}
	s, err := concurrency.NewSession(w.client, concurrency.WithLease(lease.ID))
	if err != nil {
		return err
	}
	defer w.resign(s)
	if err := w.occupy(ctx, places[rand.IntN(len(places))], lease.ID); err != nil {
		return err
	}
	elected, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the session ends before this function does, by resign or by being lost
		<-s.Done()
		cancel()
	}()
	if err := concurrency.NewElection(s, electionPrefix).Campaign(elected, w.opts.Host); err != nil {
		return err
	}
	return newPicker(w).run(elected)
}

// occupy takes a place among the candidates, for as long as the lease lasts.
func (w *World) occupy(ctx context.Context, place string, lease clientv3.LeaseID) error {
	key := candidatesPrefix + place
	resp, err := w.client.Txn(ctx).
		If(clientv3.Compare(clientv3.CreateRevision(key), "=", 0)).
		Then(clientv3.OpPut(key, w.opts.Host, clientv3.WithLease(lease))).
		Commit()
	if err == nil && !resp.Succeeded {
		err = errFull
	}
	return err
}

// adjourn is called when this host stands for election no more. If nobody does, it picks once
// more, because its own withdrawals may not have been counted.
func (w *World) adjourn() error {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	resp, err := w.client.Get(ctx, electionPrefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil || resp.Count > 0 {
		return err
	}
	p := newPicker(w)
	dirty := map[string]bool{}
	for prefix, apply := range p.tables() {
		d, _, err := w.tables.list(ctx, span{prefix, true})
		if err != nil {
			return err
		}
		maps.Copy(dirty, apply(d))
	}
	for ns := range dirty {
		if err := p.pick(ctx, ns); err != nil {
			return err
		}
	}
	return nil
}

// resign ends the session of an election, so that the next host is elected at once.
func (w *World) resign(s *concurrency.Session) {
	s.Orphan()
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	if _, err := w.client.Revoke(ctx, s.Lease()); err != nil {
		w.log.Debug("the election was not left; its session runs out", "error", err)
	}
}

// A picker picks hosts for the namespaces, while its agent is elected.
type picker struct {
	w       *World
	offers  map[string]map[string]string // namespace → host → options
	results map[string]string            // namespace → what is stored
	order   map[string][]string          // namespace → the order kept
	listed  int                          // how many of the two tables have been read
	changes chan func() map[string]bool  // changes apply themselves and return the namespaces concerned
}

func newPicker(w *World) *picker {
	return &picker{
		w: w, offers: map[string]map[string]string{}, results: map[string]string{}, order: map[string][]string{},
		changes: make(chan func() map[string]bool),
	}
}

// tables returns the prefixes that a picker needs, and what takes the changes there.
func (p *picker) tables() map[string]func(delta) map[string]bool {
	return map[string]func(delta) map[string]bool{offersPrefix: p.offer, schedulePrefix: p.result}
}

// run follows offers and results until ctx ends. An event costs the namespaces it is about.
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
	dirty := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case change := <-p.changes:
			maps.Copy(dirty, change())
		}
		if p.listed < 2 {
			continue
		}
		for ns := range dirty {
			if err := p.pick(ctx, ns); err != nil {
				return err
			}
		}
		clear(dirty)
	}
}

// send returns a function that hands changes of a table to run.
func (p *picker) send(ctx context.Context, apply func(delta) map[string]bool) func(delta) {
	first := true
	return func(d delta) {
		opening := first
		first = false
		change := func() map[string]bool {
			if opening {
				p.listed++
			}
			return apply(d)
		}
		select {
		case p.changes <- change:
		case <-ctx.Done():
		}
	}
}

// offer takes changes of offers.
func (p *picker) offer(d delta) map[string]bool {
	dirty := map[string]bool{}
	for key, e := range d {
		host, ns, ok := strings.Cut(key, "/")
		if !ok || checkNamespace(ns) != nil {
			continue
		}
		dirty[ns] = true
		if !e.Exists {
			delete(p.offers[ns], host)
			continue
		}
		if p.offers[ns] == nil {
			p.offers[ns] = map[string]string{}
		}
		p.offers[ns][host] = e.Value
	}
	return dirty
}

// result takes changes of results. Those of others are corrected by the pick that follows.
func (p *picker) result(d delta) map[string]bool {
	dirty := map[string]bool{}
	for ns, e := range d {
		dirty[ns] = true
		p.results[ns] = e.Value
		if !e.Exists {
			delete(p.results, ns)
		}
	}
	return dirty
}

// pick makes the stored result of a namespace what the offers say.
func (p *picker) pick(ctx context.Context, ns string) error {
	order, ok := p.order[ns]
	if !ok {
		order = splitHosts(p.results[ns])
	}
	order, picked := choose(p.offers[ns], order)
	p.order[ns] = order
	if len(order) == 0 {
		delete(p.order, ns)
		delete(p.offers, ns)
	}
	result := strings.Join(picked, ",")
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

// choose returns the order of the hosts that made offers, and those that are picked, by name.
// Where the options of the hosts differ, those of the last one by name count.
func choose(offers map[string]string, last []string) (order, picked []string) {
	hosts := slices.Sorted(maps.Keys(offers))
	var opts world.ScheduleOptions
	for _, h := range hosts {
		overlay(&opts, offers[h])
	}
	order, err := world.Pick(opts, last, hosts)
	if err != nil { // a strategy that this agent does not know
		opts.Strategy = ""
		order, _ = world.Pick(opts, last, hosts)
	}
	picked = slices.Clone(order[:opts.Limit(len(order))])
	slices.Sort(picked)
	return order, picked
}
