package world

import (
	"cmp"
	"fmt"
	"slices"
)

// Strategies are the ways in which hosts can be picked.
var Strategies = []string{"rr", "alpha"}

// Pick returns the hosts that are picked of the candidates, in order. last is the order
// kept from the pick before, from which it is not to stray without need:
//
//   - rr keeps that order, drops hosts that are no candidates any more, and appends new ones
//     by name;
//   - alpha takes the candidates by name.
//
// Of the result the first opts.Max hosts are scheduled.
func Pick(opts ScheduleOptions, last, candidates []string) ([]string, error) {
	byName := slices.Sorted(slices.Values(candidates))
	switch opts.Strategy {
	case "", "rr":
		return keepOrder(last, byName), nil
	case "alpha":
		return byName, nil
	}
	return nil, fmt.Errorf("there is no scheduling strategy %q; there are %q", opts.Strategy, Strategies)
}

// keepOrder returns the hosts in their last order, and then those that are not in it.
func keepOrder(last, hosts []string) []string {
	missing := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		missing[h] = true
	}
	order := make([]string, 0, len(hosts))
	for _, list := range [][]string{last, hosts} {
		for _, h := range list {
			if missing[h] {
				order = append(order, h)
				delete(missing, h)
			}
		}
	}
	return order
}

// Limit returns how many of n hosts are picked.
func (o ScheduleOptions) Limit(n int) int { return min(max(cmp.Or(o.Max, 1), 0), n) }
