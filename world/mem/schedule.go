package mem

import (
	"context"
	"maps"
	"slices"
	"strings"

	"mgmt/world"
)

// A pool is a scheduling namespace.
type pool struct {
	roster *world.Roster
	holds  map[string][]*world.ScheduleOptions // of callers of Offer that are running, by host
}

// Offer implements world.Scheduler. When ctx ends the offer is withdrawn at once: an agent in
// this process cannot die without its context.
func (v *view) Offer(ctx context.Context, namespace string, opts world.ScheduleOptions) error {
	if err := world.CheckOffer(v.host, namespace, opts); err != nil {
		return err
	}
	v.store.repool(namespace, v.host, func(p *pool) {
		p.holds[v.host] = append(p.holds[v.host], &opts)
		p.roster.Enter(v.host, opts)
	})
	<-ctx.Done()
	v.store.repool(namespace, v.host, func(p *pool) { p.leave(v.host, &opts) })
	return ctx.Err()
}

// leave ends one call of Offer.
func (p *pool) leave(host string, hold *world.ScheduleOptions) {
	rest := slices.DeleteFunc(p.holds[host], func(h *world.ScheduleOptions) bool { return h == hold })
	p.holds[host] = rest
	switch n := len(rest); {
	case n > 0:
		p.roster.Enter(host, *rest[n-1])
	case !hold.Persist:
		p.roster.Leave(host)
	}
	if len(rest) == 0 {
		delete(p.holds, host)
	}
}

// left returns the offers that stay although nobody keeps them up, by host.
func (p *pool) left() map[string]world.ScheduleOptions {
	out := p.roster.Offers()
	maps.DeleteFunc(out, func(host string, _ world.ScheduleOptions) bool { return len(p.holds[host]) > 0 })
	return out
}

// GetOffer implements world.Scheduler.
func (v *view) GetOffer(_ context.Context, namespace string) (world.ScheduleOptions, bool, error) {
	if err := world.CheckNamespace(namespace); err != nil {
		return world.ScheduleOptions{}, false, err
	}
	v.store.mu.Lock()
	defer v.store.mu.Unlock()
	opts, exists := v.store.offering(namespace, v.host)
	return opts, exists, nil
}

// offering returns the offer of a host. The caller has the lock.
func (s *Store) offering(namespace, host string) (world.ScheduleOptions, bool) {
	if p := s.pools[namespace]; p != nil {
		return p.roster.Offer(host)
	}
	return world.ScheduleOptions{}, false
}

// WatchOffer implements world.Scheduler. Its topic says only that something has changed, not what.
func (v *view) WatchOffer(ctx context.Context, namespace string, emit func(world.ScheduleOptions, bool)) error {
	if err := world.CheckNamespace(namespace); err != nil {
		return err
	}
	return v.store.follow(ctx, func(map[string]world.Change) {
		opts, exists, _ := v.GetOffer(ctx, namespace) // the namespace is right
		emit(opts, exists)
	}, topic{what: ofOffer, name: namespace, kind: v.host})
}

// WithdrawOffer implements world.Scheduler.
func (v *view) WithdrawOffer(_ context.Context, namespace string) error {
	if err := world.CheckNamespace(namespace); err != nil {
		return err
	}
	v.store.repool(namespace, v.host, func(p *pool) { p.roster.Leave(v.host) })
	return nil
}

// pool returns that of a namespace. The caller has the lock.
func (s *Store) pool(namespace string) *pool {
	if s.pools[namespace] == nil {
		s.pools[namespace] = &pool{roster: world.NewRoster(), holds: map[string][]*world.ScheduleOptions{}}
	}
	return s.pools[namespace]
}

// repool changes the offer of a host, and tells the readers of that offer, and those of the picked
// hosts if that makes others be picked.
func (s *Store) repool(namespace, host string, change func(*pool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pool(namespace)
	before := s.scheduled(namespace)
	old, existed := p.roster.Offer(host)
	change(p)
	for key, c := range differences(before, s.scheduled(namespace)) {
		s.tell(topic{what: ofSchedule, name: namespace}, key, c)
	}
	if opts, exists := p.roster.Offer(host); exists != existed || opts != old {
		s.tell(topic{what: ofOffer, name: namespace, kind: host}, "", world.Change{Exists: exists})
	}
	if p.roster.Len() == 0 && len(p.holds) == 0 {
		delete(s.pools, namespace)
	}
}

// scheduled returns the picked hosts of a namespace, as one text.
func (s *Store) scheduled(namespace string) map[string]string {
	p := s.pools[namespace]
	if p == nil {
		return nil
	}
	if hosts := p.roster.Picked(); len(hosts) > 0 {
		return map[string]string{"": strings.Join(hosts, ",")}
	}
	return nil
}

// WatchSchedule implements world.Scheduler.
func (v *view) WatchSchedule(ctx context.Context, namespace string, emit func([]string)) error {
	if err := world.CheckNamespace(namespace); err != nil {
		return err
	}
	return v.store.follow(ctx, func(d map[string]world.Change) {
		hosts := []string{}
		if c := d[""]; c.Exists {
			hosts = strings.Split(c.Value, ",")
		}
		emit(hosts)
	}, topic{what: ofSchedule, name: namespace})
}
