package mem

import (
	"context"
	"fmt"
	"strings"

	"mgmt/world"
)

// A pool is a scheduling namespace.
type pool struct {
	roster *world.Roster
	holds  map[string]int // callers of Offer that are running, by host
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
	v.store.repool(namespace, func(p *pool) {
		p.holds[v.host]++
		p.roster.Enter(v.host, opts)
	})
	<-ctx.Done()
	if !opts.Persist {
		v.store.repool(namespace, func(p *pool) {
			if p.holds[v.host]--; p.holds[v.host] == 0 {
				delete(p.holds, v.host)
				p.roster.Leave(v.host)
			}
		})
	}
	return ctx.Err()
}

// repool changes the offers of a namespace, and tells of it if others are picked.
func (s *Store) repool(namespace string, change func(*pool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pools[namespace] == nil {
		s.pools[namespace] = &pool{roster: world.NewRoster(), holds: map[string]int{}}
	}
	before := s.scheduled(namespace)
	change(s.pools[namespace])
	for key, c := range differences(before, s.scheduled(namespace)) {
		s.tell(topic{what: ofSchedule, name: namespace}, key, c)
	}
}

// scheduled returns the picked hosts of a namespace, as one text.
func (s *Store) scheduled(namespace string) map[string]string {
	p := s.pools[namespace]
	if p == nil {
		return nil
	}
	if hosts := p.roster.Picked(); len(hosts) > 0 {
		return map[string]string{"": strings.Join(hosts, "/")}
	}
	return nil
}

// WatchSchedule implements world.Scheduler.
func (v *view) WatchSchedule(ctx context.Context, namespace string, emit func([]string)) error {
	return v.store.follow(ctx, func(d map[string]world.Change) {
		hosts := []string{}
		if c := d[""]; c.Exists {
			hosts = strings.Split(c.Value, "/")
		}
		emit(hosts)
	}, topic{what: ofSchedule, name: namespace})
}
