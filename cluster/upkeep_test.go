package cluster

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"mgmt/world/etcd"
)

// member returns one by its state, and by how full its files are in percent, and what is in use.
func member(host, state string, size, use int64) Member {
	m := Member{Host: host, State: state, Size: size, InUse: use, Quota: 100}
	if state != Silent {
		m.at = "http://" + host
	}
	return m
}

func TestStrain(t *testing.T) {
	for _, test := range []struct {
		alarm bool
		size  int64
		want  strain
	}{
		{false, 0, roomy}, {false, 79, roomy}, {false, 80, tight}, {false, 200, tight}, {true, 10, full}, {true, 100, full},
	} {
		if got := strainOf(test.alarm, member("b", Follows, 1, 1), member("a", Leads, test.size, 1)); got != test.want {
			t.Errorf("alarm %v, %d %%: got %v, want %v", test.alarm, test.size, got, test.want)
		}
	}
	if got := strainOf(false, Member{Size: 1 << 40}); got != roomy {
		t.Errorf("of a server that says no quota: %v", got)
	}
}

func TestHasRoom(t *testing.T) {
	for want, members := range map[bool][]Member{
		true:  {member("a", Leads, 89, 89), {Host: "b", State: Silent}},
		false: {member("a", Leads, 89, 89), member("b", Follows, 90, 10)},
	} {
		if got := hasRoom(members); got != want {
			t.Errorf("%v: %v", members, got)
		}
	}
}

// Who makes its files smaller next, as seen by host a.
func TestNextToShrink(t *testing.T) {
	type members []Member
	for _, test := range []struct {
		what string
		s    strain
		in   members
		want []string // one after the other
	}{
		{"the leader is last", full, members{member("a", Leads, 100, 10), member("b", Follows, 100, 10), member("c", Follows, 100, 10)}, []string{"b", "c", "a"}},
		{"the same before it is full", tight, members{member("a", Leads, 85, 10), member("b", Follows, 90, 10)}, []string{"b", "a"}},
		{"who is not full is left alone", full, members{member("a", Leads, 100, 10), member("b", Follows, 40, 10)}, []string{"a"}},
		{"nothing to be gained", tight, members{member("a", Leads, 85, 80), member("b", Follows, 90, 70)}, []string{"b"}},
		{"what is in use is not known", full, members{member("a", Leads, 100, 95), member("b", Follows, 100, 99)}, []string{"b", "a"}},
		{"another one leads", full, members{member("a", Follows, 100, 10), member("b", Leads, 100, 10)}, nil},
		{"a server is away", tight, members{member("a", Leads, 85, 10), member("b", Silent, 0, 0)}, nil},
		{"a server is away, and the store full", full, members{member("a", Leads, 100, 10), member("b", Silent, 0, 0)}, []string{"a"}},
		{"a server catches up", tight, members{member("a", Leads, 85, 10), member("b", Learns, 10, 10)}, nil},
		{"roomy", roomy, members{member("a", Leads, 100, 10)}, nil},
	} {
		done := map[string]bool{}
		var got []string
		for m := nextToShrink(test.in, "a", test.s, done); m != nil; m = nextToShrink(test.in, "a", test.s, done) {
			done[m.Host] = true
			got = append(got, m.Host)
		}
		if len(got) != len(test.want) {
			t.Errorf("%s: got %v, want %v", test.what, got, test.want)
			continue
		}
		for i, host := range test.want {
			if got[i] != host {
				t.Errorf("%s: got %v, want %v", test.what, got, test.want)
			}
		}
	}
}

func TestBehind(t *testing.T) {
	lead, other := member("a", Leads, 1, 1), member("b", Follows, 1, 1)
	lead.applied, other.applied = 5000, 5000-maxLag
	if behind([]Member{lead, other}) {
		t.Error("a server that has nearly all is behind")
	}
	if other.applied--; !behind([]Member{other, lead}) {
		t.Error("a server that lacks much is not behind")
	}
	if silent := member("b", Silent, 0, 0); behind([]Member{lead, silent}) {
		t.Error("a server that does not answer is waited for")
	}
}

// A store that stays full is looked after again with growing pauses, and soon when something was
// removed from it.
func TestUpkeepPauses(t *testing.T) {
	now := time.Unix(1e9, 0)
	u := &upkeep{}
	if u.due(now, roomy, 1) {
		t.Error("a roomy store is looked after")
	}
	for _, want := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600} {
		if !u.due(now, full, 7) {
			t.Fatal("it is not due")
		}
		if u.busy = true; u.due(now, full, 7) {
			t.Error("it is due while it is done")
		}
		u.ended(now, full, 7)
		wait := want * time.Second
		if u.due(now.Add(wait-1), full, 7) || !u.due(now.Add(wait), full, 7) {
			t.Errorf("the pause is not %v", wait)
		}
		if u.due(now.Add(pauseMin-1), full, 8) || !u.due(now.Add(pauseMin), full, 8) {
			t.Errorf("after a removal, the pause is not %v", pauseMin)
		}
		if want > 10 && u.due(now.Add(pauseMin), tight, 8) {
			t.Error("a store that takes writes changes all the time")
		}
		now = now.Add(wait)
	}
	if u.ended(now, roomy, 9); !u.due(now, tight, 9) {
		t.Error("a store that was helped is left alone")
	}
}

// A store that takes no writes is reached all the same, and status says what ails it.
func TestAFullStoreIsNoOutage(t *testing.T) {
	m, err := NewMembership(Options{Host: "a", Dir: t.TempDir(), Seeds: []string{"http://127.0.0.1:1"}, NoServer: true}, true)
	if err != nil {
		t.Fatal(err)
	}
	ailment := func() error {
		_, what := m.Ailment()
		return what
	}
	outage := func() error {
		_, why := m.Outage()
		return why
	}
	lost := errors.New("it does not answer")
	m.onHealth(etcd.Health{Err: lost})
	if outage() != lost || ailment() != nil {
		t.Errorf("a store that is not reached: %v, %v", outage(), ailment())
	}
	m.onHealth(etcd.Health{Err: fmt.Errorf("writing /alive/a: %w", etcd.ErrFull)})
	if outage() != nil || !errors.Is(ailment(), etcd.ErrFull) {
		t.Errorf("a store that is full: %v, %v", outage(), ailment())
	}
	m.node.ail(lost)
	if ailment() != lost {
		t.Errorf("the host that leads knows more: %v", ailment())
	}
	m.node.ail(nil)
	m.onHealth(etcd.Health{Connected: true})
	if outage() != nil || ailment() != nil {
		t.Errorf("a store that is well: %v, %v", outage(), ailment())
	}
}
