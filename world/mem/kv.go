package mem

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"mgmt/world"
)

// KV implements world.Keyed.
func (v *view) KV() world.KV { return &keyView{&v.store.keys, v.host} }

// Leave removes what a host holds, as if it had died.
func (s *Store) Leave(host string) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.change(nil, slices.Collect(maps.Keys(s.keys.held[host])))
	delete(s.keys.held, host)
}

// keys are the plain keys of a store.
type keys struct {
	mu      sync.Mutex // guards all below, and what readers have not taken
	values  map[string]string
	held    map[string]map[string]bool  // keys by the host that holds them
	readers map[string]map[*reader]bool // by the prefix that they follow
}

func newKeys() keys {
	return keys{values: map[string]string{}, held: map[string]map[string]bool{}, readers: map[string]map[*reader]bool{}}
}

// tell tells those of a change who follow a prefix of the key. The caller has the lock.
func (k *keys) tell(key string, c world.Change) {
	for i := range len(key) + 1 {
		for r := range k.readers[key[:i]] {
			r.tell(key, c)
		}
	}
}

// change makes changes and tells the readers. The caller has the lock.
func (k *keys) change(put map[string]string, remove []string) {
	for key, value := range put {
		if old, ok := k.values[key]; ok && old == value {
			continue
		}
		k.values[key] = value
		k.tell(key, world.Change{Value: value, Exists: true})
	}
	for _, key := range remove {
		if _, ok := k.values[key]; !ok {
			continue
		}
		delete(k.values, key)
		k.tell(key, world.Change{})
	}
}

// A keyView is the view that one host has of the keys.
type keyView struct {
	*keys
	host string
}

func (v *keyView) Get(_ context.Context, keys ...string) (map[string]string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make(map[string]string, len(keys))
	for _, key := range keys {
		if value, ok := v.values[key]; ok {
			out[key] = value
		}
	}
	return out, nil
}

func (v *keyView) Missing(_ context.Context, keys ...string) ([]string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for _, key := range keys {
		if _, ok := v.values[key]; !ok {
			out = append(out, key)
		}
	}
	return out, nil
}

func (v *keyView) List(_ context.Context, prefix string) (map[string]string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := map[string]string{}
	for key, value := range v.values {
		if strings.HasPrefix(key, prefix) {
			out[key] = value
		}
	}
	return out, nil
}

func (v *keyView) Commit(_ context.Context, t world.Txn) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range t.If {
		if value, ok := v.values[c.Key]; !c.Holds(value, ok) {
			return false, nil
		}
	}
	v.change(t.Put, t.Delete)
	return true, nil
}

func (v *keyView) Hold(_ context.Context, key, value string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held[v.host] == nil {
		v.held[v.host] = map[string]bool{}
	}
	v.held[v.host][key] = true
	v.change(map[string]string{key: value}, nil)
	return nil
}

func (v *keyView) Follow(ctx context.Context, prefix string, changed func(map[string]world.Change)) error {
	r := newReader()
	v.enter(prefix, r)
	defer v.leave(prefix, r)
	return r.run(ctx, &v.mu, changed)
}

// enter adds a reader, whose first changes are all the keys that there are.
func (k *keys) enter(prefix string, r *reader) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, value := range k.values {
		if strings.HasPrefix(key, prefix) {
			r.tell(key, world.Change{Value: value, Exists: true})
		}
	}
	if k.readers[prefix] == nil {
		k.readers[prefix] = map[*reader]bool{}
	}
	k.readers[prefix][r] = true
}

func (k *keys) leave(prefix string, r *reader) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if delete(k.readers[prefix], r); len(k.readers[prefix]) == 0 {
		delete(k.readers, prefix)
	}
}
