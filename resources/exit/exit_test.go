package exit_test

import (
	"testing"

	"mgmt/resource"
	"mgmt/resources/exit"
)

func TestExit(t *testing.T) {
	r := &exit.Resource{Code: 7}
	var asked []int
	if err := r.Open(&resource.Env{Exit: func(status int) { asked = append(asked, status) }}); err != nil {
		t.Fatal(err)
	}
	changes, err := r.Check(t.Context())
	if len(changes) != 1 || err != nil || len(asked) > 0 {
		t.Fatalf("Check: %v, %v, asked to exit: %v; want a change and no exit, as in a dry run", changes, err, asked)
	}
	if got, want := changes[0].String(), "code: exit with status 7"; got != want {
		t.Errorf("the change is %q, want %q", got, want)
	}
	if err := r.Apply(t.Context(), changes); err != nil || len(asked) != 1 || asked[0] != 7 {
		t.Errorf("Apply: %v, asked to exit with %v; want 7", err, asked)
	}
}

func TestCode(t *testing.T) {
	for _, x := range []struct {
		code int64
		ok   bool
	}{{-1, false}, {0, true}, {125, true}, {126, false}, {255, false}, {256, false}} {
		r, err := exit.Kind.Decode("a", []resource.Value{{Name: "code", Value: x.code}})
		if err == nil {
			err = r.Validate()
		}
		if (err == nil) != x.ok {
			t.Errorf("code %d: %v", x.code, err)
		}
	}
}
