package world

import (
	"slices"
	"testing"
)

func TestPick(t *testing.T) {
	for _, x := range []struct {
		strategy         string
		last, candidates []string
		want             []string
	}{
		{"rr", nil, []string{"b", "a"}, []string{"a", "b"}},
		{"", []string{"c", "a"}, []string{"a", "b", "c"}, []string{"c", "a", "b"}},
		{"rr", []string{"c", "x", "a"}, []string{"a", "c"}, []string{"c", "a"}},
		{"alpha", []string{"c", "a"}, []string{"a", "b", "c"}, []string{"a", "b", "c"}},
	} {
		got, err := Pick(ScheduleOptions{Strategy: x.strategy}, x.last, x.candidates)
		if err != nil || !slices.Equal(got, x.want) {
			t.Errorf("%s of %v, last %v: %v, %v; want %v", x.strategy, x.candidates, x.last, got, err, x.want)
		}
	}
	if _, err := Pick(ScheduleOptions{Strategy: "best"}, nil, nil); err == nil {
		t.Error("an unknown strategy was taken")
	}
}
