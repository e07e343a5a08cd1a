// Package mem implements package world in memory: for a single agent, which is a cluster of
// one, and for tests with several agents in one process. Nothing listens, and starting costs
// nothing.
package mem

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"mgmt/world"
)

// A Store is what the agents share.
type Store struct {
	mu      sync.Mutex // guards all below, but keys
	strings map[string]string
	values  map[string]map[string]string          // namespace → host → value
	exports map[string]map[world.ExportKey]string // by the host that exports
	pools   map[string]*pool
	waiting map[chan struct{}]bool
	keys    keys // has its own lock
}

// A pool is a scheduling namespace.
type pool struct {
	offers map[string]*offer // by host
	order  []string
}

type offer struct {
	opts  world.ScheduleOptions
	holds int // callers of Offer that are running
}

// New returns an empty store.
func New() *Store {
	return &Store{
		strings: map[string]string{},
		values:  map[string]map[string]string{},
		exports: map[string]map[world.ExportKey]string{},
		pools:   map[string]*pool{},
		waiting: map[chan struct{}]bool{},
		keys: keys{
			values:  map[string]string{},
			held:    map[string]map[string]bool{},
			readers: map[*keyReader]bool{},
		},
	}
}

// Host returns the view that the named agent has.
func (s *Store) Host(name string) world.World { return &view{s, name} }

type view struct {
	store *Store
	host  string
}

func (v *view) Host() string { return v.host }

// change runs f and tells all watches to look again.
func (s *Store) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	for ch := range s.waiting {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// watch calls look, which reports what differs from its last call by emitting, now and after
// every change.
func (s *Store) watch(ctx context.Context, look func()) error {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	s.waiting[ch] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting, ch)
		s.mu.Unlock()
	}()
	for {
		look()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ch:
		}
	}
}

func (v *view) GetString(_ context.Context, key string) (string, bool, error) {
	v.store.mu.Lock()
	defer v.store.mu.Unlock()
	value, ok := v.store.strings[key]
	return value, ok, nil
}

func (v *view) SetString(_ context.Context, key, value string) error {
	v.store.change(func() { v.store.strings[key] = value })
	return nil
}

func (v *view) DeleteString(_ context.Context, key string) error {
	v.store.change(func() { delete(v.store.strings, key) })
	return nil
}

func (v *view) WatchString(ctx context.Context, key string, emit func(value string, exists bool)) error {
	var last string
	var had, emitted bool
	return v.store.watch(ctx, func() {
		value, ok, _ := v.GetString(ctx, key)
		if !emitted || value != last || ok != had {
			last, had, emitted = value, ok, true
			emit(value, ok)
		}
	})
}

func (v *view) SetValue(_ context.Context, namespace, value string) error {
	v.store.change(func() {
		if v.store.values[namespace] == nil {
			v.store.values[namespace] = map[string]string{}
		}
		v.store.values[namespace][v.host] = value
	})
	return nil
}

func (v *view) DeleteValue(_ context.Context, namespace string) error {
	v.store.change(func() { delete(v.store.values[namespace], v.host) })
	return nil
}

func (v *view) WatchValues(ctx context.Context, namespace string, emit func(map[string]string)) error {
	var last map[string]string
	return v.store.watch(ctx, func() {
		v.store.mu.Lock()
		values := maps.Clone(v.store.values[namespace])
		v.store.mu.Unlock()
		if values == nil {
			values = map[string]string{}
		}
		if last == nil || !maps.Equal(last, values) {
			last = maps.Clone(values)
			emit(values)
		}
	})
}

// Offer implements world.Scheduler. When ctx ends the offer is withdrawn at once: an agent in
// this process cannot die without its context.
func (v *view) Offer(ctx context.Context, namespace string, opts world.ScheduleOptions) error {
	if namespace == "" || strings.Contains(namespace, "/") {
		return fmt.Errorf("the scheduling namespace is %q; it has to be a name without /", namespace)
	}
	if _, err := world.Pick(opts, nil, nil); err != nil {
		return err
	}
	v.store.change(func() { v.store.join(namespace, v.host, opts) })
	<-ctx.Done()
	if !opts.Persist {
		v.store.change(func() { v.store.leave(namespace, v.host) })
	}
	return ctx.Err()
}

func (s *Store) join(namespace, host string, opts world.ScheduleOptions) {
	p := s.pools[namespace]
	if p == nil {
		p = &pool{offers: map[string]*offer{}}
		s.pools[namespace] = p
	}
	if p.offers[host] == nil {
		p.offers[host] = &offer{}
	}
	p.offers[host].opts = opts
	p.offers[host].holds++
}

func (s *Store) leave(namespace, host string) {
	p := s.pools[namespace]
	if p.offers[host].holds--; p.offers[host].holds == 0 {
		delete(p.offers, host)
	}
}

// scheduled returns the picked hosts by name. Of the options of several hosts those of the
// last one by name count.
func (s *Store) scheduled(namespace string) []string {
	p := s.pools[namespace]
	if p == nil || len(p.offers) == 0 {
		return []string{}
	}
	hosts := slices.Sorted(maps.Keys(p.offers))
	opts := p.offers[hosts[len(hosts)-1]].opts
	order, err := world.Pick(opts, p.order, hosts)
	if err != nil {
		return []string{}
	}
	p.order = order
	limit := opts.Max
	if limit == 0 {
		limit = 1
	}
	picked := slices.Clone(order[:min(max(limit, 0), len(order))])
	slices.Sort(picked)
	return picked
}

func (v *view) WatchSchedule(ctx context.Context, namespace string, emit func([]string)) error {
	var last []string
	emitted := false
	return v.store.watch(ctx, func() {
		v.store.mu.Lock()
		hosts := v.store.scheduled(namespace)
		v.store.mu.Unlock()
		if !emitted || !slices.Equal(last, hosts) {
			last, emitted = slices.Clone(hosts), true
			emit(hosts)
		}
	})
}
