package worldtest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"mgmt/world"
)

// are returns a function that says whether these hosts are picked.
func are(hosts ...string) func([]string) bool {
	return func(got []string) bool { return slices.Equal(got, hosts) }
}

// offer makes an offer, and returns what ends it and waits for that.
func offer(t *testing.T, w world.World, opts world.ScheduleOptions) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Offer(ctx, "n", opts) }()
	return func() {
		t.Helper()
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("an offer whose context has ended returned %v", err)
			}
		case <-time.After(patience):
			t.Fatal("an offer goes on after the end of its context")
		}
	}
}

func testSchedule(t *testing.T, w []world.World) {
	seen := follow(t, func(ctx context.Context, emit func([]string)) error {
		return w[0].WatchSchedule(ctx, "n", emit)
	})
	want(t, seen, "no offers", are())
	opts := world.ScheduleOptions{Max: 2, TTL: 1}
	// The hosts offer themselves in another order than that of their names, which the strategy
	// rr keeps to.
	stopC := offer(t, w[2], opts)
	want(t, seen, "one offer", are("c"))
	stopA := offer(t, w[0], opts)
	want(t, seen, "two offers", are("a", "c"))
	stopB := offer(t, w[1], opts)
	stopC()
	want(t, seen, "one has left", are("a", "b"))
	stopA()
	want(t, seen, "two have left", are("b"))
	stopB()
	want(t, seen, "all have left", are())
}

// An offered is what a host offers.
type offered struct {
	opts   world.ScheduleOptions
	exists bool
}

// followOffer follows the offer of a host.
func followOffer(t *testing.T, w world.World) <-chan offered {
	return follow(t, func(ctx context.Context, emit func(offered)) error {
		return w.WatchOffer(ctx, "n", func(opts world.ScheduleOptions, exists bool) { emit(offered{opts, exists}) })
	})
}

// offers returns a function that says whether these options are offered.
func offers(opts world.ScheduleOptions) func(offered) bool {
	return func(got offered) bool { return got == offered{opts, true} }
}

func nothing(got offered) bool { return !got.exists }

// Of the calls of one host the latest counts, whatever their time to live.
func testLatestOffer(t *testing.T, w []world.World) {
	a := w[0]
	seen := followOffer(t, a)
	want(t, seen, "no offer", nothing)
	first, second, third := world.ScheduleOptions{}, world.ScheduleOptions{Max: 2, TTL: 1}, world.ScheduleOptions{Strategy: "alpha"}
	stopFirst := offer(t, a, first)
	want(t, seen, "the first", offers(first))
	stopSecond := offer(t, a, second)
	want(t, seen, "the second", offers(second))
	stopThird := offer(t, a, third)
	want(t, seen, "the third", offers(third))
	stopThird()
	want(t, seen, "the third has ended", offers(second))
	stopFirst()
	if opts, exists, err := a.GetOffer(t.Context(), "n"); opts != second || !exists || err != nil {
		t.Errorf("while the second goes on there is %+v, %v, %v", opts, exists, err)
	}
	stopSecond()
	want(t, seen, "all have ended", nothing)
}

func testPersistentOffer(t *testing.T, w []world.World) {
	a, b := w[0], w[1]
	picked := follow(t, func(ctx context.Context, emit func([]string)) error {
		return b.WatchSchedule(ctx, "n", emit)
	})
	seen := followOffer(t, a)
	opts := world.ScheduleOptions{Persist: true, Strategy: "alpha", Max: 3}
	stop := offer(t, a, opts)
	want(t, seen, "offered", offers(opts))
	want(t, picked, "offered", are("a"))
	stop()
	if got, exists, err := a.GetOffer(t.Context(), "n"); got != opts || !exists || err != nil {
		t.Errorf("after its end there is %+v, %v, %v", got, exists, err)
	}
	if _, exists, err := b.GetOffer(t.Context(), "n"); exists || err != nil {
		t.Errorf("another host has the offer, too: %v, %v", exists, err)
	}
	for range 2 { // once more does no harm
		must(t, a.WithdrawOffer(t.Context(), "n"))
	}
	want(t, seen, "withdrawn", nothing)
	want(t, picked, "withdrawn", are())
	for _, persist := range []bool{true, false} { // from then on it does not
		defer offer(t, a, world.ScheduleOptions{Persist: persist, Max: 2})()
		want(t, seen, "offered again", offers(world.ScheduleOptions{Persist: persist, Max: 2}))
	}
	want(t, picked, "offered again", are("a"))
}

func testBadOffers(t *testing.T, w []world.World) {
	a, ctx := w[0], t.Context()
	for _, namespace := range []string{"", "a/b"} {
		_, _, err := a.GetOffer(ctx, namespace)
		for what, err := range map[string]error{
			"offer":     a.Offer(ctx, namespace, world.ScheduleOptions{}),
			"get":       err,
			"watch":     a.WatchOffer(ctx, namespace, func(world.ScheduleOptions, bool) {}),
			"withdraw":  a.WithdrawOffer(ctx, namespace),
			"schedules": a.WatchSchedule(ctx, namespace, func([]string) {}),
		} {
			if err == nil {
				t.Errorf("%s: the namespace %q was taken", what, namespace)
			}
		}
	}
	if err := a.Offer(ctx, "n", world.ScheduleOptions{Strategy: "best"}); err == nil {
		t.Error("an offer with an unknown strategy was taken")
	}
}
