package world

import (
	"cmp"
	"slices"
)

// A Roster holds the hosts that offer themselves for a namespace, and picks some of them. When a
// host comes or goes, only its own place is looked at, not all the others.
type Roster struct {
	offers map[string]offer // by host
	names  []string         // of the hosts, sorted
	order  []place          // of the hosts, as they came
	came   uint64           // how many hosts have ever come

	// The hosts, sorted, whose offers set a strategy, or a maximum.
	strategic, limiting []string
}

// An offer is that of one host.
type offer struct {
	opts ScheduleOptions
	came uint64
}

// A place is one in the order in which hosts came.
type place struct {
	came uint64
	host string
}

// NewRoster returns a roster without hosts.
func NewRoster() *Roster { return &Roster{offers: map[string]offer{}} }

// Offer returns what a host offers.
func (r *Roster) Offer(host string) (opts ScheduleOptions, exists bool) {
	o, exists := r.offers[host]
	return o.opts, exists
}

// Offers returns what all hosts offer.
func (r *Roster) Offers() map[string]ScheduleOptions {
	out := make(map[string]ScheduleOptions, len(r.offers))
	for host, o := range r.offers {
		out[host] = o.opts
	}
	return out
}

// Len returns how many hosts there are.
func (r *Roster) Len() int { return len(r.names) }

// Enter adds a host, or changes its options.
func (r *Roster) Enter(host string, opts ScheduleOptions) {
	o, known := r.offers[host]
	if !known {
		r.came++
		o.came = r.came
		insert(&r.names, host)
		r.order = append(r.order, place{o.came, host})
	}
	member(&r.strategic, host, o.opts.Strategy != "", opts.Strategy != "")
	member(&r.limiting, host, o.opts.Max != 0, opts.Max != 0)
	o.opts = opts
	r.offers[host] = o
}

// Leave removes a host.
func (r *Roster) Leave(host string) {
	o, known := r.offers[host]
	if !known {
		return
	}
	delete(r.offers, host)
	remove(&r.names, host)
	at, _ := slices.BinarySearchFunc(r.order, o.came, func(p place, came uint64) int { return cmp.Compare(p.came, came) })
	r.order = slices.Delete(r.order, at, at+1)
	member(&r.strategic, host, o.opts.Strategy != "", false)
	member(&r.limiting, host, o.opts.Max != 0, false)
}

// member adds a host to a list, or removes it, if that changes.
func member(list *[]string, host string, before, after bool) {
	switch {
	case after && !before:
		insert(list, host)
	case before && !after:
		remove(list, host)
	}
}

func insert(list *[]string, host string) {
	at, _ := slices.BinarySearch(*list, host)
	*list = slices.Insert(*list, at, host)
}

func remove(list *[]string, host string) {
	at, _ := slices.BinarySearch(*list, host)
	*list = slices.Delete(*list, at, at+1)
}

// options returns the options of the namespace. Where hosts disagree, the last one by name that
// sets an option decides.
func (r *Roster) options() ScheduleOptions {
	var opts ScheduleOptions
	if n := len(r.strategic); n > 0 {
		opts.Strategy = r.offers[r.strategic[n-1]].opts.Strategy
	}
	if n := len(r.limiting); n > 0 {
		opts.Max = r.offers[r.limiting[n-1]].opts.Max
	}
	return opts
}

// Picked returns the hosts that are picked, sorted. An unknown strategy counts as rr.
func (r *Roster) Picked() []string {
	opts := r.options()
	n := opts.Limit(len(r.names))
	if opts.Strategy == "alpha" {
		return append([]string{}, r.names[:n]...)
	}
	picked := make([]string, n)
	for i, p := range r.order[:n] {
		picked[i] = p.host
	}
	slices.Sort(picked)
	return picked
}
