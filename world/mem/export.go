package mem

import (
	"context"
	"maps"
	"slices"
	"strings"

	"mgmt/world"
)

// Export implements world.Exports.
func (v *view) Export(_ context.Context, key world.ExportKey, data string) error {
	if err := key.Check(); err != nil {
		return err
	}
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exports[v.host] == nil {
		s.exports[v.host] = map[world.ExportKey]string{}
	}
	if old, ok := s.exports[v.host][key]; !ok || old != data {
		s.exports[v.host][key] = data
		s.tell(offerOf(key), s.offer(v.host, key, data), world.Change{Value: data, Exists: true})
	}
	return nil
}

// Withdraw implements world.Exports.
func (v *view) Withdraw(_ context.Context, key world.ExportKey) error {
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.exports[v.host][key]; !ok {
		return nil
	}
	delete(s.exports[v.host], key)
	t, id := offerOf(key), offerID(v.host, key)
	if delete(s.offered[t], id); len(s.offered[t]) == 0 {
		delete(s.offered, t)
	}
	s.tell(t, id, world.Change{})
	return nil
}

// Exported implements world.Exports.
func (v *view) Exported(context.Context) ([]world.ExportKey, error) {
	v.store.mu.Lock()
	defer v.store.mu.Unlock()
	return slices.Collect(maps.Keys(v.store.exports[v.host])), nil
}

// offerOf returns the topic of an export.
func offerOf(key world.ExportKey) topic { return topic{what: ofExports, name: key.To, kind: key.Kind} }

// offerID tells the exports of a topic apart, and those of different topics for one reader.
func offerID(from string, key world.ExportKey) string { return key.To + "/" + from + "/" + key.Name }

// offer notes an export under its topic, and returns its ID there.
func (s *Store) offer(from string, key world.ExportKey, data string) (id string) {
	t, id := offerOf(key), offerID(from, key)
	if s.offered[t] == nil {
		s.offered[t] = map[string]string{}
	}
	s.offered[t][id] = data
	return id
}

// WatchExports implements world.Exports.
func (v *view) WatchExports(ctx context.Context, kind string, emit func([]world.Export)) error {
	all := map[string]string{}
	return v.store.follow(ctx, func(d map[string]world.Change) {
		world.Apply(all, d)
		emit(exportsFor(v.host, all))
	}, topic{ofExports, v.host, kind}, topic{ofExports, world.Everyone, kind})
}

// exportsFor lists what is exported to a host or to everyone.
func exportsFor(host string, all map[string]string) []world.Export {
	out := make([]world.Export, 0, len(all))
	for id, data := range all {
		to, rest, _ := strings.Cut(id, "/")
		if _, own := all[host+"/"+rest]; own && to != host {
			continue
		}
		from, name, _ := strings.Cut(rest, "/")
		out = append(out, world.Export{Name: name, From: from, Data: data})
	}
	slices.SortFunc(out, world.Export.Compare)
	return out
}
