package cluster

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestChoose(t *testing.T) {
	for _, x := range []struct {
		what                string
		members, volunteers string
		wanted              int
		nominate, take      string
	}{
		{"alone", "a", "a", 5, "", ""},
		{"one joins", "a", "a b", 5, "b", ""},
		{"one at a time, by name", "a", "a d c b", 5, "b", ""},
		{"enough", "a b c", "a b c d", 3, "", ""},
		{"one too many, and not oneself", "a b c", "a b c", 2, "", "c"},
		{"a member is replaced before it goes", "a b c", "a b d", 3, "d", ""},
		{"and goes then", "a b c d", "a b d", 3, "", "c"},
		{"nobody is there to replace it", "a b c", "a b", 3, "", "c"},
		{"all quit, oneself last", "a b c", "", 3, "", "b c a"},
		{"the wanted size is 0", "a b", "a b", 0, "", "b"},
		{"and one is the last", "a", "a", 0, "", "a"},
		{"oneself first", "b", "b a", 3, "a", ""},
	} {
		got := Choose("a", strings.Fields(x.members), strings.Fields(x.volunteers), x.wanted)
		if !slices.Equal(got.Nominate, strings.Fields(x.nominate)) || !slices.Equal(got.Unnominate, strings.Fields(x.take)) {
			t.Errorf("%s: nominates %q, takes back %q", x.what, got.Nominate, got.Unnominate)
		}
	}
}

// Whatever the start, taking step after step leads to the wanted size, and no step does harm.
func TestChooseConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hosts := rapid.SliceOfDistinct(rapid.StringMatching("[a-j]"), rapid.ID[string])
		others := without(hosts.Draw(t, "members"), []string{"leader"})
		members := append(others, "leader")
		volunteers := append(hosts.Draw(t, "volunteers"), "leader")
		wanted := rapid.IntRange(1, 7).Draw(t, "wanted")
		for step := 0; ; step++ {
			c := Choose("leader", members, volunteers, wanted)
			if len(c.Nominate) == 0 && len(c.Unnominate) == 0 {
				break
			}
			quitters := without(members, volunteers)
			switch {
			case step > 50:
				t.Fatalf("no end: %q of %q", members, volunteers)
			case len(c.Nominate) > 1 || len(c.Nominate) > 0 && len(c.Unnominate) > 0:
				t.Fatalf("more than one kind of change: %+v", c)
			case slices.Contains(c.Unnominate, "leader"):
				t.Fatalf("the leader leaves: %+v", c)
			case len(c.Unnominate) > 1 && len(without(c.Unnominate, quitters)) > 0:
				t.Fatalf("members that volunteer leave together: %+v", c)
			}
			members = append(without(members, c.Unnominate), c.Nominate...)
		}
		if want := min(wanted, len(volunteers)); len(members) != want || len(without(members, volunteers)) > 0 {
			t.Fatalf("%q of %q, wanted %d", members, volunteers, wanted)
		}
	})
}
