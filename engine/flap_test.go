package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
)

// disturb has something change the resource back, n times at intervals, and returns how often
// it was repaired.
func (e *testEngine) disturb(n int, every time.Duration, names ...string) int {
	e.stage.take()
	for range n {
		for _, name := range names {
			synctest.Wait() // for repairs that were put off until this moment
			e.stage.of(name).drift = true
			e.stage.wake(name)
			synctest.Wait()
		}
		time.Sleep(every)
	}
	synctest.Wait()
	return strings.Count(e.stage.take(), "apply:")
}

// warnings returns the flapping that was told of.
func (e *testEngine) warnings() []*FlapError {
	var out []*FlapError
	for _, ev := range e.happened(Warned) {
		if f := (*FlapError)(nil); errors.As(ev.Err, &f) {
			out = append(out, f)
		}
	}
	return out
}

// What is changed back again and again is told once, and repaired less and less often. When it
// stays as it is, it is all right, and repaired at once again.
func TestFlapping(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("a"))
		if n := e.disturb(flapRow-1, time.Second, "a"); n != flapRow-1 || len(e.warnings()) != 0 {
			t.Errorf("%d repairs of %d before it counts", n, flapRow-1)
		}
		n := e.disturb(600, time.Second, "a")
		if n < 10 || n > 20 {
			t.Errorf("%d repairs in ten minutes, want about one a minute", n)
		}
		w := e.warnings()
		if len(w) != 1 || w[0].Repairs != flapRow || w[0].Rival != nil || w[0].After != nil || !strings.Contains(w[0].Error(), "outside of this agent") {
			t.Errorf("it says %v", w)
		}
		e.state("a=waiting")
		time.Sleep(flapLast)
		e.state("a=ok")
		time.Sleep(5 * flapLast)
		if n := e.disturb(1, 0, "a"); n != 1 {
			t.Errorf("%d repairs at once, long after, want 1", n)
		}
	})
}

// Repairs that are far apart, and runs for which there is a reason, are no flapping.
func TestNotFlapping(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("a"))
		if n := e.disturb(50, flapGap+time.Second, "a"); n != 50 {
			t.Errorf("%d of 50 repairs", n)
		}
		for i := range 50 {
			e.stage.of("a").drift = true
			e.load("", e.spec("a "+strings.Repeat("x", i+1)))
		}
		if w := e.warnings(); len(w) != 0 {
			t.Errorf("it says %v", w)
		}
	})
}

// Who changes it back is told: one that did something each time, or one of the same thing.
func TestRivals(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("a"), e.spec("b"), e.spec("c"))
		e.disturb(1, 0, "c")
		e.disturb(flapRow+1, 0, "a", "b")
		w := e.warnings()
		if len(w) != 2 || w[0].After == nil || w[0].After.Name != "b" || w[1].After == nil || w[1].After.Name != "a" {
			t.Errorf("it says %v", w)
		}
	})
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("part:a +x"), e.spec("part:b +x"))
		e.disturb(flapRow, 0, "a")
		w := e.warnings()
		if len(w) != 1 || w[0].Rival == nil || w[0].Rival.Name != "b" || !strings.Contains(w[0].Error(), "keep one of the two") {
			t.Errorf("it says %v", w)
		}
	})
}

// A change of what is wanted ends it.
func TestFlappingEnds(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("a"))
		e.disturb(flapRow+5, 0, "a")
		s, err := e.Snapshot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if w := s.Vertices[0].Wait; w.Kind != WaitFlap || w.Until.IsZero() {
			t.Errorf("it waits for %+v", w)
		}
		e.submit(resource.Delta{Set: []*resource.Spec{e.spec("a other")}})
		e.state("a=ok")
	})
}
