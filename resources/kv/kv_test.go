package kv_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"mgmt/resource"
	"mgmt/resource/resourcetest"
	"mgmt/resources/kv"
	"mgmt/world"
	"mgmt/world/mem"
)

// decode makes the resource kv[k] with names and values in turn.
func decode(t *testing.T, pairs ...any) *kv.Resource {
	t.Helper()
	return resourcetest.Make[*kv.Resource](t, kv.Kind, "k", pairs...)
}

// open gives a resource a world.
func open(t *testing.T, w world.World, r *kv.Resource) *kv.Resource {
	t.Helper()
	return resourcetest.Open(t, r, &resource.Env{World: w})
}

func TestStoresAndRemoves(t *testing.T) {
	w := mem.New().Host("a")
	for _, x := range []struct {
		given []any
		want  string
	}{
		{[]any{}, ""},
		{[]any{"value", "x"}, "value: (unset) → x"},
		{[]any{"value", "x"}, ""},
		{[]any{"value", "y"}, "value: x → y"},
		{[]any{"value", "z", "mapped", true}, "value: (unset) → z"},
		{[]any{"value", "z", "mapped", true}, ""},
		{[]any{"mapped", true}, "value: z → (unset)"},
		{[]any{"value", ""}, "value: y → "},
		{[]any{"value", ""}, ""},
		{[]any{"skiplessthan", true}, "value: (unset)"},
		{[]any{}, ""},
	} {
		if got := resourcetest.Converge(t, open(t, w, decode(t, x.given...))); got != x.want {
			t.Errorf("with %v the change is %q, want %q", x.given, got, x.want)
		}
	}
}

func TestSkipLessThan(t *testing.T) {
	for _, x := range []struct {
		style        int64
		stored, want string
		skips        bool
	}{
		{0, "10", "9", true},
		{0, "9", "10", false},
		{0, "-1", "-2", true},
		{0, "100000000000000000000", "9", true},
		{0, "many", "9", false},
		{1, "10", "9", false},
		{1, "b", "a", true},
	} {
		w := mem.New().Host("a")
		if err := w.SetString(t.Context(), "k", x.stored); err != nil {
			t.Fatal(err)
		}
		r := open(t, w, decode(t, "value", x.want, "skiplessthan", true, "skipcmpstyle", x.style))
		if skipped := resourcetest.Converge(t, r) == ""; skipped != x.skips {
			t.Errorf("%q with %q stored is skipped: %v, want %v", x.want, x.stored, skipped, x.skips)
		}
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _, err := w.GetString(t.Context(), "k"); got != x.want || err != nil {
			t.Errorf("after a notification %q is stored, %v; want %q", got, err, x.want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, x := range []struct {
		r    *kv.Resource
		want string
	}{
		{&kv.Resource{}, "key: is empty"},
		{decode(t, "value", "1", "skiplessthan", true, "skipcmpstyle", int64(2)), "skipcmpstyle: is 2"},
		{decode(t, "value", "one", "skiplessthan", true), `value: "one" is no whole number`},
	} {
		if err := x.r.Validate(); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("the error is %v, want %q", err, x.want)
		}
	}
}

// TestHostsKeepTheirOwn has two hosts with a mapped value: each sees the drift of its own alone.
func TestHostsKeepTheirOwn(t *testing.T) {
	store := mem.New()
	a, b := store.Host("a"), store.Host("b")
	r := open(t, a, decode(t, "value", "x", "mapped", true))
	resourcetest.Converge(t, r)
	resourcetest.Converge(t, open(t, b, decode(t, "value", "y", "mapped", true)))
	if got, _, err := a.GetValue(t.Context(), "k"); got != "x" || err != nil {
		t.Errorf("the value of a is %q, %v; want x", got, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	wakes, done := make(chan struct{}, 10), make(chan error, 1)
	go func() { done <- r.Watch(ctx, func() { wakes <- struct{}{} }) }()
	for _, change := range []func() error{
		func() error { return nil }, // it wakes when it is listening
		func() error { return a.SetValue(ctx, "k", "drift") },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-wakes:
		case <-time.After(20 * time.Second):
			t.Fatal("it does not wake")
		}
	}
	if got, want := resourcetest.Converge(t, r), "value: drift → x"; got != want {
		t.Errorf("the change is %q, want %q", got, want)
	}
	cancel()
	<-done
}

func TestUpdate(t *testing.T) {
	w := mem.New().Host("a")
	r := open(t, w, decode(t, "value", "x"))
	resourcetest.Converge(t, r)
	if !r.Update(decode(t, "value", "y")) {
		t.Error("it does not take another value")
	}
	if got, want := resourcetest.Converge(t, r), "value: x → y"; got != want {
		t.Errorf("the change is %q, want %q", got, want)
	}
	for _, other := range []*kv.Resource{decode(t, "key", "other"), decode(t, "mapped", true)} {
		if r.Update(other) {
			t.Errorf("it takes %+v, though that is watched elsewhere", other)
		}
	}
}
