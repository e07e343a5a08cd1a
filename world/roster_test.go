package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A roster picks as Pick does that is asked after each change.
func TestRosterPicks(t *testing.T) {
	for _, opts := range []ScheduleOptions{{}, {Max: 3}, {Strategy: "alpha", Max: 2}, {Max: -1}} {
		r, offers := NewRoster(), map[string]bool{}
		var order []string
		for range 500 {
			host := fmt.Sprint("h", rand.IntN(20))
			if offers[host] {
				delete(offers, host)
				r.Leave(host)
			} else {
				offers[host] = true
				r.Enter(host, opts)
			}
			var hosts []string
			for h := range offers {
				hosts = append(hosts, h)
			}
			order, _ = Pick(opts, order, hosts)
			want := slices.Sorted(slices.Values(order[:opts.Limit(len(order))]))
			if got := r.Picked(); !slices.Equal(got, want) {
				t.Fatalf("%+v of %d hosts: %q, want %q", opts, len(hosts), got, want)
			}
		}
	}
}

func TestRosterTakesTheLastOptions(t *testing.T) {
	r := NewRoster()
	r.Leave("nobody")
	for _, host := range []string{"c", "a", "b"} {
		r.Enter(host, ScheduleOptions{Max: 1})
	}
	r.Enter("c", ScheduleOptions{Max: 2})
	if got := r.Picked(); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("%q are picked", got)
	}
}

// BenchmarkPick picks of 10,000 hosts, of which one is new.
func BenchmarkPick(b *testing.B) {
	hosts := make([]string, 10_000)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("host%05d", i)
	}
	for b.Loop() {
		if _, err := Pick(ScheduleOptions{}, hosts[1:], hosts); err != nil {
			b.Fatal(err)
		}
	}
}
