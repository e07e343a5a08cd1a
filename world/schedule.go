package world

import (
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
		order := slices.DeleteFunc(slices.Clone(last), func(h string) bool { return !slices.Contains(candidates, h) })
		for _, h := range byName {
			if !slices.Contains(order, h) {
				order = append(order, h)
			}
		}
		return order, nil
	case "alpha":
		return byName, nil
	}
	return nil, fmt.Errorf("there is no scheduling strategy %q; there are %q", opts.Strategy, Strategies)
}
