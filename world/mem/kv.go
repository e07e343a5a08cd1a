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
	held    map[string]map[string]bool // keys by the host that holds them
	readers map[*keyReader]bool
}

// A keyReader is one who follows what is below a prefix.
type keyReader struct {
	prefix  string
	pending map[string]world.Change
	wake    chan struct{} // has one when there is something to take
}

func (r *keyReader) tell(key string, c world.Change) {
	if !strings.HasPrefix(key, r.prefix) {
		return
	}
	r.pending[key] = c
	r.signal()
}

func (r *keyReader) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// change makes changes and tells the readers. The caller has the lock.
func (k *keys) change(put map[string]string, remove []string) {
	for key, value := range put {
		if old, ok := k.values[key]; ok && old == value {
			continue
		}
		k.values[key] = value
		for r := range k.readers {
			r.tell(key, world.Change{Value: value, Exists: true})
		}
	}
	for _, key := range remove {
		if _, ok := k.values[key]; !ok {
			continue
		}
		delete(k.values, key)
		for r := range k.readers {
			r.tell(key, world.Change{})
		}
	}
}

// A keyView is the keys as a host has them.
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
	r := v.enter(prefix)
	defer v.leave(r)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.wake:
			changed(v.take(r))
		}
	}
}

// enter adds a reader, who has to take all that there is.
func (k *keys) enter(prefix string) *keyReader {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := &keyReader{prefix: prefix, pending: map[string]world.Change{}, wake: make(chan struct{}, 1)}
	for key, value := range k.values {
		r.tell(key, world.Change{Value: value, Exists: true})
	}
	r.signal()
	k.readers[r] = true
	return r
}

func (k *keys) leave(r *keyReader) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.readers, r)
}

func (k *keys) take(r *keyReader) map[string]world.Change {
	k.mu.Lock()
	defer k.mu.Unlock()
	d := r.pending
	r.pending = map[string]world.Change{}
	return d
}
