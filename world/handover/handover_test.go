package handover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"mgmt/world"
	"mgmt/world/mem"
	"mgmt/world/worldtest"
)

func TestConformance(t *testing.T) {
	worldtest.Run(t, func(_ *testing.T, hosts ...string) []world.World {
		s := mem.New()
		var out []world.World
		for _, h := range hosts {
			out = append(out, New(h, s.Host(h)))
		}
		return out
	})
}

// Worlds that move under those who use them pass the same tests.
func TestConformanceWhileMoving(t *testing.T) {
	worldtest.Run(t, func(t *testing.T, hosts ...string) []world.World {
		s := mem.New()
		var out []world.World
		for _, h := range hosts {
			w := New(h, nil)
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				for tick := time.NewTicker(time.Millisecond); ctx.Err() == nil; <-tick.C {
					w.Move(func() (world.World, error) { return s.Host(h), nil })
				}
			}()
			t.Cleanup(func() {
				cancel()
				<-done
			})
			out = append(out, w)
		}
		return out
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watched runs a watch of the schedule until the test ends and returns what it emits.
func watched(t *testing.T, w *World, namespace string) <-chan []string {
	ctx, cancel := context.WithCancel(context.Background())
	got, done := make(chan []string, 1000), make(chan struct{})
	go func() {
		defer close(done)
		w.WatchSchedule(ctx, namespace, func(hosts []string) { got <- hosts })
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return got
}

func next[T any](t *testing.T, got <-chan T) T {
	t.Helper()
	select {
	case v := <-got:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is told of")
		panic("unreachable")
	}
}

func TestWaitsForAWorld(t *testing.T) {
	w := New("a", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.SetString(ctx, "k", "v"); !errors.Is(err, context.Canceled) {
		t.Errorf("without a world: %v", err)
	}
	set := make(chan error, 1)
	go func() { set <- w.SetString(t.Context(), "k", "v") }()
	must(t, w.Move(func() (world.World, error) { return mem.New().Host("a"), nil }))
	must(t, next(t, set))
	if v, ok, err := w.GetString(t.Context(), "k"); v != "v" || !ok || err != nil {
		t.Errorf("%q, %v, %v", v, ok, err)
	}
}

func TestMoveThatFails(t *testing.T) {
	s := mem.New()
	w := New("a", s.Host("a"))
	must(t, w.SetString(t.Context(), "k", "v"))
	if err := w.Move(func() (world.World, error) { return nil, errors.New("no") }); err == nil {
		t.Error("a move that failed has no error")
	}
	if v, _, err := w.GetString(t.Context(), "k"); v != "v" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}

// Whoever watches a schedule sees nothing of the move, though the offer is withdrawn at one place
// and made at the other.
func TestMoveIsNotSeen(t *testing.T) {
	stores := []*mem.Store{mem.New(), mem.New()}
	w := New("a", stores[0].Host("a"))
	got := watched(t, w, "n")
	if hosts := next(t, got); len(hosts) > 0 {
		t.Errorf("before: %q", hosts)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go w.Offer(ctx, "n", world.ScheduleOptions{})
	if hosts := next(t, got); !slices.Equal(hosts, []string{"a"}) {
		t.Errorf("offered: %q", hosts)
	}
	// The places moved to have the offer, as those have to which all was carried.
	for _, s := range stores {
		go s.Host("a").Offer(ctx, "n", world.ScheduleOptions{})
		seen := make(chan []string, 10)
		go s.Host("a").WatchSchedule(ctx, "n", func(hosts []string) { seen <- hosts })
		for !slices.Equal(next(t, seen), []string{"a"}) {
		}
	}
	for i := range 100 {
		must(t, w.Move(func() (world.World, error) { return stores[(i+1)%2].Host("a"), nil }))
		must(t, w.SetString(t.Context(), "k", fmt.Sprint(i)))
	}
	select {
	case hosts := <-got:
		t.Errorf("a move was seen: %q", hosts)
	default:
	}
}

// No write is lost: one that began before a move is at the old place when all there is carried
// over, and one that comes meanwhile waits.
func TestNoWriteIsLost(t *testing.T) {
	here := mem.New()
	w := New("a", here.Host("a"))
	const n = 1000
	done := make(chan error, 1)
	go func() {
		for i := range n {
			if err := w.SetValue(context.Background(), fmt.Sprint(i), "v"); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 20 {
		must(t, w.Move(func() (world.World, error) {
			there := mem.New()
			there.Restore(here.Dump())
			here = there
			return there.Host("a"), nil
		}))
	}
	must(t, next(t, done))
	if got := len(here.Dump().Values); got != n {
		t.Errorf("%d of %d values are left", got, n)
	}
}
