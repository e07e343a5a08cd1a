package mem

import (
	"maps"
	"slices"

	"mgmt/world"
)

// Dump returns what the store holds.
func (s *Store) Dump() world.Dump {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := world.Dump{Strings: maps.Clone(s.strings), Values: nested(s.values), Exports: nested(s.exports), Schedules: map[string][]string{}}
	for namespace := range s.pools {
		if hosts := s.scheduled(namespace); len(hosts) > 0 {
			d.Schedules[namespace] = hosts
		}
	}
	return d
}

// Restore makes the store hold what a dump has. Its schedules are orders to be kept.
func (s *Store) Restore(d world.Dump) {
	s.change(func() {
		s.strings, s.values, s.exports = maps.Clone(d.Strings), nested(d.Values), nested(d.Exports)
		for namespace, hosts := range d.Schedules {
			s.pools[namespace] = &pool{offers: map[string]*offer{}, order: slices.Clone(hosts)}
		}
	})
}

func nested[K comparable](m map[string]map[K]string) map[string]map[K]string {
	out := make(map[string]map[K]string, len(m))
	for key, inner := range m {
		out[key] = maps.Clone(inner)
	}
	return out
}
