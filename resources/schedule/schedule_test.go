package schedule_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
	"mgmt/resource/resourcetest"
	"mgmt/resources/schedule"
	"mgmt/world"
	"mgmt/world/mem"
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// decode makes the resource schedule[n] with names and values in turn.
func decode(t *testing.T, pairs ...any) *schedule.Resource {
	t.Helper()
	return resourcetest.Make[*schedule.Resource](t, schedule.Kind, "n", pairs...)
}

// open gives a resource a world, until it is closed or the test ends.
func open(t *testing.T, w world.World, r *schedule.Resource) *schedule.Resource {
	t.Helper()
	return resourcetest.Open(t, r, env(w, "n", map[any]any{}))
}

// env returns the agent of a resource by its name, with what its resources share.
func env(w world.World, name string, shared map[any]any) *resource.Env {
	return &resource.Env{ID: resource.ID{Kind: "schedule", Name: name}, World: w, Shared: func(key any, make func() any) any {
		if shared[key] == nil {
			shared[key] = make()
		}
		return shared[key]
	}}
}

// picked returns the hosts that are picked.
func picked(t *testing.T, w world.World) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out []string
	w.WatchSchedule(ctx, "n", func(hosts []string) {
		out = hosts
		cancel()
	})
	return out
}

func TestOffersAndWithdraws(t *testing.T) {
	store := mem.New()
	a, b := store.Host("a"), store.Host("b")
	one, other := open(t, b, decode(t)), open(t, a, decode(t, "strategy", "rr"))
	if got, want := resourcetest.Converge(t, one), "namespace: not offered → offered"; got != want {
		t.Errorf("the change is %q, want %q", got, want)
	}
	resourcetest.Converge(t, other)
	if got := picked(t, a); !slices.Equal(got, []string{"b"}) {
		t.Errorf("%q are picked; the first one came first", got)
	}
	if got := resourcetest.Converge(t, one); got != "" {
		t.Errorf("once more, the change is %q", got)
	}
	one.Close()
	if got := picked(t, a); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q are picked after one has gone", got)
	}
	other.Close()
	if got := picked(t, a); len(got) > 0 {
		t.Errorf("%q are picked after all have gone", got)
	}
}

// A host whose options change keeps its place.
func TestUpdate(t *testing.T) {
	store := mem.New()
	a, b := store.Host("a"), store.Host("b")
	r := open(t, b, decode(t))
	resourcetest.Converge(t, r)
	resourcetest.Converge(t, open(t, a, decode(t)))
	for _, x := range []struct {
		given []any
		want  string
		hosts []string
	}{
		{[]any{"ttl", int64(5)}, "ttl: (unset) → 5", []string{"b"}},
		{[]any{"max", int64(2)}, "max: (unset) → 2, ttl: 5 → (unset)", []string{"a", "b"}},
		{[]any{"strategy", "alpha", "persist", true}, "strategy: (unset) → alpha, max: 2 → (unset), persist: false → true", []string{"a"}},
		{[]any{"max", int64(0)}, "strategy: alpha → (unset), max: (unset) → -1, persist: true → false", []string{}},
		{nil, "max: -1 → (unset)", []string{"b"}},
		{[]any{"withdraw", true}, "withdraw: offered → withdrawn", []string{"a"}},
		{[]any{"withdraw", true}, "", []string{"a"}},
		{nil, "namespace: not offered → offered", []string{"a"}},
	} {
		if !r.Update(decode(t, x.given...)) {
			t.Fatalf("it does not take %v", x.given)
		}
		if got := resourcetest.Converge(t, r); got != x.want {
			t.Errorf("with %v the change is %q, want %q", x.given, got, x.want)
		}
		if got := picked(t, a); !slices.Equal(got, x.hosts) {
			t.Errorf("with %v there are %q, want %q", x.given, got, x.hosts)
		}
	}
	if r.Update(decode(t, "namespace", "other")) {
		t.Error("it takes another namespace, though it is watching this one")
	}
}

// An offer that persists outlives its resource; another one takes it up, or back.
func TestPersists(t *testing.T) {
	w := mem.New().Host("a")
	first := open(t, w, decode(t, "persist", true))
	resourcetest.Converge(t, first)
	first.Close()
	if got := picked(t, w); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q are picked after it was closed", got)
	}
	second := open(t, w, decode(t, "persist", true))
	if got, want := resourcetest.Converge(t, second), "namespace: an earlier offer is taken up"; got != want {
		t.Errorf("the change is %q, want %q", got, want)
	}
	if got := resourcetest.Converge(t, second); got != "" {
		t.Errorf("once more, the change is %q", got)
	}
	second.Close()
	if got, want := resourcetest.Converge(t, open(t, w, decode(t, "withdraw", true))), "withdraw: offered → withdrawn"; got != want {
		t.Errorf("the change is %q, want %q", got, want)
	}
	if got := picked(t, w); len(got) > 0 {
		t.Errorf("%q are picked after it was withdrawn", got)
	}
}

func TestValidate(t *testing.T) {
	for _, x := range []struct {
		given []any
		want  string
	}{
		{[]any{"namespace", "a/b"}, `namespace: is "a/b"`},
		{[]any{"strategy", "best"}, `strategy: there is no scheduling strategy "best"`},
		{[]any{"strategy", ""}, "strategy: is empty"},
		{[]any{"ttl", int64(0)}, "ttl: is 0"},
		{[]any{"persist", true, "ttl", int64(5)}, "persist: keeps the offer for ever"},
		{[]any{"withdraw", true, "strategy", "rr"}, "withdraw: takes the offer back"},
		{[]any{"withdraw", true, "max", int64(1)}, "withdraw: takes the offer back"},
		{[]any{"withdraw", true, "persist", true}, "withdraw: takes the offer back"},
		{[]any{"withdraw", true, "ttl", int64(1)}, "withdraw: takes the offer back"},
	} {
		if err := decode(t, x.given...).Validate(); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("of %v the error is %v, want %q", x.given, err, x.want)
		}
	}
	if err := (&schedule.Resource{}).Validate(); err == nil {
		t.Error("it takes an empty namespace")
	}
}

func TestOpen(t *testing.T) {
	for host, want := range map[string]string{"a,b": "without a comma", "": "needs a cluster"} {
		env := &resource.Env{}
		if host != "" {
			env.World = mem.New().Host(host)
		}
		if err := decode(t).Open(env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("on host %q the error is %v, want %q", host, err, want)
		}
	}
}

// silent is a world whose store does not answer.
type silent struct{ world.World }

func (silent) Offer(ctx context.Context, _ string, _ world.ScheduleOptions) error {
	<-ctx.Done()
	return ctx.Err()
}

// An offer that the store does not take is an error, and is not made later.
func TestStoreDoesNotAnswer(t *testing.T) {
	w := silent{mem.New().Host("a")}
	r := open(t, w, decode(t))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	ended := make(chan error, 1)
	go func() { ended <- r.Apply(ctx, nil) }()
	select {
	case err := <-ended:
		if want := fmt.Sprintf("offering this host for n: %v", context.Canceled); err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
	case <-time.After(patience):
		t.Fatal("it waits for ever")
	}
}

// Of resources of one host and namespace that differ, the first by name counts, until it says the same
// or goes.
func TestOneOfferOfAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shared := mem.New().Host("a"), map[any]any{}
		declare := func(name string, pairs ...any) *schedule.Resource {
			r := resourcetest.Make[*schedule.Resource](t, schedule.Kind, name, append(pairs, "namespace", "n")...)
			return resourcetest.Open(t, r, env(w, name, shared))
		}
		two := declare("two", "max", 2)
		resourcetest.Converge(t, two)
		same := declare("yet another", "max", 2)
		resourcetest.Converge(t, same)
		synctest.Wait() // until it keeps the offer up, too
		one := declare("one", "max", 3)
		if got, want := resourcetest.Converge(t, one), "max: 2 → 3"; got != want {
			t.Errorf("the first by name changes %q, want %q", got, want)
		}
		_, err := two.Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), `schedule[one] and schedule[two] say different things about what this host offers for "n"`) {
			t.Errorf("the second one: %v", err)
		}
		var woken atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			two.Watch(ctx, func() { woken.Add(1) })
		}()
		synctest.Wait()
		before := woken.Load()
		one.Close()
		synctest.Wait()
		if woken.Load() == before {
			t.Error("nobody is told that the first one is gone")
		}
		resourcetest.Converge(t, two)
		if opts, exists, err := w.GetOffer(t.Context(), "n"); opts.Max != 2 || !exists || err != nil {
			t.Errorf("the offer is %+v, %v, %v", opts, exists, err)
		}
		cancel()
		<-done
		withdraw := declare("first", "withdraw", true)
		resourcetest.Converge(t, withdraw)
		if _, err := two.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "schedule[first]") {
			t.Errorf("beside one that withdraws the offer: %v", err)
		}
		go func() {
			time.Sleep(100 * time.Millisecond)
			withdraw.Close()
		}()
		if _, err := two.Check(t.Context()); err != nil {
			t.Errorf("beside one that is about to go: %v", err)
		}
	})
}
