package world

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Strategies are the ways in which hosts can be picked:
//
//   - rr keeps the order in which hosts came;
//   - alpha takes the hosts by name.
//
// The first hosts in that order are picked.
var Strategies = []string{"rr", "alpha"}

// CheckOffer reports why a host cannot offer itself for a namespace: the namespace has to be one
// element of a key, and the name of the host has to fit into a list of picked hosts.
func CheckOffer(host, namespace string, opts ScheduleOptions) error {
	switch {
	case strings.Contains(host, ","):
		return fmt.Errorf("a host that is scheduled has a name without a comma, not %q; give it another one with --hostname", host)
	case opts.Strategy != "" && !slices.Contains(Strategies, opts.Strategy):
		return fmt.Errorf("there is no scheduling strategy %q; there are %q", opts.Strategy, Strategies)
	}
	return CheckNamespace(namespace)
}

// CheckNamespace reports why nothing can be scheduled under a namespace.
func CheckNamespace(namespace string) error {
	if namespace == "" || strings.Contains(namespace, "/") {
		return fmt.Errorf("the scheduling namespace is %q; it has to be a name without /", namespace)
	}
	return nil
}

// Limit returns how many of n hosts are picked.
func (o ScheduleOptions) Limit(n int) int { return min(max(cmp.Or(o.Max, 1), 0), n) }
