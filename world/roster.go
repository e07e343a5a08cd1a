package world

import "slices"

// A Roster is the hosts that offer themselves for a namespace, and picks of them as [Pick]
// does. One host that comes or goes costs its own place, not a look at all others.
type Roster struct {
	offers map[string]ScheduleOptions // by host
	names  []string                   // the hosts by name
	order  []string                   // the hosts in the order that rr keeps
}

// NewRoster returns a roster without hosts.
func NewRoster() *Roster { return &Roster{offers: map[string]ScheduleOptions{}} }

// Enter adds a host, or changes its options.
func (r *Roster) Enter(host string, opts ScheduleOptions) {
	_, known := r.offers[host]
	r.offers[host] = opts
	if known {
		return
	}
	at, _ := slices.BinarySearch(r.names, host)
	r.names = slices.Insert(r.names, at, host)
	r.order = append(r.order, host)
}

// Leave removes a host.
func (r *Roster) Leave(host string) {
	if _, known := r.offers[host]; !known {
		return
	}
	delete(r.offers, host)
	at, _ := slices.BinarySearch(r.names, host)
	r.names = slices.Delete(r.names, at, at+1)
	at = slices.Index(r.order, host)
	r.order = slices.Delete(r.order, at, at+1)
}

// Picked returns the hosts that are picked, by name. Of the options of several hosts those of
// the last one by name count.
func (r *Roster) Picked() []string {
	if len(r.names) == 0 {
		return []string{}
	}
	opts := r.offers[r.names[len(r.names)-1]]
	order := r.order
	if opts.Strategy == "alpha" {
		order = r.names
	}
	picked := slices.Clone(order[:opts.Limit(len(order))])
	slices.Sort(picked)
	return picked
}
