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
	d := world.Dump{Strings: maps.Clone(s.strings), Values: nested(s.values), Exports: nested(s.exports), Schedules: map[string][]string{}, Offers: map[string]map[string]world.ScheduleOptions{}}
	for namespace, p := range s.pools {
		if hosts := p.roster.Picked(); len(hosts) > 0 {
			d.Schedules[namespace] = hosts
		}
		if left := p.left(); len(left) > 0 {
			d.Offers[namespace] = left
		}
	}
	return d
}

// Restore makes the store hold what a dump has, but for the schedules: those come of the offers.
func (s *Store) Restore(d world.Dump) {
	s.replace(func() {
		s.strings, s.values, s.exports = maps.Clone(d.Strings), nested(d.Values), nested(d.Exports)
		s.offered = map[topic]map[string]string{}
		for namespace, offers := range d.Offers {
			p := s.pool(namespace)
			for _, host := range slices.Sorted(maps.Keys(offers)) {
				p.roster.Enter(host, offers[host])
			}
		}
		for from, all := range s.exports {
			for key, data := range all {
				s.offer(from, key, data)
			}
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
