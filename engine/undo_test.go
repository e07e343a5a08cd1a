package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
)

// A door is shut or open, or whatever the text says; the system has a text for each. Its
// opposite is a door as it was before. One that is "walled" cannot be undone, and one that is
// "stuck" cannot be changed.
type door struct {
	Text string `mgmt:"text"`

	id    string
	stage *stage
}

func (d *door) Validate() error { return nil }

func (d *door) Open(env *resource.Env) error {
	d.id = env.ID.Name
	return nil
}

func (d *door) Close() error { return nil }

func (d *door) Watch(ctx context.Context, wake func()) error {
	d.stage.mu.Lock()
	d.stage.wakes[d.id] = wake
	d.stage.mu.Unlock()
	wake()
	<-ctx.Done()
	return nil
}

func (d *door) Check(context.Context) ([]resource.Change, error) {
	if have := d.stage.door(d.id); have != d.Text {
		return []resource.Change{{Param: "text", Old: have, New: d.Text}}, nil
	}
	return nil, nil
}

func (d *door) Apply(_ context.Context, changes []resource.Change) error {
	if d.stage.of(d.id).applyFails {
		return errors.New("it is stuck")
	}
	d.stage.setDoor(d.id, d.Text)
	return nil
}

func (d *door) Reversed() (resource.Resource, error) {
	switch have := d.stage.door(d.id); have {
	case "walled":
		return nil, errors.New("it is a wall")
	case d.Text:
		return nil, nil
	default:
		return &door{Text: have, stage: d.stage}, nil
	}
}

func (s *stage) door(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doors[name]
}

func (s *stage) setDoor(name, text string) {
	s.note("%s:%s", name, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doors == nil {
		s.doors = map[string]string{}
	}
	s.doors[name] = text
}

func reverses(m *resource.Meta) { m.Reverse = true }

// runs plays one run of an agent after the other on the same system and the same state.
func runs(t *testing.T, opts Options, parts ...func(e *testEngine)) {
	t.Helper()
	opts.StateDir = t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		s.setDoor("a", "old")
		s.setDoor("b", "old")
		s.take()
		for _, part := range parts {
			e := startOn(t, opts, s)
			synctest.Wait()
			part(e)
			e.stopAndWait()
		}
	})
}

// notes checks which doors have notes.
func (e *testEngine) hasNotes(want ...string) {
	e.t.Helper()
	synctest.Wait()
	all, err := filepath.Glob(filepath.Join(e.opts.StateDir, "*", "reverse"))
	if err != nil {
		e.t.Fatal(err)
	}
	var got []string
	for _, path := range all {
		_, name, _ := strings.Cut(filepath.Base(filepath.Dir(path)), "+")
		got = append(got, name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		e.t.Errorf("there are notes of %q, want %q", got, want)
	}
}

func TestUndoWhenRemoved(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("door:a new", reverses), e.spec("door:b new"))
		e.hasNotes("a")
		e.stage.take()
		e.submit(remove("door:a", "door:b"))
		e.saw("a:old")
		e.state("")
		e.hasNotes()
		changed := e.happened(Changed)
		if last := changed[len(changed)-1]; last.Cause.Kind != Unwanted || last.Changes[0].String() != "text: new → old" {
			t.Errorf("the event is %+v, caused by %v", last, last.Cause)
		}
		if e.graph.Len() > 0 || len(e.undos) > 0 {
			t.Errorf("%d nodes and %d undos are left", e.graph.Len(), len(e.undos))
		}
	})
}

// What the first run saw counts, whatever came after it.
func TestUndoFirstNoteWins(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("door:a new", reverses))
		e.load("", e.spec("door:a newer", reverses))
		e.stage.setDoor("a", "drifted")
		e.stage.wake("a")
		synctest.Wait()
	}, func(e *testEngine) {
		e.load("", e.spec("door:a newest", reverses))
		e.stage.take()
		e.submit(remove("door:a"))
		e.saw("a:old")
		e.load("", e.spec("door:a again", reverses))
		e.hasNotes("a")
	})
}

func TestUndoAfterRestart(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("door:a new", reverses), e.spec("door:b new", reverses))
	}, func(e *testEngine) {
		e.hasNotes("a", "b")
		e.stage.take()
		e.load("", e.spec("door:b new", reverses))
		e.saw("a:old")
		e.hasNotes("b")
		e.state("b=ok")
	}, func(e *testEngine) {
		e.load("")
		e.saw("b:old")
		e.hasNotes()
	}, func(e *testEngine) {
		e.load("")
		e.saw("")
	})
}

// That there was nothing to undo is remembered as well.
func TestUndoNothing(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("door:a old", reverses))
		e.hasNotes("a")
		e.load("", e.spec("door:a new", reverses))
	}, func(e *testEngine) {
		e.load("", e.spec("door:a new", reverses))
		e.stage.take()
		e.submit(remove("door:a"))
		e.saw("")
		e.hasNotes()
		e.state("")
	})
}

// A resource that comes back while it is being undone takes its place again.
func TestUndoComesBack(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("a -> door:a", e.spec("a"), e.spec("door:a new", reverses))
		e.stage.of("a").applyFails = true
		d := remove("door:a")
		d.RemoveEdges = edges("a -> door:a")
		e.submit(d)
		e.state("a=failed a=ok")
		e.hasNotes("a")
		e.stage.of("a").applyFails = false
		e.stage.setDoor("a", "drifted")
		e.stage.take()
		e.load("a -> door:a", e.spec("door:a new", reverses))
		e.saw("a:new")
		e.state("a=ok a=ok")
		e.submit(d)
		e.saw("a:old")
	})
}

func TestUndoFailsUntilNextRun(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("door:a new", reverses))
		e.stage.of("a").applyFails = true
		e.submit(remove("door:a"))
		e.state("a=failed")
	}, func(e *testEngine) {
		e.stage.of("a").applyFails = false
		e.hasNotes("a")
		e.stage.take()
		e.load("")
		e.saw("a:old")
		e.hasNotes()
	})
}

// Undoing goes the other way round, also in a later run.
func TestUndoOrder(t *testing.T) {
	build := func(e *testEngine) {
		e.load("door:a -> door:b; door:b -> door:c", e.spec("door:a new", reverses), e.spec("door:b new", reverses), e.spec("door:c new", reverses))
	}
	want := "c: b:old a:old"
	runs(t, Options{}, func(e *testEngine) {
		build(e)
		e.stage.take()
		e.submit(remove("door:a", "door:b", "door:c"))
		e.saw(want)
		build(e)
		e.stage.take()
	}, func(e *testEngine) {
		e.load("")
		e.saw(want)
		build(e)
		e.stage.take()
		e.stage.of("c").applyFails = true
		e.submit(remove("door:b", "door:c"))
		e.submit(remove("door:a"))
		e.state("a=blocked b=blocked c=failed")
		e.stage.of("c").applyFails = false
		e.load("", e.spec("door:c new"))
		e.saw("b:old a:old")
	})
}

// Without Meta:reverse the note goes, whenever that is noticed.
func TestUndoSwitchedOff(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("door:a new", reverses), e.spec("door:b new", reverses))
		e.load("", e.spec("door:a new"))
		e.hasNotes("b")
		e.load("", e.spec("door:a newer", reverses))
		e.hasNotes("a", "b")
	}, func(e *testEngine) {
		e.load("", e.spec("door:a newer", reverses), e.spec("door:b new"))
		e.hasNotes("a")
		e.stage.take()
		e.submit(remove("door:a", "door:b"))
		e.saw("a:new")
	})
}

func TestUndoNotInNoop(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("door:a new", reverses), e.spec("door:b new", reverses, noop))
		e.hasNotes("a")
	}, func(e *testEngine) {
		dry := startOn(t, Options{StateDir: e.opts.StateDir, Noop: true}, e.stage)
		dry.load("")
		dry.state("")
		dry.stopAndWait()
		dry.hasNotes("a")
	})
}

// What runs once before it goes is undone after that.
func TestUndoRealized(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.stage.of("slow").takes = time.Second
		e.load("slow:slow -> door:a -> door:b", e.spec("slow:slow"), e.spec("door:a new", reverses, realize), e.spec("door:b new", reverses, realize))
		e.submit(remove("door:a", "door:b", "slow:slow"))
		e.stage.take()
		time.Sleep(time.Minute)
		e.saw("a:new b:new b:old a:old")
		e.hasNotes()
		e.state("")
	})
}

// A resource that cannot say how to undo it is not applied.
func TestUndoRefused(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.stage.setDoor("a", "walled")
		e.stage.take()
		e.load("", e.spec("door:a new", reverses))
		e.saw("")
		failed := e.happened(Failed)
		if len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), "how to undo it: it is a wall") {
			t.Errorf("got %+v", failed)
		}
		e.submit(remove("door:a"))
		e.saw("")
		e.state("")
	})
}

// A note that cannot be written keeps the resource from being applied.
func TestUndoNoteFails(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		dir := filepath.Join(e.opts.StateDir, stateName(resource.ID{Kind: "door", Name: "a"}))
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		e.load("", e.spec("door:a new", reverses))
		e.saw("")
		e.state("a=failed")
	})
}

// Other resources cannot refer to what is there only to be undone.
func TestUndoIsNotInTheGraph(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("", e.spec("door:a new", reverses))
		e.stage.of("a").applyFails = true
		e.submit(remove("door:a"))
		err := e.Submit(context.Background(), resource.Delta{Set: []*resource.Spec{e.spec("b")}, SetEdges: edges("door:a -> b")})
		if err == nil || !strings.Contains(err.Error(), "not in the graph") {
			t.Errorf("got %v", err)
		}
		e.submit(remove("door:a")) // once more does no harm
		e.state("a=failed")
	})
}

// A refused delta leaves what is being undone as it is.
func TestUndoSurvivesRefusal(t *testing.T) {
	runs(t, Options{}, func(e *testEngine) {
		e.load("door:a -> door:b", e.spec("door:a new", reverses), e.spec("door:b new", reverses))
		e.stage.of("b").applyFails = true
		e.submit(remove("door:a", "door:b"))
		e.state("a=blocked b=failed")
		err := e.Submit(context.Background(), resource.Delta{Set: []*resource.Spec{e.spec("door:b new"), e.spec("c"), e.spec("d")}, SetEdges: edges("c -> d -> c")})
		if err == nil {
			t.Error("a cycle was taken")
		}
		e.state("a=blocked b=failed")
		e.stage.take()
		e.stage.of("b").applyFails = false
		e.load("", e.spec("door:b new"))
		e.saw("a:old")
	})
}

// Whenever an agent is stopped or programs change, in the end each door is as its program
// wants it, or as it was before.
func TestUndoRandom(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { randomUndo(t, seed) })
	}
}

func randomUndo(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 5))
	wanted := map[string]string{}
	step := func(e *testEngine) {
		var d resource.Delta
		for _, name := range []string{"a", "b", "c", "d"} {
			_, had := wanted[name]
			switch rnd.IntN(3) {
			case 0:
				wanted[name] = fmt.Sprint("new", rnd.IntN(3))
				d.Set = append(d.Set, e.spec("door:"+name+" "+wanted[name], reverses))
			case 1:
				if had {
					delete(wanted, name)
					d.Remove = append(d.Remove, key("door:"+name))
				}
			}
			e.stage.of(name).applyFails = rnd.IntN(8) == 0
		}
		e.submit(d)
	}
	var parts []func(e *testEngine)
	for range 4 {
		parts = append(parts, func(e *testEngine) {
			for name, text := range wanted { // the program of the run before
				e.load("", e.spec("door:"+name+" "+text, reverses))
			}
			for range rnd.IntN(5) {
				step(e)
			}
		})
	}
	parts = append(parts, func(e *testEngine) {
		for _, a := range e.stage.act {
			a.applyFails = false
		}
		var d resource.Delta
		for name, text := range wanted {
			d.Set = append(d.Set, e.spec("door:"+name+" "+text, reverses))
		}
		e.submit(d)
		e.hasNotes(slices.Sorted(maps.Keys(wanted))...)
		for name, was := range map[string]string{"a": "old", "b": "old", "c": "", "d": ""} {
			if want, ok := wanted[name]; ok {
				was = want
			}
			if have := e.stage.door(name); have != was {
				t.Errorf("door %s is %q, want %q", name, have, was)
			}
		}
	})
	runs(t, Options{}, parts...)
}
