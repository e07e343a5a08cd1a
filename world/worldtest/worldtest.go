// Package worldtest tests implementations of package world: whoever writes one calls [Run] and
// is told what is wrong.
package worldtest

import (
	"context"
	"maps"
	"testing"
	"time"

	"mgmt/world"
)

// patience is how long a watch may take to tell of a change.
const patience = 20 * time.Second

// Run tests an implementation. connect returns the views that the named hosts have of one new
// cluster.
func Run(t *testing.T, connect func(t *testing.T, hosts ...string) []world.World) {
	t.Run("strings", func(t *testing.T) { testStrings(t, connect(t, "a", "b")) })
	t.Run("exchange", func(t *testing.T) { testExchange(t, connect(t, "a", "b")) })
	t.Run("schedule", func(t *testing.T) { testSchedule(t, connect(t, "a", "b", "c")) })
	t.Run("exports", func(t *testing.T) { testExports(t, connect(t, "a", "b")) })
	t.Run("bad exports", func(t *testing.T) { testBadExports(t, connect(t, "a")) })
	t.Run("latest offer", func(t *testing.T) { testLatestOffer(t, connect(t, "a")) })
	t.Run("persistent offer", func(t *testing.T) { testPersistentOffer(t, connect(t, "a", "b")) })
	t.Run("bad offers", func(t *testing.T) { testBadOffers(t, connect(t, "a")) })
	t.Run("keys", func(t *testing.T) { testKeys(t, connect(t, "a", "b")) })
	t.Run("many keys", func(t *testing.T) { testManyKeys(t, connect(t, "a")) })
	t.Run("transactions", func(t *testing.T) { testTransactions(t, connect(t, "a")) })
	t.Run("racing transactions", func(t *testing.T) { testRace(t, connect(t, "a", "b")) })
}

// follow runs a watch until the test ends and returns what it emits.
func follow[T any](t *testing.T, watch func(ctx context.Context, emit func(T)) error) <-chan T {
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan T, 100)
	done := make(chan error, 1)
	go func() { done <- watch(ctx, func(v T) { got <- v }) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != context.Canceled {
				t.Errorf("a watch whose context has ended returned %v", err)
			}
		case <-time.After(patience):
			t.Error("a watch goes on after the end of its context")
		}
	})
	return got
}

// Values turns a function that takes the values of all hosts into one that takes the changes.
func Values(emit func(map[string]string)) func(map[string]world.Change) {
	all := map[string]string{}
	return func(changed map[string]world.Change) {
		world.Apply(all, changed)
		emit(maps.Clone(all))
	}
}

// want waits until a watch emits what it should. States in between may be seen or not.
func want[T any](t *testing.T, got <-chan T, what string, ok func(T) bool) {
	t.Helper()
	timeout := time.After(patience)
	var last T
	for {
		select {
		case last = <-got:
			if ok(last) {
				return
			}
		case <-timeout:
			t.Fatalf("%s: the watch tells of %v at last", what, last)
		}
	}
}

type value struct {
	text   string
	exists bool
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testStrings(t *testing.T, w []world.World) {
	a, b := w[0], w[1]
	seen := follow(t, func(ctx context.Context, emit func(value)) error {
		return b.WatchString(ctx, "k", func(text string, exists bool) { emit(value{text, exists}) })
	})
	want(t, seen, "nothing set", func(v value) bool { return !v.exists })
	for _, text := range []string{"one", "", "two"} {
		must(t, a.SetString(t.Context(), "k", text))
		want(t, seen, "set to "+text, func(v value) bool { return v.exists && v.text == text })
	}
	if text, ok, err := b.GetString(t.Context(), "k"); text != "two" || !ok || err != nil {
		t.Errorf("GetString: %q, %v, %v", text, ok, err)
	}
	must(t, b.DeleteString(t.Context(), "k"))
	want(t, seen, "deleted", func(v value) bool { return !v.exists })
	must(t, b.DeleteString(t.Context(), "k")) // once more does no harm
}

func testExchange(t *testing.T, w []world.World) {
	a, b := w[0], w[1]
	seen := follow(t, func(ctx context.Context, emit func(map[string]string)) error {
		return a.WatchValues(ctx, "n", Values(emit))
	})
	equal := func(want map[string]string) func(map[string]string) bool {
		return func(got map[string]string) bool { return maps.Equal(got, want) }
	}
	want(t, seen, "nothing set", equal(nil))
	must(t, a.SetValue(t.Context(), "n", "1"))
	must(t, b.SetValue(t.Context(), "n", "2"))
	must(t, b.SetValue(t.Context(), "other", "3"))
	want(t, seen, "both set", equal(map[string]string{a.Host(): "1", b.Host(): "2"}))
	if v, ok, err := b.GetValue(t.Context(), "n"); v != "2" || !ok || err != nil {
		t.Errorf("the host reads its own value as %q, %v, %v; want 2", v, ok, err)
	}
	must(t, a.DeleteValue(t.Context(), "n"))
	if v, ok, err := a.GetValue(t.Context(), "n"); ok || err != nil {
		t.Errorf("a deleted value is read as %q, %v, %v", v, ok, err)
	}
	want(t, seen, "one deleted", equal(map[string]string{b.Host(): "2"}))
}
