package resourcetest

import (
	"strings"
	"testing"

	"mgmt/resource"
)

// Make makes a resource of a kind from the names and values of parameters, in turn.
func Make[R resource.Resource](t testing.TB, k *resource.Kind, name string, pairs ...any) R {
	t.Helper()
	var params []resource.Value
	for i := 0; i < len(pairs); i += 2 {
		params = append(params, resource.Value{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	r, err := k.Decode(name, params)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return r.(R)
}

// Open validates a resource and opens it, until the test ends.
func Open[R resource.Resource](t testing.TB, r R, env *resource.Env) R {
	t.Helper()
	if err := r.Validate(); err != nil {
		t.Fatalf("Validate: %v", err)
	}
	o, ok := any(r).(resource.Opener)
	if !ok {
		return r
	}
	if err := o.Open(env); err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return r
}

// Converge checks a resource, applies what differs, and returns that in words.
func Converge(t testing.TB, r resource.Resource) string {
	t.Helper()
	changes, err := r.Check(t.Context())
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	if len(changes) == 0 {
		return ""
	}
	if err := r.Apply(t.Context(), changes); err != nil {
		t.Fatalf("Apply: %v", err)
	}
	words := make([]string, len(changes))
	for i, c := range changes {
		words[i] = c.String()
	}
	return strings.Join(words, ", ")
}
