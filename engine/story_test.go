package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/graph"
	"mgmt/resource"
)

func retry(n int16, delay int64) func(*resource.Meta) {
	return func(m *resource.Meta) { m.Retry, m.Delay = n, delay }
}

func noop(m *resource.Meta)    { m.Noop = true }
func hidden(m *resource.Meta)  { m.Hidden = true }
func rewatch(m *resource.Meta) { m.Rewatch = true }

func ptr[T any](v T) *T { return &v }

func recv(s *resource.Spec, param, from, output string) *resource.Spec {
	s.Recv = append(s.Recv, resource.Recv{Param: param, From: key(from).ID, Output: output})
	return s
}

// All are watched before the first is checked.
func TestWatchComesFirst(t *testing.T) {
	story(t, Options{Workers: 1}, func(e *testEngine) {
		e.load("a -> b", e.spec("a"), e.spec("b"))
		e.sawAll("open:b open:a check:a check:b")
	})
}

func TestApplyOnlyWhatDiffers(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").drift = true
		e.load("a -> b", e.spec("a new"), e.spec("b"))
		e.saw("check:a apply:a check:b")
		changed := e.happened(Changed)
		if len(changed) != 1 || changed[0].Changes[0].String() != "text: x → new" || changed[0].Pos != "test.mcl:1:1" {
			t.Errorf("got %+v", changed)
		}
	})
}

// A child that is all right is not checked because its parent ran.
func TestPlainChildIsLeftAlone(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("a -> b", e.spec("a"), e.spec("b"))
		e.saw("check:a check:b")
		e.stage.of("a").drift = true
		e.stage.wake("a")
		e.saw("check:a apply:a")
	})
}

func TestChildWaitsForDirtyParent(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("slow:a -> b", e.spec("slow:a"), e.spec("b"))
		e.saw("check:a check:b")
		e.stage.of("a").takes = time.Second
		e.stage.wake("a")
		e.stage.wake("b")
		e.saw("check:a")
		time.Sleep(time.Second)
		e.saw("check:b")
	})
}

// An event during a check is not lost.
func TestEventDuringRun(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").takes = time.Second
		e.load("", e.spec("slow:a"))
		e.saw("check:a")
		for range 3 {
			e.stage.wake("a")
		}
		e.saw("")
		time.Sleep(time.Second)
		e.saw("check:a")
		time.Sleep(time.Minute)
		e.saw("")
	})
}

func TestNotify(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").drift = true
		e.load("a => listener:b; a => c; listener:b => listener:d", e.spec("a"), e.spec("listener:b"), e.spec("c"), e.spec("listener:d"))
		e.stage.take()
		e.stage.of("a").drift = true
		e.stage.wake("a")
		// c does not react; d is notified as b did work.
		e.saw("check:a apply:a check:b refresh:b check:d refresh:d")
		e.stage.wake("a")
		e.saw("check:a")
	})
}

func TestNotifyWaitsForFailedChild(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("a => listener:b", e.spec("a"), e.spec("listener:b"))
		e.stage.of("a").drift = true
		e.stage.of("b").fail = 1
		e.stage.take()
		e.stage.wake("a")
		e.saw("check:a apply:a check:b")
		time.Sleep(time.Minute)
		e.stage.wake("b")
		e.saw("check:b refresh:b")
		e.stage.wake("b")
		e.saw("check:b")
	})
}

// When one of two notifying parents is repaired the child is refreshed.
func TestEachOfTwoParentsNotifies(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("a => listener:c; b => listener:c", e.spec("a"), e.spec("b"), e.spec("listener:c"))
		e.stage.take()
		for _, parent := range []string{"a", "b"} {
			e.stage.of(parent).drift = true
			e.stage.wake(parent)
			e.saw("check:" + parent + " apply:" + parent + " check:c refresh:c")
		}
	})
}

func TestNoop(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").drift = true
		e.load("a => listener:b", e.spec("a", noop), e.spec("listener:b"))
		e.saw("check:a check:b") // no apply, and so no refresh
		if c := e.happened(Changed); len(c) != 1 || !c[0].Noop {
			t.Errorf("got %+v", c)
		}
		e.load("", e.spec("a"))
		e.saw("check:a apply:a check:b refresh:b")
	})
}

// A notification of a resource in noop is kept until it is not any more.
func TestNoopKeepsRefresh(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").drift = true
		e.load("a => listener:b", e.spec("a"), e.spec("listener:b", noop))
		e.saw("check:a apply:a check:b")
		e.load("", e.spec("listener:b"))
		e.saw("check:b refresh:b")
	})
}

func TestNoopForAll(t *testing.T) {
	story(t, Options{Noop: true, ConvergedTimeout: 0}, func(e *testEngine) {
		e.stage.of("a").drift = true
		e.load("", e.spec("a"))
		e.saw("check:a")
		if c := e.happened(Converged); len(c) != 1 || !c[0].Converged {
			t.Errorf("got %+v", c)
		}
	})
}

func TestRetry(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").fail = 2
		e.load("a -> b", e.spec("a", retry(2, 500)), e.spec("b"))
		e.saw("check:a")
		failed := e.happened(Failed)
		if len(failed) != 1 || failed[0].Retries != 2 || failed[0].RetryIn != 500*time.Millisecond || failed[0].Err.Error() != "check: broken" {
			t.Errorf("got %+v", failed)
		}
		time.Sleep(499 * time.Millisecond)
		e.saw("")
		time.Sleep(time.Millisecond)
		e.saw("check:a")
		time.Sleep(500 * time.Millisecond)
		e.saw("check:a check:b")
	})
}

func TestFailedAndBlocked(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").fail = 2
		e.load("a -> b -> c; x -> c", e.spec("a", retry(1, 0)), e.spec("b"), e.spec("c"), e.spec("x"))
		e.state("a=failed b=blocked c=blocked x=ok")
		s, _ := e.Snapshot(context.Background())
		if c := s.Vertices[2]; c.By != key("a") || s.Count(StateFailed) != 1 || s.Count(StateBlocked) != 2 {
			t.Errorf("got %+v in %+v", c, s)
		}
		if b := e.happened(Blocked); len(b) != 2 || b[1].By != key("a") {
			t.Errorf("got %+v", b)
		}
		e.stage.take()
		time.Sleep(time.Second)
		e.stage.wake("a") // one fresh attempt
		e.saw("check:a check:b check:c")
		e.state("a=ok b=ok c=ok x=ok")
	})
}

// The budget of retries outlives the vertex, unless it is to be reset.
func TestRetryBudget(t *testing.T) {
	for _, c := range []struct {
		name string
		meta func(*resource.Meta)
		want string
	}{
		{"kept", func(*resource.Meta) {}, "check:a"},
		{"reset", func(m *resource.Meta) { m.Reset = true }, "check:a check:a check:a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			story(t, Options{}, func(e *testEngine) {
				e.stage.of("a").fail = -1
				e.load("", e.spec("a one", retry(2, 0), c.meta))
				e.saw("check:a check:a check:a")
				e.load("", e.spec("a two", retry(2, 0), c.meta))
				e.saw(c.want)
				e.submit(resource.Delta{Remove: []resource.Key{key("a")}})
				e.load("", e.spec("a two", retry(2, 0)))
				e.saw("check:a check:a check:a")
			})
		})
	}
}

func TestRetryReset(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		resets := func(m *resource.Meta) { m.RetryReset = true }
		e.load("", e.spec("a", retry(1, 0), resets), e.spec("b", retry(1, 0)))
		e.stage.take()
		for range 2 {
			e.stage.of("a").fail = 1
			e.stage.wake("a")
			e.saw("check:a check:a")
		}
		e.stage.of("b").fail = 1
		e.stage.wake("b")
		e.saw("check:b check:b")
		e.stage.of("b").fail = 1
		e.stage.wake("b")
		e.saw("check:b")
		e.state("a=ok b=failed")
	})
}

// A resource that fails for ever without a delay does not use a processor up.
func TestEndlessRetriesAreSpaced(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").fail = -1
		e.load("", e.spec("a", retry(-1, 0)))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(strings.Fields(e.stage.take())); n < 15 || n > 25 {
			t.Errorf("%d checks in 10 seconds", n)
		}
	})
}

// Events of a failed vertex give it attempts at a bearable rate.
func TestFailedEventsAreSpaced(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").fail = -1
		e.load("", e.spec("a"))
		for range 100 {
			e.stage.wake("a")
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if n := len(strings.Fields(e.stage.take())); n < 5 || n > 12 {
			t.Errorf("%d checks in 10 seconds", n)
		}
	})
}

func TestTimeout(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").takes = time.Minute
		e.load("", e.spec("a", func(m *resource.Meta) { m.Timeout = 1500 }))
		time.Sleep(2 * time.Second)
		if f := e.happened(Failed); len(f) != 1 || f[0].Err.Error() != "timeout after 1.5s: check: context deadline exceeded" {
			t.Errorf("got %+v", f)
		}
	})
}

func TestPoll(t *testing.T) {
	poll := func(n int32) func(*resource.Meta) { return func(m *resource.Meta) { m.Poll = n } }
	story(t, Options{ConvergedTimeout: 0}, func(e *testEngine) {
		e.load("", e.spec("a", poll(10)), e.spec("b", poll(-1)))
		e.stage.take()
		if c := e.happened(Converged); len(c) != 1 {
			t.Errorf("got %+v", c)
		}
		time.Sleep(31 * time.Second)
		e.saw("check:a check:a check:a")
		if len(e.stage.wakes) != 0 {
			t.Error("a polled resource is watched")
		}
		e.load("", e.spec("a", poll(1)))
		e.saw("check:a")
		time.Sleep(2500 * time.Millisecond)
		e.saw("check:a check:a")
	})
}

func TestLimit(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("a", func(m *resource.Meta) { m.Limit, m.Burst = 0.5, 2 }))
		e.saw("check:a")
		e.stage.wake("a")
		e.saw("check:a") // the second of the burst
		for range 5 {
			e.stage.wake("a")
			e.saw("")
		}
		time.Sleep(1900 * time.Millisecond)
		e.saw("")
		time.Sleep(100 * time.Millisecond)
		e.saw("check:a")
		time.Sleep(time.Minute)
		e.saw("")
	})
}

func TestLimitZero(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("a", func(m *resource.Meta) { m.Limit, m.Burst = 0, 1 }))
		e.saw("check:a")
		e.stage.wake("a")
		time.Sleep(1000 * time.Hour)
		e.saw("")
	})
}

func TestSema(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		hold := func(ids ...string) func(*resource.Meta) { return func(m *resource.Meta) { m.Sema = ids } }
		var specs []*resource.Spec
		for _, name := range []string{"a", "b", "c", "d"} {
			e.stage.of(name).takes = time.Second
			specs = append(specs, e.spec("slow:"+name, hold("x:2", "x:2")))
		}
		e.load("", specs...)
		if n := len(strings.Fields(strings.ReplaceAll(e.stage.take(), "open:", ""))); n != 4+2 {
			t.Errorf("%d steps in the first second, want 4 opens and 2 checks", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(strings.Fields(e.stage.take())); n != 2 {
			t.Errorf("%d checks in the next second, want 2", n)
		}
	})
}

func TestSemaSize(t *testing.T) {
	for id, want := range map[string]int{"a": 1, "a:1": 1, "a:3": 3, ":4": 4, "a:0": 1, "a:-2": 1, "a:b": 1, "a:2:5": 5} {
		if got := semaSize(id); got != want {
			t.Errorf("%s: got %d, want %d", id, got, want)
		}
	}
}

// A vertex that waits for a semaphore and cannot use it any more does not keep it from
// those behind it.
func TestSemaIsPassedOn(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		hold := func(m *resource.Meta) { m.Sema = []string{"x"} }
		e.load("slow:p -> slow:b", e.spec("slow:p"), e.spec("slow:a", hold), e.spec("slow:b", hold), e.spec("slow:c", hold))
		e.stage.take()
		e.stage.of("a").takes = time.Second
		e.stage.of("p").takes = time.Hour
		for _, name := range []string{"a", "b", "c", "p"} {
			e.stage.wake(name)
			synctest.Wait()
		}
		e.saw("check:a check:p")
		time.Sleep(2 * time.Second)
		e.saw("check:c")
	})
}

func TestSemaForAll(t *testing.T) {
	story(t, Options{Sema: 1}, func(e *testEngine) {
		e.stage.of("a").takes = time.Second
		e.stage.of("b").takes = time.Second
		e.load("", e.spec("slow:a"), e.spec("slow:b"))
		for range 2 {
			if words := strings.Fields(strings.ReplaceAll(e.stage.take(), "open:", "")); len(words) == 0 || len(words) > 3 {
				t.Errorf("got %q, want one check at a time", words)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
	})
}

func TestWatchFails(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").watchErr = make(chan error)
		e.load("", e.spec("a", retry(1, 1000)))
		e.saw("check:a")
		e.stage.of("a").watchErr <- errors.New("bus is gone")
		e.saw("")
		time.Sleep(time.Second)
		e.saw("check:a") // the watch is up again
		e.stage.of("a").watchErr <- errors.New("bus is gone")
		time.Sleep(time.Second)
		e.saw("check:a") // it was good in between, which restored the retries
	})
}

func TestRewatch(t *testing.T) {
	story(t, Options{ConvergedTimeout: 0}, func(e *testEngine) {
		for _, name := range []string{"a", "b"} {
			e.stage.of(name).watchErr = make(chan error)
		}
		e.load("", e.spec("a", rewatch), e.spec("b"))
		e.stage.take()
		e.stage.of("a").watchErr <- errors.New("bus is gone")
		e.stage.of("b").watchErr <- errors.New("bus is gone")
		e.state("a=failed b=failed")
		if f := e.happened(Failed); len(f) != 2 || f[0].Err.Error() != "watch: bus is gone" {
			t.Errorf("got %+v", f)
		}
		e.load("", e.spec("a", rewatch), e.spec("b"), e.spec("c"))
		e.state("a=ok b=failed c=ok")
	})
}

// The running check ends when its watch does, and that is not a failure of its own.
func TestWatchFailsDuringRun(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").watchErr = make(chan error)
		e.stage.of("a").takes = time.Hour
		e.load("", e.spec("slow:a", retry(1, 0)))
		e.saw("check:a")
		e.stage.of("a").watchErr <- errors.New("bus is gone")
		synctest.Wait()
		e.stage.of("a").takes = 0
		e.state("a=waiting")
		time.Sleep(time.Second)
		e.saw("check:a")
		if f := e.happened(Failed); len(f) != 1 {
			t.Errorf("got %+v", f)
		}
	})
}

func TestHidden(t *testing.T) {
	story(t, Options{Workers: 1}, func(e *testEngine) {
		e.load("a -> b -> c", e.spec("a"), e.spec("b bad", hidden), e.spec("c"))
		e.sawAll("open:c open:a check:a check:c")
		e.load("", e.spec("b good"))
		e.sawAll("open:b check:b")
		e.load("", e.spec("b good", hidden))
		e.sawAll("close:b")
		e.state("a=ok b=ok c=ok")
	})
}

func TestOpenFails(t *testing.T) {
	story(t, Options{ConvergedTimeout: 0}, func(e *testEngine) {
		e.stage.of("a").openFail = 2
		e.stage.of("b").openFail = 1
		e.load("b -> c", e.spec("a", retry(2, 100)), e.spec("b"), e.spec("c"))
		time.Sleep(time.Second)
		e.state("a=ok b=failed c=blocked")
		if c := e.happened(Converged); len(c) != 1 {
			t.Errorf("got %+v", c)
		}
		e.load("", e.spec("b again"))
		e.state("a=ok b=ok c=ok")
	})
}

func TestPanics(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").panics = true
		e.load("", e.spec("a"), e.spec("b"))
		e.state("a=failed b=ok")
		var p *PanicError
		if f := e.happened(Failed); len(f) != 1 || !errors.As(f[0].Err, &p) || p.Value != "oh" {
			t.Errorf("got %+v", f)
		}
	})
}

func TestSendAndReceive(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").sends = ptr("one")
		e.load("", e.spec("listener:a"), recv(e.spec("b"), "need", "listener:a", "out"))
		e.saw("check:a check:b need=one")
		e.stage.wake("a")
		e.saw("check:a") // the same value is no news
		e.stage.of("a").sends = ptr("two")
		e.stage.wake("a")
		e.saw("check:a check:b need=two")
		e.stage.of("a").sends = nil
		e.stage.wake("a")
		e.saw("check:a check:b") // need is optional
		e.stage.of("a").sends = ptr("bad")
		e.stage.wake("a")
		e.saw("check:a")
		if f := e.happened(Failed); len(f) != 1 || f[0].Err.Error() != "received values: text is bad" {
			t.Errorf("got %+v", f)
		}
		e.stage.of("a").sends = ptr("three")
		e.stage.wake("a")
		time.Sleep(time.Second)
		e.saw("check:a check:b need=three")
	})
}

func TestReceiveNothing(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("listener:a"), recv(e.spec("b"), "text", "listener:a", "out"))
		e.state("a=ok b=failed")
		f := e.happened(Failed)
		if len(f) != 1 || f[0].Err.Error() != "text: received: no value, and the parameter is not optional" {
			t.Errorf("got %+v", f)
		}
	})
}

// A resource that replaces a receiver begins with what was sent, and one that can take
// new parameters in place keeps its watch.
func TestReceiveAndReplace(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").sends = ptr("one")
		e.load("", e.spec("listener:a"), recv(e.spec("updater:b"), "need", "listener:a", "out"))
		e.saw("check:a update:b check:b need=one")
		e.submit(resource.Delta{Set: []*resource.Spec{recv(e.spec("updater:b other"), "need", "listener:a", "out")}})
		e.saw("update:b check:b need=one")
		e.submit(resource.Delta{Set: []*resource.Spec{recv(e.spec("updater:b refuse"), "need", "listener:a", "out")}})
		e.sawAll("update:b close:b open:b check:b need=one")
	})
}

// Only the wiring differs: the resource stays open and is run.
func TestRewire(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").sends = ptr("one")
		e.stage.of("b").sends = ptr("two")
		e.load("", e.spec("listener:a"), e.spec("listener:b"), recv(e.spec("c"), "need", "listener:a", "out"))
		e.stage.take()
		e.submit(resource.Delta{Set: []*resource.Spec{recv(e.spec("c"), "need", "listener:b", "out")}})
		e.sawAll("check:c need=two")
		if n := e.graph.Edges(); n != 1 {
			t.Errorf("%d edges, want the one from b", n)
		}
		e.submit(resource.Delta{Remove: []resource.Key{key("listener:a")}})
		e.stage.of("b").sends = ptr("three")
		e.stage.wake("b")
		e.sawAll("close:a check:b check:c need=three")
	})
}

// A parameter that is not wired any more has again what the program says.
func TestUnwire(t *testing.T) {
	for _, kind := range []string{"probe:", "updater:"} {
		story(t, Options{}, func(e *testEngine) {
			e.stage.of("a").sends = ptr("one")
			e.load("", e.spec("listener:a"), recv(e.spec(kind+"c"), "need", "listener:a", "out"))
			e.stage.take()
			e.load("", e.spec(kind+"c"))
			e.saw(map[string]string{"probe:": "check:c", "updater:": "update:c check:c"}[kind])
		})
	}
}

func TestDeltaTouchesOnlyWhatItNames(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("a -> b -> c", e.spec("a"), e.spec("b"), e.spec("c"), e.spec("updater:u"))
		e.stage.take()
		e.load("", e.spec("a"), e.spec("b other"), e.spec("updater:u other"), e.spec("d"))
		e.happened(Removed)
		words := strings.Fields(e.stage.take())
		count := map[string]int{}
		for _, w := range words {
			count[w]++
		}
		for _, w := range []string{"close:b", "open:b", "check:b", "update:u", "check:u", "open:d", "check:d"} {
			if count[w] != 1 {
				t.Errorf("%s happened %d times: %v", w, count[w], words)
			}
			delete(count, w)
		}
		if len(count) > 0 {
			t.Errorf("also happened: %v", count)
		}
		e.submit(resource.Delta{Remove: []resource.Key{key("b")}})
		e.sawAll("close:b")
		if r := e.happened(Removed); len(r) != 1 || r[0].Key != key("b") {
			t.Errorf("got %+v", r)
		}
	})
}

// A run finishes before its resource is replaced; the others do not wait for it.
func TestDeltaDuringRun(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").takes = 5 * time.Second
		e.load("", e.spec("slow:a"))
		e.load("", e.spec("slow:a other"), e.spec("b"))
		e.sawAll("open:a check:a open:b check:b")
		time.Sleep(5 * time.Second)
		e.sawAll("close:a open:a check:a")
	})
}

// A run that takes very long is cancelled when its resource is not wanted.
func TestDeltaCancels(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").takes = time.Hour
		e.load("", e.spec("slow:a"))
		e.submit(resource.Delta{Remove: []resource.Key{key("slow:a")}})
		e.sawAll("open:a check:a")
		time.Sleep(removeGrace)
		e.sawAll("close:a")
		if len(e.happened(Failed)) > 0 {
			t.Error("that is no failure")
		}
	})
}

// It comes again while it is going.
// An update that ends when its resource is gone says nothing about the one that comes again
// in the same turn.
func TestUpdateOfWhatComesAgain(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").updateTakes = time.Second
		e.load("", e.spec("updater:a old"))
		e.submit(resource.Delta{Set: []*resource.Spec{e.spec("updater:a new")}})
		e.submit(resource.Delta{Remove: []resource.Key{key("updater:a")}})
		e.box.call(func() { time.Sleep(2 * time.Second) }) // the loop is busy
		synctest.Wait()
		e.submit(resource.Delta{Set: []*resource.Spec{e.spec("updater:a old")}})
		time.Sleep(2 * time.Second)
		e.sawAll("open:a check:a update:a close:a open:a check:a")
	})
}

func TestRemoveAndAdd(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").takes = 2 * time.Second
		e.load("", e.spec("slow:a"))
		e.submit(resource.Delta{Remove: []resource.Key{key("slow:a")}})
		e.load("slow:a -> b", e.spec("slow:a again"), e.spec("b"))
		time.Sleep(5 * time.Second)
		e.state("a=ok b=ok")
		e.sawAll("open:a check:a open:b close:a open:a check:a check:b")
	})
}

func TestRefused(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("a -> b -> c", e.spec("a"), e.spec("b"), e.spec("c"), e.spec("listener:s"))
		e.submit(resource.Delta{Set: []*resource.Spec{recv(e.spec("r"), "need", "listener:s", "out")}})
		e.stage.take()
		for _, c := range []struct {
			name string
			d    resource.Delta
			want string
		}{
			{"cycle", resource.Delta{SetEdges: edges("c -> a")}, "test.mcl:1:1: probe[a]: cycle: probe[a] -> probe[b] -> probe[c] -> probe[a]"},
			{"itself", resource.Delta{SetEdges: edges("a -> a")}, "test.mcl:1:1: probe[a]: cycle: probe[a] -> probe[a]"},
			{"to nothing", resource.Delta{SetEdges: edges("c -> d")}, "test.mcl:1:1: probe[c]: edge to probe[d]: that is not in the graph"},
			{"from nothing", resource.Delta{SetEdges: edges("d -> c")}, "test.mcl:1:1: probe[c]: edge from probe[d]: that is not in the graph"},
			{"to what goes", resource.Delta{SetEdges: edges("a -> c"), Remove: []resource.Key{key("c")}}, "test.mcl:1:1: probe[a]: edge to probe[c]: that is not in the graph"},
			{"not valid", resource.Delta{Set: []*resource.Spec{e.spec("d bad"), e.spec("e")}}, "test.mcl:1:1: probe[d]: text is bad"},
			{"cycle of new ones", resource.Delta{Set: []*resource.Spec{e.spec("d")}, SetEdges: edges("d -> a; c -> d"), RemoveEdges: edges("a -> b; x -> y")}, ""},
			{"cycle by removal", resource.Delta{Remove: []resource.Key{key("b")}, SetEdges: edges("c -> a; a -> c")}, "test.mcl:1:1: probe[a]: cycle: probe[a] -> probe[c] -> probe[a]"},
			{"no sender", resource.Delta{Set: []*resource.Spec{recv(e.spec("d"), "need", "listener:x", "out")}}, "test.mcl:1:1: probe[d]: need: it receives from listener[x], which is not in the graph"},
			{"no output", resource.Delta{Set: []*resource.Spec{recv(e.spec("d"), "need", "listener:s", "put")}}, "test.mcl:1:1: probe[d]: need: listener[s] does not send put"},
			{"no parameter", resource.Delta{Set: []*resource.Spec{recv(e.spec("d"), "needs", "listener:s", "out")}}, "test.mcl:1:1: probe[d]: needs: probe has no such parameter"},
			{"mute sender", resource.Delta{Set: []*resource.Spec{recv(e.spec("d"), "need", "a", "out")}}, "test.mcl:1:1: probe[d]: need: it receives from probe[a], which does not send anything"},
			{"sender goes", resource.Delta{Remove: []resource.Key{key("listener:s")}}, "test.mcl:1:1: probe[r]: it receives from listener[s], which is to be removed"},
			{"unknown kind", resource.Delta{Set: []*resource.Spec{{Key: key("what:d"), Resource: &probe{}, Pos: "x:1:1"}}}, "x:1:1: what[d]: there is no such kind"},
		} {
			err := e.Submit(context.Background(), c.d)
			if c.want == "" {
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				continue
			}
			if err == nil || err.Error() != c.want {
				t.Errorf("%s: got %v, want %s", c.name, err, c.want)
			}
			var cycle *graph.CycleError[resource.Key]
			if strings.Contains(c.name, "cycle") && !errors.As(err, &cycle) {
				t.Errorf("%s: %v does not hold the cycle", c.name, err)
			}
		}
		e.saw("check:d")
		if got := e.graph.Edges(); got != 4 {
			t.Errorf("%d edges, want b->c, c->d, d->a and s->r", got)
		}
		e.state("a=ok b=ok c=ok d=ok r=ok s=ok")
	})
}

// A refused delta leaves no trace, also in what the vertices know of each other.
func TestRefusedLeavesNoTrace(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").fail = -1
		e.load("a -> b; b -> c", e.spec("a"), e.spec("b"), e.spec("c"))
		e.state("a=failed b=blocked c=blocked")
		err := e.Submit(context.Background(), resource.Delta{
			Set: []*resource.Spec{e.spec("d")}, Remove: []resource.Key{key("a")},
			RemoveEdges: edges("b -> c"), SetEdges: edges("d -> b; b -> d"),
		})
		if err == nil {
			t.Fatal("a cycle is taken")
		}
		e.state("a=failed b=blocked c=blocked")
		e.stage.of("a").fail = 0
		time.Sleep(time.Second)
		e.stage.wake("a")
		e.state("a=ok b=ok c=ok")
	})
}

func TestConverged(t *testing.T) {
	story(t, Options{ConvergedTimeout: 5 * time.Second}, func(e *testEngine) {
		time.Sleep(time.Minute)
		if c := e.happened(Converged); len(c) > 0 {
			t.Error("converged before there is a graph")
		}
		e.stage.of("a").takes = 3 * time.Second
		e.load("", e.spec("slow:a"), e.spec("b"))
		time.Sleep(7900 * time.Millisecond)
		if c := e.happened(Converged); len(c) > 0 {
			t.Error("converged too early")
		}
		time.Sleep(200 * time.Millisecond)
		if c := e.happened(Converged); len(c) != 1 || !c[0].Converged || c[0].Settled != 2 || c[0].Total != 2 {
			t.Errorf("got %+v", c)
		}
		e.stage.wake("b")
		if c := e.happened(Converged); len(c) != 1 || c[0].Converged {
			t.Errorf("got %+v", c)
		}
		time.Sleep(4 * time.Second)
		e.stage.wake("b") // the time begins again
		time.Sleep(4 * time.Second)
		if c := e.happened(Converged); len(c) > 0 {
			t.Errorf("got %+v", c)
		}
		time.Sleep(time.Second)
		if c := e.happened(Converged); len(c) != 1 || !c[0].Converged {
			t.Errorf("got %+v", c)
		}
	})
}

func TestConvergedWithNothing(t *testing.T) {
	story(t, Options{ConvergedTimeout: 0}, func(e *testEngine) {
		e.submit(resource.Delta{})
		if c := e.happened(Converged); len(c) != 1 {
			t.Errorf("got %+v", c)
		}
	})
}

func TestConvergedNever(t *testing.T) {
	story(t, Options{ConvergedTimeout: -1}, func(e *testEngine) {
		e.load("", e.spec("a"))
		time.Sleep(time.Hour)
		if c := e.happened(Converged); len(c) > 0 {
			t.Errorf("got %+v", c)
		}
	})
}

// Waiting for a retry is not settled; failed is.
func TestConvergedWithFailures(t *testing.T) {
	story(t, Options{ConvergedTimeout: 0}, func(e *testEngine) {
		e.stage.of("a").fail = 2
		e.load("a -> b", e.spec("a", retry(1, 60_000)), e.spec("b"))
		if c := e.happened(Converged); len(c) > 0 {
			t.Errorf("got %+v", c)
		}
		time.Sleep(time.Minute)
		if c := e.happened(Converged); len(c) != 1 {
			t.Errorf("got %+v", c)
		}
	})
}

func TestProgress(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("a -> b", e.spec("a"), e.spec("b"))
		p := e.happened(Progress)
		if first, last := p[0], p[len(p)-1]; first.Settled != 0 || first.Total != 2 || last.Settled != 2 || last.Total != 2 {
			t.Errorf("got %+v to %+v", first, last)
		}
	})
}

// An orderly stop lets what runs finish, begins nothing, and closes all.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, Options{})
		e.stage.of("a").takes = time.Minute
		e.load("slow:a -> b", e.spec("slow:a"), e.spec("b"), e.spec("c"))
		e.stage.take()
		e.cancel()
		synctest.Wait()
		if got := e.stage.take(); got != "close:b close:c" && got != "close:c close:b" {
			t.Errorf("got %s", got)
		}
		if err := e.Submit(context.Background(), resource.Delta{}); !errors.Is(err, ErrStopped) {
			t.Errorf("got %v", err)
		}
		e.state("a=running b=waiting c=ok")
		before := time.Now()
		<-e.ended
		if took := time.Since(before); took != time.Minute {
			t.Errorf("stopped after %v", took)
		}
		e.sawAll("close:a")
		e.state("a=running b=waiting c=ok")
		if err := e.Submit(context.Background(), resource.Delta{}); !errors.Is(err, ErrStopped) {
			t.Errorf("got %v", err)
		}
	})
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, Options{})
		e.stage.of("a").takes = time.Hour
		e.load("", e.spec("slow:a", retry(3, 0)), e.spec("listener:b"))
		e.stage.take()
		before := time.Now()
		e.cancel()
		e.Interrupt(2)
		<-e.ended
		if took := time.Since(before); took != 0 {
			t.Errorf("stopped after %v", took)
		}
		if got := e.happened(Failed); len(got) > 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestInterruptHarder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, Options{})
		a := e.stage.of("a")
		a.takes, a.deaf = time.Hour, true
		e.load("", e.spec("updater:a"))
		e.cancel()
		e.stage.take()
		for level := 1; level <= 3; level++ {
			e.Interrupt(level)
			e.sawAll(map[int]string{3: "interrupt:a"}[level])
		}
		e.Interrupt(3)
		e.sawAll("")
		<-e.ended
	})
}

// Resources are told of each other before any of them runs.
func TestDeclare(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("sub:a one"))
		e.sawAll("declare:one:true open:a check:a")
		e.load("", e.spec("sub:a two"))
		e.sawAll("declare:two:true declare:one:false close:a open:a check:a")
		e.submit(resource.Delta{Remove: []resource.Key{key("sub:a")}})
		e.sawAll("declare:two:false close:a")
	})
}

func TestCause(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("s").sends = ptr("x")
		e.submit(resource.Delta{Cause: &resource.Move{What: "$x", Old: "1", New: "2"}, SetEdges: edges("a => listener:b"), Set: []*resource.Spec{
			e.spec("a"), e.spec("listener:b"), e.spec("listener:s"), recv(e.spec("c"), "need", "listener:s", "out")}})
		for _, ev := range e.happened(Checked) {
			if ev.Cause.String() != "$x: 1 → 2" {
				t.Errorf("%s ran because of %q", ev.Key, ev.Cause)
			}
		}
		e.stage.of("a").drift = true
		e.stage.wake("a")
		e.stage.of("s").sends = ptr("y")
		e.stage.wake("s")
		synctest.Wait()
		got := map[string]string{}
		for _, ev := range e.events {
			if ev.Kind == Checked || ev.Kind == Changed || ev.Kind == Refreshed {
				got[ev.Key.Name] = ev.Cause.String()
			}
		}
		want := map[string]string{"a": "its watch saw a change", "b": "notified by probe[a]",
			"s": "its watch saw a change", "c": `received need from listener[s]: "x" → "y"`}
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A run names the one before it in the chain: the one that failed, of the parent that
// notified, or of the sender.
func TestCauseChain(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("s").sends = ptr("x")
		again := e.spec("a")
		again.Meta.Retry = 1
		e.submit(resource.Delta{SetEdges: edges("a => listener:b"), Set: []*resource.Spec{
			again, e.spec("listener:b"), e.spec("listener:s"), recv(e.spec("c"), "need", "listener:s", "out")}})
		e.stage.of("a").drift, e.stage.of("a").fail = true, 1
		e.stage.wake("a")
		e.stage.of("s").sends = ptr("y")
		e.stage.wake("s")
		synctest.Wait()
		runs, last := map[uint64]Event{}, map[string]Event{}
		for _, ev := range e.events {
			if ev.Run > 0 {
				runs[ev.Run], last[ev.Key.Name] = ev, ev
			}
		}
		for name, want := range map[string]string{
			"b": "listener[b] notified; probe[a] retried; probe[a] woken",
			"c": "probe[c] received; listener[s] woken",
		} {
			ev := last[name]
			got := []string{ev.Key.String() + " " + ev.Cause.Kind.String()}
			for ev.Cause.Run > 0 {
				ev = runs[ev.Cause.Run]
				got = append(got, ev.Key.String()+" "+ev.Cause.Kind.String())
			}
			if got := strings.Join(got, "; "); got != want {
				t.Errorf("the chain of %s is %s, want %s", name, got, want)
			}
		}
	})
}

// A value for a secret parameter is in no cause.
func TestSecretCause(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("s").sends = ptr("xyzzy")
		e.load("", e.spec("listener:s"), recv(e.spec("c"), "pass", "listener:s", "out"))
		e.happened(Checked)
		e.stage.of("s").sends = ptr("plugh")
		e.stage.wake("s")
		synctest.Wait()
		events := e.happened(Checked)
		if last := events[len(events)-1]; last.Key.Name != "c" || last.Cause.String() != "received pass from listener[s] (secret)" {
			t.Errorf("%s ran because of %q", last.Key, last.Cause)
		}
	})
}

// A resource that cannot be opened without a value is opened once there is one.
func TestReceiveRevives(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").sends = ptr("x")
		e.stage.of("b").openFail = 1
		e.load("", e.spec("slow:p"), e.spec("listener:a"), recv(e.spec("b"), "need", "listener:a", "out"))
		e.state("a=ok b=ok p=ok")
	})
}

// A resource whose watch could not be started again with the values received is
// replaced.
func TestReceiveFailsToWatch(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").sends = ptr("x")
		e.stage.of("b").watchErr = make(chan error, 1)
		e.load("", e.spec("listener:a"), recv(e.spec("b", retry(1, 1000)), "need", "listener:a", "out"))
		e.saw("check:a check:b need=x")
		e.stage.of("b").noWatch = true
		e.stage.of("a").sends = ptr("y")
		e.stage.wake("a")
		e.saw("check:a")
		e.stage.of("b").noWatch = false
		e.state("a=ok b=waiting")
		time.Sleep(time.Second)
		e.saw("check:b need=y")
		e.stage.wake("b")
		e.saw("check:b need=y")
	})
}

// Quick work that hangs does not keep the rest from being done.
func TestStuckWorkers(t *testing.T) {
	story(t, Options{Workers: 1}, func(e *testEngine) {
		for _, name := range []string{"a", "b"} {
			e.stage.of(name).takes = time.Hour
		}
		e.load("", e.spec("a"), e.spec("b"), e.spec("c"))
		time.Sleep(time.Second)
		e.state("a=running b=running c=ok")
		time.Sleep(time.Hour)
		e.state("a=ok b=ok c=ok")
		if e.pool.spare != 0 {
			t.Errorf("%d spare workers are left", e.pool.spare)
		}
	})
}

// A long chain that is blocked costs its length.
func TestBlockedChain(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		const n = 5000
		e.stage.of("0").fail = 1
		d := resource.Delta{Set: []*resource.Spec{e.spec("0")}}
		for i := 1; i < n; i++ {
			d.Set = append(d.Set, e.spec(fmt.Sprint("sub:", i)))
			d.SetEdges = append(d.SetEdges, resource.Edge{From: d.Set[i-1].Key, To: d.Set[i].Key})
		}
		e.submit(d)
		blocked := e.happened(Blocked)
		if len(blocked) != n-1 || blocked[n-2].By != key("0") {
			t.Errorf("%d are blocked", len(blocked))
		}
		time.Sleep(time.Second)
		e.stage.wake("0")
		synctest.Wait()
		if s, _ := e.Snapshot(context.Background()); s.Count(StateBlocked)+s.Count(StateFailed) > 0 || !s.Converged {
			t.Errorf("%d blocked, %d failed", s.Count(StateBlocked), s.Count(StateFailed))
		}
	})
}

func TestSharedValues(t *testing.T) {
	e := New(Options{})
	made := 0
	for range 3 {
		if got := e.shared.get("k", func() any { made++; return made }); got != 1 {
			t.Errorf("got %v", got)
		}
	}
}

func TestStateDir(t *testing.T) {
	base := t.TempDir()
	seen := map[string]bool{}
	for _, id := range []resource.ID{{Kind: "file", Name: "/a/b"}, {Kind: "file", Name: "-a-b"}, {Kind: "exec", Name: "/a/b"},
		{Kind: "file", Name: strings.Repeat("x", 300)}, {Kind: "file", Name: strings.Repeat("x", 301)}, {Kind: "file", Name: ".."}} {
		dir, err := stateDir(base, id)
		if err != nil || seen[dir] {
			t.Errorf("%s: %s, %v", id, dir, err)
		}
		seen[dir] = true
		if again, _ := stateDir(base, id); again != dir {
			t.Errorf("%s: %s and then %s", id, dir, again)
		}
	}
}
