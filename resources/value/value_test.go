package value_test

import (
	"reflect"
	"testing"

	"mgmt/local"
	"mgmt/resource"
	"mgmt/resource/resourcetest"
	"mgmt/resources/value"
)

// hold makes a value resource named n with what a program gives it; nil is nothing.
func hold(t *testing.T, store *local.Store, given any) *value.Resource {
	t.Helper()
	var pairs []any
	if given != nil {
		pairs = []any{"any", given}
	}
	r := resourcetest.Make[*value.Resource](t, value.Kind, "n", pairs...)
	return resourcetest.Open(t, r, &resource.Env{ID: resource.ID{Kind: "value", Name: "n"}, Local: store})
}

func TestStores(t *testing.T) {
	for _, x := range []struct {
		given any
		want  string
	}{
		{"a b", "any: (unset) → a b"},
		{"", "any: (unset) → "},
		{int64(0), "any: (unset) → 0"},
		{0.5, "any: (unset) → 0.5"},
		{false, "any: (unset) → false"},
		{[]any{}, "any: (unset) → []"},
		{[]any{"a", "b, c"}, `any: (unset) → ["a", "b, c"]`},
		{map[string]any{"b": int64(1), "a": []any{true}}, `any: (unset) → {"a": [true], "b": 1}`},
		{map[string]any{}, "any: (unset) → {}"},
		{[][2]any{{int64(1), "x"}, {int64(2), "y"}}, `any: (unset) → {1: "x", 2: "y"}`},
	} {
		dir := t.TempDir()
		if got := resourcetest.Converge(t, hold(t, local.New(dir), x.given)); got != x.want {
			t.Errorf("storing %#v says %q, want %q", x.given, got, x.want)
		}
		again := hold(t, local.New(dir), x.given) // another agent, after a restart
		if got := resourcetest.Converge(t, again); got != "" {
			t.Errorf("%#v differs from itself after a restart: %s", x.given, got)
		}
		if sent, err := resource.Sent(again.Sends(), "any"); err != nil || !reflect.DeepEqual(sent, x.given) {
			t.Errorf("it sends %#v, %v; want %#v", sent, err, x.given)
		}
	}
}

func TestUnsetRemoves(t *testing.T) {
	store := local.New(t.TempDir())
	resourcetest.Converge(t, hold(t, store, "x"))
	r := hold(t, store, nil)
	if got, want := resourcetest.Converge(t, r), "any: x → (unset)"; got != want {
		t.Errorf("the change is %q, want %q", got, want)
	}
	if v, err := store.Value("n"); v != nil || err != nil {
		t.Errorf("the store still has %v, %v", v, err)
	}
	if sent, err := resource.Sent(r.Sends(), "any"); sent != nil || err != nil {
		t.Errorf("it sends %v, %v; want nothing", sent, err)
	}
}

func TestReceives(t *testing.T) {
	store := local.New(t.TempDir())
	r := hold(t, store, nil)
	for _, v := range []any{"x", int64(3), []any{"y"}, nil} {
		next := resource.Clone(r)
		if changed, err := resource.Receive(next, "any", v); !changed || err != nil {
			t.Fatalf("receiving %v: %v, %v", v, changed, err)
		}
		if !r.Update(next) {
			t.Fatal("it does not take new values")
		}
		if resourcetest.Converge(t, r) == "" {
			t.Errorf("receiving %v was no work", v)
		}
		if got, err := store.Value("n"); !reflect.DeepEqual(got, v) || err != nil {
			t.Errorf("the store has %v, %v; want %v", got, err, v)
		}
	}
}

// TestCheckStoresNothing is what a dry run relies on.
func TestCheckStoresNothing(t *testing.T) {
	store := local.New(t.TempDir())
	r := hold(t, store, "x")
	if _, err := r.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := store.Value("n"); v != nil || err != nil {
		t.Errorf("checking stored %v, %v", v, err)
	}
	if sent, err := resource.Sent(r.Sends(), "any"); sent != "x" || err != nil {
		t.Errorf("it sends %v, %v; want x", sent, err)
	}
}
