package resource_test

import (
	"fmt"
	"reflect"
	"testing"

	"mgmt/resource"
)

func TestGiven(t *testing.T) {
	r := &thing{Text: "a", Count: 7, Mode: ptr(""), Names: []string{"n"}, Ports: map[int64]string{80: "http"}, At: point{X: 1}}
	got, err := kind.Given(r)
	want := []resource.Value{
		{"text", "a"},
		{"mode", ""},
		{"names", []any{"n"}},
		{"ports", [][2]any{{int64(80), "http"}}},
		{"at", map[string]any{"x": int64(1), "y": int64(0)}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Given of %+v is\n%v, %v; want\n%v", r, got, err, want)
	}
	back, err := kind.Decode("a", got)
	if err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("Decode of what is given is %+v, %v; want %+v", back, err, r)
	}
}

func TestMetaGiven(t *testing.T) {
	m := resource.DefaultMeta()
	if got, err := m.Given(); len(got) > 0 || err != nil {
		t.Errorf("the default parameters are given: %v, %v", got, err)
	}
	m.Noop, m.Retry = true, 3
	got, err := m.Given()
	if want := "[{noop true} {retry 3}]"; fmt.Sprint(got) != want || err != nil {
		t.Errorf("Given is %v, %v; want %s", got, err, want)
	}
}
