package cluster

import (
	"cmp"
	"maps"
	"slices"
)

// A Choice is what the leader does next: it nominates some hosts, or takes nominations back.
type Choice struct{ Nominate, Unnominate []string }

// Choose compares the hosts that are members with those that volunteer. Each choice is one step
// towards the wanted size; the event that it causes brings the next one.
//
//   - When there are fewer members than wanted, not counting quitters, one volunteer is nominated,
//     so that a member is replaced before it goes.
//   - When there are more than wanted, one goes: not self, which is the leader, unless none is
//     wanted and it is the last.
//   - Quitters go, self last.
func Choose(self string, members, volunteers []string, wanted int) Choice {
	candidates := without(volunteers, members)
	quitters := without(members, volunteers)
	switch {
	case len(candidates) > 0 && len(members)-len(quitters) < wanted:
		return Choice{Nominate: ordered(candidates, self, true)[:1]}
	case len(quitters) == 0 && len(members) > max(wanted, 1), len(members) == 1 && wanted == 0:
		byName := ordered(members, self, true)
		return Choice{Unnominate: byName[len(byName)-1:]}
	}
	return Choice{Unnominate: ordered(quitters, self, false)}
}

// without returns the names of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(name string) bool { return slices.Contains(b, name) })
}

// ordered returns names in order, each once, with self at the front or at the end.
func ordered(names []string, self string, front bool) []string {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	rank := func(name string) int {
		switch {
		case name != self:
			return 0
		case front:
			return -1
		}
		return 1
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}
