package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world"
	"mgmt/world/worldtest"
)

// observe runs a watch until the test ends and returns what it emits.
func observe[T any](t *testing.T, watch func(ctx context.Context, emit func(T)) error) <-chan T {
	ctx, cancel := context.WithCancel(context.Background())
	got, done := make(chan T, 10000), make(chan struct{})
	go func() {
		defer close(done)
		watch(ctx, func(v T) { got <- v })
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return got
}

// await returns the next value that is as it should be, and all that came with it.
func await[T any](t *testing.T, got <-chan T, what string, ok func(T) bool) []T {
	t.Helper()
	timeout := time.After(patience)
	var seen []T
	for {
		select {
		case v := <-got:
			seen = append(seen, v)
			if ok(v) {
				return seen
			}
		case <-timeout:
			t.Fatalf("%s: seen %v", what, seen)
		}
	}
}

func is[T comparable](want T) func(T) bool { return func(got T) bool { return got == want } }

func watchString(w *World, key string) func(context.Context, func(Change)) error {
	return func(ctx context.Context, emit func(Change)) error {
		return w.WatchString(ctx, key, func(v string, ok bool) { emit(Change{Value: v, Exists: ok}) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// elsewhere restarts the server on another port, out of reach of its clients, and calls f.
func (s *server) elsewhere(t *testing.T, f func(*clientv3.Client)) {
	t.Helper()
	s.stop()
	there := &server{dir: s.dir, listen: url.URL{Scheme: "http", Host: "127.0.0.1:0"}}
	there.start(t)
	f(there.client(t))
	there.stop()
}

func TestReconnect(t *testing.T) {
	t.Parallel()
	for _, compact := range []bool{false, true} {
		t.Run(fmt.Sprintf("compact=%v", compact), func(t *testing.T) {
			s := serve(t)
			w := s.connect(t, Options{Host: "a", TTL: 2 * time.Second})
			must(t, w.SetString(t.Context(), "kept", "1"))
			must(t, w.SetString(t.Context(), "changed", "1"))
			must(t, w.SetString(t.Context(), "deleted", "1"))
			kept, changed, deleted := observe(t, watchString(w, "kept")), observe(t, watchString(w, "changed")), observe(t, watchString(w, "deleted"))
			values := observe(t, func(ctx context.Context, emit func(map[string]string)) error {
				return w.WatchValues(ctx, "n", worldtest.Values(emit))
			})
			for _, seen := range []<-chan Change{kept, changed, deleted} {
				await(t, seen, "the first value", is(Change{Value: "1", Exists: true}))
			}
			await(t, values, "no values", func(m map[string]string) bool { return len(m) == 0 })
			s.elsewhere(t, func(c *clientv3.Client) {
				var last int64
				for i := range 1000 {
					resp, err := c.Put(t.Context(), stringsPrefix+"changed", fmt.Sprint(i))
					must(t, err)
					last = resp.Header.Revision
				}
				_, err := c.Delete(t.Context(), stringsPrefix+"deleted")
				must(t, err)
				_, err = c.Put(t.Context(), valueKey("n", "b"), "2")
				must(t, err)
				if compact {
					_, err = c.Compact(t.Context(), last)
					must(t, err)
				}
			})
			s.start(t)
			await(t, changed, "changed meanwhile", is(Change{Value: "999", Exists: true}))
			await(t, deleted, "deleted meanwhile", is(Change{}))
			await(t, values, "set meanwhile", func(m map[string]string) bool { return m["b"] == "2" })
			must(t, w.SetString(t.Context(), "kept", "2"))
			if seen := await(t, kept, "set after", is(Change{Value: "2", Exists: true})); len(seen) != 1 {
				t.Errorf("a value that did not change was told of: %v", seen)
			}
		})
	}
}

func TestEveryChangeArrives(t *testing.T) {
	t.Parallel()
	s := serve(t)
	a, b := s.connect(t, Options{Host: "a"}), s.connect(t, Options{Host: "b"})
	got := observe(t, func(ctx context.Context, emit func(map[string]string)) error {
		return b.WatchValues(ctx, "n", worldtest.Values(emit))
	})
	for i := range 200 {
		must(t, a.SetValue(t.Context(), "n", fmt.Sprint(i)))
		if i == 100 {
			s.stop()
			s.start(t)
		}
	}
	last := -1
	for _, m := range await(t, got, "the last value", func(m map[string]string) bool { return m["a"] == "199" }) {
		n := -1
		fmt.Sscan(m["a"], &n)
		if n < last || n == last && n >= 0 {
			t.Errorf("%d was told of after %d", n, last)
		}
		last = n
	}
}

// A write that was called off is not seen after one that followed.
func TestWritesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s := serve(t)
	w := s.connect(t, Options{Host: "a"})
	for i := range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		w.SetValue(ctx, "n", "called off") // at any moment of it
		want := fmt.Sprint(i)
		must(t, w.SetValue(t.Context(), "n", want))
		if got, _, err := w.GetValue(t.Context(), "n"); err != nil || got != want {
			t.Fatalf("after %q was written there is %q, %v", want, got, err)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := serve(t)
	told := make(chan Health, 100)
	w := s.connect(t, Options{Host: "a", TTL: 2 * time.Second, OnHealth: func(h Health) { told <- h }})
	await(t, told, "connected", func(h Health) bool { return h.Connected })
	s.stop()
	seen := await(t, told, "lost", func(h Health) bool { return !h.Connected })
	if err := seen[len(seen)-1].Err; err == nil {
		t.Error("a lost connection has no reason")
	}
	s.start(t)
	await(t, told, "back", func(h Health) bool { return h.Connected })
	if h := w.Health(); !h.Connected || h.Err != nil {
		t.Errorf("Health: %+v", h)
	}
}

// revoke ends the lease that a key hangs on, as if it had run out.
func revoke(t *testing.T, c *clientv3.Client, key string) {
	t.Helper()
	resp, err := c.Get(t.Context(), key)
	must(t, err)
	if len(resp.Kvs) == 0 || resp.Kvs[0].Lease == 0 {
		t.Fatalf("%s has no lease: %v", key, resp.Kvs)
	}
	_, err = c.Revoke(t.Context(), clientv3.LeaseID(resp.Kvs[0].Lease))
	must(t, err)
}

func TestLostLeaseComesBackWithItsKeys(t *testing.T) {
	t.Parallel()
	s := serve(t)
	a, b := s.connect(t, Options{Host: "a", TTL: 2 * time.Second}), s.connect(t, Options{Host: "b"})
	settled := observe(t, func(ctx context.Context, emit func(map[string]bool)) error { return b.WatchConverged(ctx, emit) })
	must(t, a.SetConverged(t.Context(), true))
	await(t, settled, "converged", func(m map[string]bool) bool { return m["a"] })
	revoke(t, s.client(t), convergedPrefix+"a")
	await(t, settled, "gone", func(m map[string]bool) bool { return len(m) == 0 })
	await(t, settled, "back", func(m map[string]bool) bool { return m["a"] })
}

// ttlOf returns the TTL of the lease of a key, 0 if there is none.
func ttlOf(t *testing.T, c *clientv3.Client, key string) time.Duration {
	t.Helper()
	resp, err := c.Get(t.Context(), key)
	must(t, err)
	if len(resp.Kvs) == 0 {
		return 0
	}
	lease, err := c.TimeToLive(t.Context(), clientv3.LeaseID(resp.Kvs[0].Lease))
	must(t, err)
	return time.Duration(lease.GrantedTTL) * time.Second
}

// waitTTL waits until the lease of a key has a TTL.
func waitTTL(t *testing.T, c *clientv3.Client, key string, want time.Duration) {
	t.Helper()
	got := time.Duration(0)
	for deadline := time.Now().Add(patience); got != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s has a TTL of %v, want %v", key, got, want)
		}
		got = ttlOf(t, c, key)
	}
}

func TestCalmUntilAnotherIsThere(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.client(t)
	a := s.connect(t, Options{Host: "a", ID: "one", TTL: 5 * time.Second, Calm: true})
	must(t, a.SetConverged(t.Context(), true))
	waitTTL(t, c, convergedPrefix+"a", calmTTL)
	s.connect(t, Options{Host: "b", ID: "two", TTL: 5 * time.Second})
	waitTTL(t, c, convergedPrefix+"a", 5*time.Second)
	waitTTL(t, c, alivePrefix+"a", 5*time.Second)
}

func TestNameTaken(t *testing.T) {
	t.Parallel()
	s := serve(t)
	first := s.connect(t, Options{Host: "a", ID: "one", TTL: 2 * time.Second})
	await(t, observe(t, func(ctx context.Context, emit func(Change)) error {
		return first.tables.follow(ctx, span{key: alivePrefix + "a"}, func(d delta) { emit(d[""]) })
	}), "alive", is(Change{Value: "one", Exists: true}))
	if err := New(s.client(t), Options{Host: "a", ID: "two", TTL: 2 * time.Second}).Run(t.Context()); !errors.Is(err, ErrNameTaken) {
		t.Errorf("a second agent of the name: %v", err)
	}
	s.connect(t, Options{Host: "a", ID: "one", TTL: 2 * time.Second}) // the same one, restarted
	_, err := s.client(t).Put(t.Context(), alivePrefix+"a", "two")    // at the same moment
	must(t, err)
	third := New(s.client(t), Options{Host: "a", ID: "two", TTL: 2 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := third.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("an agent that was stopped: %v", err)
	}
}

func TestReadersShareOneWatch(t *testing.T) {
	s := serve(t)
	w := s.connect(t, Options{Host: "a"})
	var all []<-chan Change
	for range 50 {
		all = append(all, observe(t, watchString(w, "k")))
	}
	for _, got := range all {
		await(t, got, "nothing", is(Change{}))
	}
	if n := len(w.tables.open); n != 1 {
		t.Errorf("%d tables for one key", n)
	}
	must(t, w.SetString(t.Context(), "k", "1"))
	for _, got := range all {
		await(t, got, "set", is(Change{Value: "1", Exists: true}))
	}
}

// readOnce reads a key for a moment.
func readOnce(t *testing.T, w *World, key string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	if err := w.WatchString(ctx, key, func(string, bool) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// tablesOpen returns how many tables are kept.
func (w *World) tablesOpen() int {
	w.tables.mu.Lock()
	defer w.tables.mu.Unlock()
	return len(w.tables.open)
}

func TestNothingIsKeptForNobody(t *testing.T) {
	t.Parallel()
	s := serve(t)
	w := New(s.client(t), Options{Host: "a"})
	readOnce(t, w, "k")
	if n := w.tablesOpen(); n != 0 {
		t.Errorf("%d tables are kept of an agent that does not run", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	must(t, w.SetConverged(t.Context(), true)) // it runs
	readOnce(t, w, "k")
	readOnce(t, w, "l")
	if n := w.tablesOpen(); n != 2 {
		t.Errorf("%d tables are kept for the next reader, want 2", n)
	}
	for deadline := time.Now().Add(patience); w.tablesOpen() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d tables are kept for ever", w.tablesOpen())
		}
	}
	readOnce(t, w, "k")
	cancel()
	<-done
	if n := w.tablesOpen(); n != 0 {
		t.Errorf("%d tables are kept of an agent that ended", n)
	}
}

// A reader that follows another one soon has nothing read again, and misses nothing.
func TestReadersTakeOver(t *testing.T) {
	t.Parallel()
	s := serve(t)
	w, other := s.connect(t, Options{Host: "a"}), s.connect(t, Options{Host: "b"})
	must(t, w.SetConverged(t.Context(), true)) // it runs
	readOnce(t, w, "k")
	first := w.tables.open[span{key: stringsPrefix + "k"}]
	must(t, other.SetString(t.Context(), "k", "meanwhile"))
	await(t, observe(t, watchString(w, "k")), "set meanwhile", is(Change{Value: "meanwhile", Exists: true}))
	if w.tables.open[span{key: stringsPrefix + "k"}] != first {
		t.Error("the key was read again")
	}
}

func TestOffersOfTheElected(t *testing.T) {
	t.Parallel()
	s := serve(t)
	a, b := s.connect(t, Options{Host: "a", TTL: 2 * time.Second}), s.connect(t, Options{Host: "b", TTL: 2 * time.Second})
	watcher := s.connect(t, Options{Host: "c"})
	picked := observe(t, func(ctx context.Context, emit func([]string)) error { return watcher.WatchSchedule(ctx, "n", emit) })
	is := func(hosts ...string) func([]string) bool {
		return func(got []string) bool { return slices.Equal(got, hosts) }
	}
	offer := func(w *World, opts world.ScheduleOptions) (stop func()) {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.Offer(ctx, "n", opts)
		}()
		stop = func() {
			cancel()
			<-done
		}
		t.Cleanup(stop)
		return stop
	}
	stopA := offer(a, world.ScheduleOptions{Max: 2})
	await(t, picked, "a offers", is("a"))
	stopB := offer(b, world.ScheduleOptions{Max: 2, TTL: 3})
	await(t, picked, "b offers", is("a", "b"))
	a.Stopping()
	stopA() // and stays until its session runs out
	await(t, observe(t, func(ctx context.Context, emit func([]string)) error { return watcher.WatchSchedule(ctx, "n", emit) }), "a restarts", is("a", "b"))
	revoke(t, s.client(t), offerKey("a", "n"))
	await(t, picked, "a is dead, or writes its offer again", func([]string) bool { return true })
	stopB()
}

func TestPersistentOfferOutlivesTheAgent(t *testing.T) {
	s := serve(t)
	w := s.connect(t, Options{Host: "a", TTL: 2 * time.Second})
	picked := observe(t, func(ctx context.Context, emit func([]string)) error { return w.WatchSchedule(ctx, "n", emit) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Offer(ctx, "n", world.ScheduleOptions{Persist: true})
	}()
	await(t, picked, "offered", func(hosts []string) bool { return len(hosts) == 1 })
	cancel()
	<-done
	resp, err := s.client(t).Get(t.Context(), offerKey("a", "n"))
	must(t, err)
	if len(resp.Kvs) != 1 || resp.Kvs[0].Lease != 0 {
		t.Errorf("the offer is %v", resp.Kvs)
	}
}
