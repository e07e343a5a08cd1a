// Package mem implements package world in memory: for a single agent, which is a cluster of
// one, and for tests with several agents in one process. Nothing listens, and starting costs
// nothing.
//
// Readers subscribe to a topic: one string, the values of one namespace, what is exported to one
// target, or what is offered and picked in a namespace. A change is handed to the readers of its
// topic and costs nobody else anything.
package mem

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"mgmt/world"
)

// A Store is what the agents share.
type Store struct {
	mu      sync.Mutex // guards all below, but keys, and what readers have not taken
	strings map[string]string
	values  map[string]map[string]string          // namespace → host → value
	exports map[string]map[world.ExportKey]string // by the host that exports
	offered map[topic]map[string]string           // the same exports, by whom they are for
	pools   map[string]*pool
	readers map[topic]map[*reader]bool
	keys    keys // with a lock of its own
}

// A topic is what a reader is told of.
type topic struct {
	what subject
	name string // of the string, the namespace, or whom exports are for
	kind string // of exports; the host of an offer
}

type subject int

const (
	ofString subject = iota
	ofValues
	ofExports
	ofSchedule
	ofOffer
)

// New returns an empty store.
func New() *Store {
	return &Store{
		strings: map[string]string{},
		values:  map[string]map[string]string{},
		exports: map[string]map[world.ExportKey]string{},
		offered: map[topic]map[string]string{},
		pools:   map[string]*pool{},
		readers: map[topic]map[*reader]bool{},
		keys:    newKeys(),
	}
}

// Host returns the view that the named agent has.
func (s *Store) Host(name string) world.World { return &view{s, name} }

type view struct {
	store *Store
	host  string
}

func (v *view) Host() string { return v.host }

// tell tells the readers of a topic of a change. The caller has the lock.
func (s *Store) tell(t topic, key string, c world.Change) {
	for r := range s.readers[t] {
		r.tell(key, c)
	}
}

// all returns what a topic has. The caller has the lock, and does not keep the map.
func (s *Store) all(t topic) map[string]string {
	switch t.what {
	case ofString:
		if value, ok := s.strings[t.name]; ok {
			return map[string]string{"": value}
		}
	case ofValues:
		return s.values[t.name]
	case ofExports:
		return s.offered[t]
	case ofSchedule:
		return s.scheduled(t.name)
	case ofOffer:
		if opts, ok := s.offering(t.name, t.kind); ok {
			return map[string]string{"": fmt.Sprint(opts)}
		}
	}
	return nil
}

// follow calls changed with all that some topics have, and then with what changes there, until
// ctx ends.
func (s *Store) follow(ctx context.Context, changed func(map[string]world.Change), topics ...topic) error {
	r := newReader()
	s.mu.Lock()
	for _, t := range topics {
		if s.readers[t] == nil {
			s.readers[t] = map[*reader]bool{}
		}
		s.readers[t][r] = true
		for key, value := range s.all(t) {
			r.tell(key, world.Change{Value: value, Exists: true})
		}
	}
	s.mu.Unlock()
	defer s.leave(r, topics)
	return r.run(ctx, &s.mu, changed)
}

func (s *Store) leave(r *reader, topics []topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range topics {
		if delete(s.readers[t], r); len(s.readers[t]) == 0 {
			delete(s.readers, t)
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
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.strings[key]; !ok || old != value {
		s.strings[key] = value
		s.tell(topic{what: ofString, name: key}, "", world.Change{Value: value, Exists: true})
	}
	return nil
}

func (v *view) DeleteString(_ context.Context, key string) error {
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.strings[key]; ok {
		delete(s.strings, key)
		s.tell(topic{what: ofString, name: key}, "", world.Change{})
	}
	return nil
}

func (v *view) WatchString(ctx context.Context, key string, emit func(value string, exists bool)) error {
	return v.store.follow(ctx, func(d map[string]world.Change) { emit(d[""].Value, d[""].Exists) }, topic{what: ofString, name: key})
}

func (v *view) GetValue(_ context.Context, namespace string) (string, bool, error) {
	v.store.mu.Lock()
	defer v.store.mu.Unlock()
	value, ok := v.store.values[namespace][v.host]
	return value, ok, nil
}

func (v *view) SetValue(_ context.Context, namespace, value string) error {
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values[namespace] == nil {
		s.values[namespace] = map[string]string{}
	}
	if old, ok := s.values[namespace][v.host]; !ok || old != value {
		s.values[namespace][v.host] = value
		s.tell(topic{what: ofValues, name: namespace}, v.host, world.Change{Value: value, Exists: true})
	}
	return nil
}

func (v *view) DeleteValue(_ context.Context, namespace string) error {
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.values[namespace][v.host]; ok {
		delete(s.values[namespace], v.host)
		s.tell(topic{what: ofValues, name: namespace}, v.host, world.Change{})
	}
	return nil
}

func (v *view) WatchValues(ctx context.Context, namespace string, emit func(changed map[string]world.Change)) error {
	return v.store.follow(ctx, emit, topic{what: ofValues, name: namespace})
}

// differences returns what has to change to make one map of the other.
func differences(before, after map[string]string) map[string]world.Change {
	out := map[string]world.Change{}
	for key, value := range after {
		if old, ok := before[key]; !ok || old != value {
			out[key] = world.Change{Value: value, Exists: true}
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			out[key] = world.Change{}
		}
	}
	return out
}

// replace changes what the store has as a whole, and tells each reader of the differences.
func (s *Store) replace(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := map[topic]map[string]string{}
	for t := range s.readers {
		before[t] = maps.Clone(s.all(t))
	}
	change()
	for t, old := range before {
		for key, c := range differences(old, s.all(t)) {
			s.tell(t, key, c)
		}
	}
}
