package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A roster picks of the hosts as they came, or by name, whatever comes and goes.
func TestRosterPicks(t *testing.T) {
	for _, opts := range []ScheduleOptions{{}, {Max: 3}, {Strategy: "alpha", Max: 2}, {Max: -1}} {
		r := NewRoster()
		order := []string{} // by the rules, the slow way
		for range 500 {
			host := fmt.Sprint("h", rand.IntN(20))
			if at := slices.Index(order, host); at >= 0 {
				order = slices.Delete(order, at, at+1)
				r.Leave(host)
			} else {
				order = append(order, host)
				r.Enter(host, opts)
			}
			want := slices.Clone(order)
			if opts.Strategy == "alpha" {
				slices.Sort(want)
			}
			want = want[:opts.Limit(len(want))]
			slices.Sort(want)
			if got := r.Picked(); !slices.Equal(got, want) {
				t.Fatalf("%+v of %q: %q, want %q", opts, order, got, want)
			}
		}
	}
}

func TestRosterTakesTheLastOptions(t *testing.T) {
	r := NewRoster()
	r.Leave("nobody")
	for _, x := range []struct {
		host string
		opts ScheduleOptions
		want []string
	}{
		{"c", ScheduleOptions{Max: 1}, []string{"c"}},
		{"a", ScheduleOptions{Max: 3}, []string{"c"}},
		{"d", ScheduleOptions{}, []string{"c"}}, // says nothing of it
		{"b", ScheduleOptions{Strategy: "alpha"}, []string{"a"}},
		{"c", ScheduleOptions{Max: 2}, []string{"a", "b"}},
		{"c", ScheduleOptions{}, []string{"a", "b", "c"}},
		{"b", ScheduleOptions{Strategy: "best", Max: -1}, []string{}},
		{"b", ScheduleOptions{Strategy: "best", Max: 2}, []string{"a", "c"}},
	} {
		if r.Enter(x.host, x.opts); !slices.Equal(r.Picked(), x.want) {
			t.Errorf("with %+v of %s there are %q, want %q", x.opts, x.host, r.Picked(), x.want)
		}
		if got, ok := r.Offer(x.host); !ok || got != x.opts {
			t.Errorf("the offer of %s is %+v, %v; want %+v", x.host, got, ok, x.opts)
		}
	}
}

// BenchmarkRoster has one of 10,000 hosts come and go.
func BenchmarkRoster(b *testing.B) {
	r := NewRoster()
	hosts := make([]string, 10_000)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("host%05d", i)
		r.Enter(hosts[i], ScheduleOptions{Max: 2})
	}
	for b.Loop() {
		host := hosts[rand.IntN(len(hosts))]
		r.Leave(host)
		r.Enter(host, ScheduleOptions{Max: 2})
		r.Picked()
	}
}
