package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
)

// What an agent says of each resource that is not settled, and of what each has done.
func TestInquire(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		again := e.spec("again")
		again.Meta.Retry, again.Meta.Delay = 5, 60_000
		one, two := e.spec("one"), e.spec("two")
		one.Meta.Sema, two.Meta.Sema = []string{"s:1"}, []string{"s:1"}
		e.stage.of("again").fail = -1
		e.stage.of("one").takes, e.stage.of("two").takes = time.Hour, time.Hour
		e.stage.of("change").drift = true
		e.submit(resource.Delta{SetEdges: edges("again -> below"), Set: []*resource.Spec{
			again, e.spec("below"), one, two, e.spec("change")}})
		synctest.Wait()
		s, err := e.Inquire(context.Background(), Inquiry{Edges: true})
		if err != nil {
			t.Fatal(err)
		}
		waits := map[string]Wait{}
		for _, v := range s.Vertices {
			waits[v.Key.Name] = v.Wait
			switch v.Key.Name {
			case "again":
				if v.Err == nil || v.Failures != 1 || v.Runs != 1 {
					t.Errorf("of what fails it says %+v", v)
				}
			case "change":
				if v.Work == nil || len(v.Work.Changes) != 1 || v.Work.Changes[0].Diff != nil || v.Changes != 1 {
					t.Errorf("of what changed it says %+v", v)
				}
			}
		}
		if w := waits["again"]; w.Kind != WaitRetry || !w.Until.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("what is tried again waits for %+v", w)
		}
		if w := waits["below"]; w.Kind != WaitParents || len(w.For) != 1 || w.For[0].Name != "again" || w.More != 0 {
			t.Errorf("its child waits for %+v", w)
		}
		semas := 0
		for _, name := range []string{"one", "two"} {
			if w := waits[name]; w.Kind == WaitSema && w.Sema == "s:1" {
				semas++
			}
		}
		if semas != 1 || s.Count(StateRunning) != 1 {
			t.Errorf("of two with one semaphore %d wait for it and %d run", semas, s.Count(StateRunning))
		}
		if s.Total != 5 || s.Settled != 1 || s.Count(StateOK) != 1 || len(s.Edges) != 1 {
			t.Errorf("the counts are %+v", s)
		}
	})
}

// Only what is asked for is listed, and everything is counted.
func TestInquirePicks(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("b").fail = -1
		e.load("", e.spec("a"), e.spec("b"), e.spec("c"))
		s, err := e.Inquire(context.Background(), Inquiry{Pick: func(v *Status) bool { return v.State == StateFailed }})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Vertices) != 1 || s.Vertices[0].Key.Name != "b" || s.Count(StateOK) != 2 || s.Edges != nil {
			t.Errorf("got %+v", s)
		}
	})
}

// A run whose apply failed changed nothing, and is not the last change.
func TestFailedApply(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.stage.of("a").drift, e.stage.of("a").stuck = true, true
		e.load("", e.spec("a"))
		e.state("a=failed")
		s, err := e.Snapshot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if v := s.Vertices[0]; v.Runs != 1 || v.Failures != 1 || v.Changes != 0 || v.Work != nil {
			t.Errorf("got %+v", v)
		}
	})
}
