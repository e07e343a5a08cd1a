package stdworld

import (
	"strings"
	"testing"

	"mgmt/lang/types"
	"mgmt/world"
)

func TestScheduleOptions(t *testing.T) {
	for _, x := range []struct {
		names []string
		elems []types.Value
		want  world.ScheduleOptions
	}{
		{nil, nil, world.ScheduleOptions{}},
		{[]string{"ttl"}, []types.Value{types.Int(0)}, world.ScheduleOptions{}},
		{[]string{"max"}, []types.Value{types.Int(0)}, world.ScheduleOptions{Max: -1}}, // nobody
		{[]string{"max"}, []types.Value{types.Int(-7)}, world.ScheduleOptions{Max: -1}},
		{
			[]string{"strategy", "max", "reuse", "ttl"}, []types.Value{types.Str("alpha"), types.Int(3), types.Bool(true), types.Int(7)},
			world.ScheduleOptions{Strategy: "alpha", Max: 3, Persist: true, TTL: 7},
		},
	} {
		if got, err := scheduleOptions(&types.Struct{Names: x.names, Elems: x.elems}); err != nil || got != x.want {
			t.Errorf("%v of %v: %+v, %v; want %+v", x.names, x.elems, got, err, x.want)
		}
	}
	if _, err := scheduleOptions(&types.Struct{Names: []string{"ttl"}, Elems: []types.Value{types.Int(-1)}}); err == nil {
		t.Error("a negative ttl was taken")
	}
}

func TestCheckSchedule(t *testing.T) {
	for text, want := range map[string]string{
		"func(namespace str) []str":                                                          "",
		"func(namespace str, opts struct{max int}) []str":                                    "",
		"func(namespace str, opts struct{ttl int; reuse bool}) []str":                        "",
		"func(namespace str, opts struct{strategy str; max int; reuse bool; ttl int}) []str": "",
		"func(namespace str, opts int) []str":                                                "the options are a struct",
		"func(namespace str, opts struct{maximum int}) []str":                                "there is no option maximum",
		"func(namespace str, opts struct{max str}) []str":                                    "option max has type int, not str",
	} {
		err := checkSchedule(types.MustParse(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
