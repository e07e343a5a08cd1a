package timer_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
	"mgmt/resources/timer"
)

// start opens a timer and watches it until the test ends. The function it returns reports at
// which seconds since then the timer woke.
func start(t *testing.T, r *timer.Resource) (wakes func() []int) {
	t.Helper()
	if err := r.Open(nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begin, done := time.Now(), make(chan error, 1)
	var at []int
	go func() {
		done <- r.Watch(ctx, func() { at = append(at, int(time.Since(begin)/time.Second)) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch: %v", err)
		}
		r.Close()
	})
	synctest.Wait()
	return func() []int { synctest.Wait(); return at }
}

func changes(t *testing.T, r *timer.Resource) int {
	t.Helper()
	list, err := r.Check(t.Context())
	if err != nil {
		t.Errorf("Check: %v", err)
	}
	return len(list)
}

func TestTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timer.Resource{Interval: 10}
		wakes := start(t, r)
		time.Sleep(25 * time.Second)
		if got, want := wakes(), []int{0, 10, 20}; !slices.Equal(got, want) {
			t.Errorf("it wakes at the seconds %v, want %v", got, want)
		}
		if n := changes(t, r); n != 0 {
			t.Errorf("a tick is work: %d changes", n)
		}
	})
}

func TestTickIsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timer.Resource{Interval: 10, TickIsWork: true}
		wakes := start(t, r)
		if n := changes(t, r); n != 0 {
			t.Errorf("there is work before the first tick: %d changes", n)
		}
		time.Sleep(25 * time.Second)
		wakes()
		if n := changes(t, r); n != 1 {
			t.Errorf("%d changes after two ticks, want one", n)
		}
		if n := changes(t, r); n != 0 {
			t.Errorf("one tick is worked off twice")
		}
	})
}

func TestRefreshRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timer.Resource{Interval: 10}
		wakes := start(t, r)
		time.Sleep(6 * time.Second)
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		if got, want := wakes(), []int{0, 16}; !slices.Equal(got, want) {
			t.Errorf("it wakes at the seconds %v, want %v", got, want)
		}
	})
}

func TestClonesAreSeparate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := timer.Kind.New().(*timer.Resource)
		r.Interval = 10
		other := resource.Clone(r).(*timer.Resource)
		wakes := start(t, r)
		start(t, other)
		time.Sleep(6 * time.Second)
		if err := other.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if got, want := wakes(), []int{0, 10}; !slices.Equal(got, want) {
			t.Errorf("a notification of another timer moved this one: it wakes at %v, want %v", got, want)
		}
	})
}

func TestValidate(t *testing.T) {
	if (&timer.Resource{}).Validate() == nil {
		t.Error("an interval of 0 is valid")
	}
	if err := (&timer.Resource{Interval: 1}).Validate(); err != nil {
		t.Error(err)
	}
}
