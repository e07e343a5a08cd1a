package etcd

import (
	"slices"
	"testing"

	"mgmt/world"
)

func TestOptionsTravel(t *testing.T) {
	for _, want := range []world.ScheduleOptions{
		{}, {Strategy: "alpha"}, {Max: 3}, {Max: -1}, {Persist: true, TTL: 7},
	} {
		var got world.ScheduleOptions
		if overlay(&got, encodeOptions(want)); got != want {
			t.Errorf("%+v became %+v", want, got)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, x := range []struct {
		name   string
		offers map[string]string
		last   []string
		want   []string
	}{
		{"defaults", map[string]string{"b": "", "a": ""}, nil, []string{"a"}},
		{"the last by name wins", map[string]string{"a": "maxCount=2", "b": "maxCount=1", "c": ""}, nil, []string{"a"}},
		{"a result is kept", map[string]string{"a": "", "b": ""}, []string{"b"}, []string{"b"}},
		{"unreadable", map[string]string{"a": "maxCount=2", "b": "maxCount=x;%"}, nil, []string{"a", "b"}},
		{"half readable", map[string]string{"a": "maxCount=2&persist=maybe"}, nil, []string{"a"}},
		{"none", map[string]string{"a": "maxCount=-1"}, nil, []string{}},
		{"unknown strategy", map[string]string{"a": "strategy=best", "b": ""}, nil, []string{"a"}},
		{"nobody", nil, []string{"a"}, []string{}},
	} {
		if _, got := choose(x.offers, x.last); !slices.Equal(got, x.want) {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}
