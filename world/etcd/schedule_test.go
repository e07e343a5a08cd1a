package etcd

import (
	"fmt"
	"slices"
	"testing"

	"mgmt/world"
)

func TestOptionsTravel(t *testing.T) {
	for _, want := range []world.ScheduleOptions{
		{}, {Strategy: "alpha"}, {Max: 3}, {Max: -1}, {Persist: true, TTL: 7},
	} {
		if got := decodeOptions(encodeOptions(want)); got != want {
			t.Errorf("%+v became %+v", want, got)
		}
	}
	if got := decodeOptions("maxCount=0"); got.Max != -1 {
		t.Errorf("none at all became %+v", got)
	}
}

// offersOf returns what a table of offers for the namespace n tells, by host.
func offersOf(hosts map[string]string) delta {
	d := delta{"x": {Exists: true}, "x/": {Exists: true}} // nobody's
	for host, opts := range hosts {
		d[host+"/n"] = Change{Value: opts, Exists: true}
	}
	return d
}

func TestPicks(t *testing.T) {
	for _, x := range []struct {
		name   string
		offers map[string]string
		last   string
		want   []string
	}{
		{"defaults", map[string]string{"b": "", "a": ""}, "", []string{"a"}},
		{"the last by name wins", map[string]string{"a": "maxCount=2", "b": "maxCount=1", "c": ""}, "", []string{"a"}},
		{"a result is kept", map[string]string{"a": "", "b": ""}, "b", []string{"b"}},
		{"unreadable", map[string]string{"a": "maxCount=2", "b": "maxCount=x;%"}, "", []string{"a", "b"}},
		{"half readable", map[string]string{"a": "maxCount=2&persist=maybe"}, "", []string{"a"}},
		{"none", map[string]string{"a": "maxCount=-1"}, "", []string{}},
		{"unknown strategy", map[string]string{"a": "strategy=best", "b": ""}, "", []string{"a"}},
		{"names that begin with others", map[string]string{"a-b": "", "a": ""}, "", []string{"a"}},
	} {
		for _, late := range []bool{false, true} { // the table of results
			p := newPicker(nil)
			tables := []func(){
				func() { p.offer(offersOf(x.offers)) },
				func() { p.result(delta{"n": {Value: x.last, Exists: x.last != ""}}) },
			}
			if !late {
				slices.Reverse(tables)
			}
			for _, table := range tables {
				table()
			}
			p.listed = 2
			p.open()
			if got := p.rosters["n"].Picked(); !slices.Equal(got, x.want) {
				t.Errorf("%s: %q, want %q", x.name, got, x.want)
			}
		}
	}
}

// An offer that changes costs the same among many as among few.
func BenchmarkOffer(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := newPicker(nil)
			hosts := map[string]string{}
			for i := range n {
				hosts[fmt.Sprintf("host%05d", i)] = "maxCount=2"
			}
			p.offer(offersOf(hosts))
			p.open()
			for b.Loop() {
				p.offer(delta{"host00007/n": {}})
				p.offer(delta{"host00007/n": {Value: "maxCount=2", Exists: true}})
				p.rosters["n"].Picked()
			}
		})
	}
}
