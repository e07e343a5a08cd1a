package engine

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
)

func single(m *resource.Meta) { m.AutoGroup = false }

func timeout(ms int64) func(*resource.Meta) { return func(m *resource.Meta) { m.Timeout = ms } }

func holds(ids ...string) func(*resource.Meta) { return func(m *resource.Meta) { m.Sema = ids } }

// lacking makes packs that have to be applied.
func (e *testEngine) lacking(names ...string) {
	for _, name := range names {
		e.stage.alter(name, func(a *act) { a.drift = true })
	}
}

// applied checks what was applied since the last call of saw, applied or sawAll, and in
// which transactions.
func (e *testEngine) applied(want string) {
	e.t.Helper()
	synctest.Wait()
	var got []string
	for word := range strings.FieldsSeq(e.stage.take()) {
		if names, ok := strings.CutPrefix(word, "apply:"); ok {
			got = append(got, names)
		}
	}
	if got := strings.Join(got, " "); got != want {
		e.t.Errorf("got %q, want %q", got, want)
	}
}

func TestGroup(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.lacking("a", "c", "x", "y", "n")
		e.load("pack:c => listener:d", e.spec("pack:a os"), e.spec("pack:b os"), e.spec("pack:c os"), e.spec("listener:d"),
			e.spec("pack:x lib"), e.spec("pack:y lib"), e.spec("pack:n"))
		log := e.stage.take()
		for _, want := range []string{" apply:a+c ", " apply:x+y ", " apply:n ", " refresh:d"} {
			if !strings.Contains(log, want) {
				t.Errorf("%q is not in %q", want, log)
			}
		}
		if changed := e.happened(Changed); len(changed) != 5 {
			t.Errorf("got %+v", changed)
		}
		e.state("a=ok b=ok c=ok d=ok n=ok x=ok y=ok")
		e.lacking("b")
		e.stage.wake("b")
		e.saw("check:b apply:b applied")
	})
}

// What depends on another is applied after it.
func TestGroupKeepsOrder(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.lacking("a", "b", "c", "d")
		e.load("pack:a -> pack:b -> c; pack:a -> pack:d", e.spec("pack:a os"), e.spec("pack:b os"), e.spec("c"), e.spec("pack:d os"))
		e.applied("a b+d c")
	})
}

// Two that have a path between them may drift at once, when what is between is right.
func TestGroupHasNoPathInside(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("pack:a -> m -> pack:b", e.spec("pack:a os"), e.spec("m"), e.spec("pack:b os"), e.spec("pack:c os"))
		e.stage.take()
		e.lacking("a", "b", "c")
		for _, name := range []string{"a", "b", "c"} {
			e.stage.of(name).takes = time.Millisecond
			e.stage.wake(name)
		}
		time.Sleep(time.Second)
		e.applied("a+c b")
	})
}

// What gets ready during a transaction is for the next, and checked again before it.
func TestGroupQueues(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("pack:a os"), e.spec("pack:b os"), e.spec("pack:c os"), e.spec("pack:d os"))
		e.stage.take()
		e.lacking("a", "b", "c", "d")
		e.stage.of("a").applyTakes = time.Second
		e.stage.wake("a")
		for _, name := range []string{"b", "c", "d"} {
			synctest.Wait()
			e.stage.wake(name)
		}
		e.saw("check:a apply:a check:b check:c check:d")
		e.state("a=running b=running c=running d=running")
		e.stage.alter("c", func(a *act) { a.drift = false }) // somebody else did it
		time.Sleep(time.Second)
		e.saw("applied check:b check:c check:d apply:b+d applied")
		e.state("a=ok b=ok c=ok d=ok")
	})
}

// A check that takes long is waited for, but not without an end.
func TestGroupPatience(t *testing.T) {
	for takes, want := range map[time.Duration]string{patience / 2: "a+b", patience * 2: "a b"} {
		story(t, Options{}, func(e *testEngine) {
			e.lacking("a", "b")
			e.stage.of("b").takes = takes
			e.load("", e.spec("pack:a os"), e.spec("pack:b os"))
			time.Sleep(3 * patience)
			e.applied(want)
		})
	}
}

func TestGroupAlone(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		for _, name := range []string{"a", "b", "c"} {
			e.lacking(name)
			e.stage.of(name).takes = time.Millisecond
		}
		e.load("", e.spec("pack:a os", single), e.spec("pack:b os"), e.spec("pack:c os"))
		time.Sleep(time.Second)
		log := e.stage.take()
		if !strings.Contains(log, "apply:a applied") || !strings.Contains(log, "apply:b+c applied") {
			t.Errorf("got %q", log)
		}
	})
	story(t, Options{NoAutogroup: true}, func(e *testEngine) {
		e.lacking("a", "b")
		e.load("", e.spec("pack:a os"), e.spec("pack:b os"))
		if log := e.stage.take(); strings.Count(log, "applied") != 2 {
			t.Errorf("got %q", log)
		}
	})
}

func TestGroupNoop(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.lacking("a", "b", "c")
		e.load("", e.spec("pack:a os"), e.spec("pack:b os", noop), e.spec("pack:c os"))
		e.applied("a+c")
		e.state("a=ok b=ok c=ok")
	})
}

// Each member has its own result and retries.
func TestGroupFails(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.lacking("a", "b", "c")
		e.stage.of("b").applyFails = true
		e.stage.of("c").applyFails = true
		e.load("pack:b -> d", e.spec("pack:a os"), e.spec("pack:b os"), e.spec("pack:c os", retry(1, 5000)), e.spec("d"))
		e.applied("a+b+c")
		e.state("a=ok b=failed c=waiting d=blocked")
		e.stage.alter("c", func(a *act) { a.applyFails = false })
		time.Sleep(5 * time.Second)
		e.applied("c")
		e.state("a=ok b=failed c=ok d=blocked")
		failed := e.happened(Failed)
		if len(failed) != 2 || failed[0].Err.Error() != "apply: no such package" {
			t.Errorf("got %+v", failed)
		}
	})
}

func TestGroupPanics(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.lacking("a", "b")
		e.stage.of("b").applyPanics = true
		e.load("", e.spec("pack:a os"), e.spec("pack:b os"), e.spec("c"))
		e.state("a=failed b=failed c=ok")
	})
}

// Only those with the same timeout are applied together, and the wait does not count.
func TestGroupTimeout(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.lacking("a", "b", "c")
		e.stage.of("a").applyTakes = 4 * time.Second
		e.stage.of("b").applyTakes = 4 * time.Second
		e.load("", e.spec("pack:a os"), e.spec("pack:b os", timeout(3000)), e.spec("pack:c os", timeout(5000)))
		time.Sleep(20 * time.Second)
		if log := e.stage.take(); strings.Count(log, " applied") != 3 {
			t.Errorf("got %q", log)
		}
		failed := e.happened(Failed)
		if len(failed) != 1 || failed[0].Key.Name != "b" || !strings.HasPrefix(failed[0].Err.Error(), "timeout after 3s: apply: ") {
			t.Errorf("got %+v", failed)
		}
	})
}

// A member holds its semaphores, and those that wait for them are not waited for.
func TestGroupSema(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.lacking("a", "b", "c")
		e.stage.of("b").applyTakes = time.Minute
		e.load("", e.spec("pack:a os", holds("disk")), e.spec("pack:b os"), e.spec("pack:c os", holds("disk")))
		first := e.stage.take()
		time.Sleep(time.Minute)
		synctest.Wait()
		switch second := e.stage.take(); {
		case strings.Contains(first, "apply:a+b") && strings.Contains(second, "apply:c"):
		case strings.Contains(first, "apply:b+c") && strings.Contains(second, "apply:a"):
		default:
			t.Errorf("got %q and %q", first, second)
		}
	})
}

// What is removed or replaced while it queues leaves the queue.
func TestGroupWithdraws(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("pack:a os"), e.spec("pack:b os"), e.spec("pack:c os"), e.spec("pack:d os"))
		e.stage.take()
		e.lacking("a", "b", "c", "d")
		e.stage.of("a").applyTakes = time.Minute
		for _, name := range []string{"a", "b", "c", "d"} {
			e.stage.wake(name)
			synctest.Wait()
		}
		e.saw("check:a apply:a check:b check:c check:d")
		e.submit(resource.Delta{Remove: []resource.Key{key("pack:b")}, Set: []*resource.Spec{e.spec("pack:c lib")}})
		e.saw("check:c apply:c applied")
		time.Sleep(time.Minute)
		e.saw("applied check:d apply:d applied")
		e.state("a=ok c=ok d=ok")
	})
}

// The removal of one member does not end the work on the others; that of all does.
func TestGroupCancels(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.lacking("a", "b")
		e.stage.of("b").applyTakes = time.Hour
		e.stage.of("a").applyTakes = time.Hour
		e.load("", e.spec("pack:a os"), e.spec("pack:b os"))
		e.submit(resource.Delta{Remove: []resource.Key{key("pack:a")}})
		time.Sleep(2 * removeGrace)
		e.state("b=running")
		e.applied("a+b")
		e.submit(resource.Delta{Remove: []resource.Key{key("pack:b")}})
		time.Sleep(removeGrace)
		e.saw("applied")
		e.state("")
		// One that comes again does not run beside the old transaction.
		e.load("", e.spec("pack:a os"))
		e.saw("check:a apply:a")
		e.submit(resource.Delta{Remove: []resource.Key{key("pack:a")}})
		e.load("", e.spec("pack:c os"))
		e.lacking("c")
		e.stage.wake("c")
		e.saw("check:c check:c")
		time.Sleep(removeGrace)
		e.saw("applied check:c apply:c applied")
	})
}

// The end lets a transaction finish and begins no other; harder steps cancel it.
func TestGroupStops(t *testing.T) {
	begin := func(e *testEngine) {
		e.load("", e.spec("pack:a os"), e.spec("pack:b os"), e.spec("pack:c os"))
		e.lacking("a", "b", "c")
		e.stage.of("a").applyTakes = time.Minute
		e.stage.take()
		e.stage.wake("a")
		synctest.Wait()
		e.stage.wake("b")
		e.saw("check:a apply:a check:b")
	}
	story(t, Options{}, func(e *testEngine) {
		begin(e)
		started := time.Now()
		e.stopAndWait()
		e.saw("applied")
		if took := time.Since(started); took != time.Minute {
			t.Errorf("it took %v", took)
		}
	})
	story(t, Options{}, func(e *testEngine) {
		begin(e)
		started := time.Now()
		e.Interrupt(2)
		e.stopAndWait()
		e.saw("applied")
		if took := time.Since(started); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
	story(t, Options{}, func(e *testEngine) {
		begin(e)
		e.Interrupt(3)
		e.stopAndWait()
		if log := e.stage.take(); !strings.Contains(log, "interrupt:a") || !strings.Contains(log, "applied") {
			t.Errorf("got %q", log)
		}
	})
}
