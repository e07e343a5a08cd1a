package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
	"mgmt/world"
	"mgmt/world/mem"
)

// A flakyWorld counts what is written to the world, and fails or is slow when it is told to.
type flakyWorld struct {
	world.World

	mu     sync.Mutex // guards all below
	down   bool
	takes  time.Duration
	writes []string
}

func (f *flakyWorld) write(what string, key world.ExportKey) error {
	f.mu.Lock()
	down, takes := f.down, f.takes
	f.mu.Unlock()
	time.Sleep(takes)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes = append(f.writes, what+key.Name+">"+key.To)
	if down {
		return errors.New("no cluster")
	}
	return nil
}

func (f *flakyWorld) Export(ctx context.Context, key world.ExportKey, data string) error {
	if err := f.write("+", key); err != nil {
		return err
	}
	return f.World.Export(ctx, key, data)
}

func (f *flakyWorld) Withdraw(ctx context.Context, key world.ExportKey) error {
	if err := f.write("-", key); err != nil {
		return err
	}
	return f.World.Withdraw(ctx, key)
}

func (f *flakyWorld) set(down bool, takes time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down, f.takes = down, takes
}

// wrote returns what was written since the last call, sorted.
func (f *flakyWorld) wrote() string {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.Sort(f.writes)
	out := strings.Join(f.writes, " ")
	f.writes = nil
	return out
}

// exportStory runs f with an engine on the host h1 of a cluster.
func exportStory(t *testing.T, opts Options, f func(e *testEngine, w *flakyWorld)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &flakyWorld{World: mem.New().Host("h1")}
		opts.World = w
		e := start(t, opts)
		synctest.Wait()
		f(e, w)
		e.stopAndWait()
	})
}

// shared checks what is exported to the host h1, or to all: "name=text".
func (w *flakyWorld) shared(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	if got := w.list(t); got != want {
		t.Errorf("shared is %q, want %q", got, want)
	}
}

func (w *flakyWorld) list(t *testing.T) string {
	t.Helper()
	var words []string
	for _, kind := range []string{"listener", "probe", "updater"} {
		ctx, cancel := context.WithCancel(context.Background())
		w.WatchExports(ctx, kind, func(list []world.Export) {
			for _, e := range list {
				var rec resource.Record
				if err := json.Unmarshal([]byte(e.Data), &rec); err != nil {
					t.Error(err)
				}
				word := e.Name + "="
				for _, p := range rec.Params {
					word += fmt.Sprint(p.Value)
				}
				words = append(words, word)
			}
			cancel()
		})
	}
	return strings.Join(words, " ")
}

func exportTo(hosts ...string) func(*resource.Meta) {
	return func(m *resource.Meta) { m.Export = hosts }
}

func TestExport(t *testing.T) {
	exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) {
		e.load("", e.spec("a 1", exportTo("h1", "*")), e.spec("b 1", exportTo("h2")), e.spec("c 1"))
		w.shared(t, "a=1")
		if got, want := w.wrote(), "+a>* +a>h1 +b>h2"; got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
		changed := e.happened(Changed)
		if len(changed) != 2 || !strings.HasPrefix(changed[0].Changes[0].String(), "export: stored for ") {
			t.Errorf("got %+v", changed)
		}
		e.stage.wake("a") // what is there already is not stored again
		e.load("", e.spec("a 2", exportTo("h1")))
		w.shared(t, "a=2")
		if got, want := w.wrote(), "+a>h1 -a>*"; got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
		e.submit(remove("a"))
		w.shared(t, "")
		e.load("", e.spec("b 1"))
		if got, want := w.wrote(), "-a>h1 -b>h2"; got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
	})
}

// Nothing is exported before what it depends on is all right.
func TestExportWaits(t *testing.T) {
	exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) {
		e.stage.of("a").fail = 1
		e.load("a -> b; a -> c", e.spec("a"), e.spec("b 1", exportTo("*")), e.spec("c 1", exportTo("*"), hidden))
		w.shared(t, "")
		time.Sleep(time.Minute)
		e.stage.wake("a")
		w.shared(t, "b=1 c=1")
	})
}

// A hidden resource is exported with what it receives, whenever that changes.
func TestExportHidden(t *testing.T) {
	exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) {
		e.stage.of("s").sends = ptr("x")
		bad := e.spec("b bad", exportTo("*"), hidden)
		e.load("", e.spec("listener:s"), recv(bad, "need", "listener:s", "out"))
		e.saw("check:s")
		e.state("b=ok s=ok")
		w.shared(t, "b=xbad")
		e.stage.of("s").sends = ptr("y")
		e.stage.wake("s")
		w.shared(t, "b=ybad")
		e.load("", e.spec("b good", exportTo("*")))
		e.saw("check:s check:b")
		w.shared(t, "b=good")
		e.load("", e.spec("b good", hidden, exportTo("*")))
		w.shared(t, "b=good")
		e.state("b=ok s=ok")
	})
}

// Two vertices may export the same under one key.
func TestExportShared(t *testing.T) {
	exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) {
		twin := e.spec("a 1", exportTo("*"), hidden)
		twin.Key.Alt = 1
		e.load("", e.spec("a 1", exportTo("*")), twin)
		w.shared(t, "a=1")
		e.submit(remove("a"))
		w.shared(t, "a=1")
		e.submit(resource.Delta{Remove: []resource.Key{twin.Key}})
		w.shared(t, "")
	})
}

func TestExportNotInNoop(t *testing.T) {
	exportStory(t, Options{Noop: true}, func(e *testEngine, w *flakyWorld) {
		e.load("", e.spec("a 1", exportTo("*")), e.spec("b 1", exportTo("*"), hidden))
		w.shared(t, "")
	})
	exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) {
		e.load("", e.spec("a 1", exportTo("*"), noop), e.spec("b 1", exportTo("*"), hidden, noop))
		w.shared(t, "")
	})
}

// A resource is checked and applied also while it cannot be exported, and is exported later.
func TestExportFails(t *testing.T) {
	exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) {
		w.set(true, 0)
		e.stage.of("a").drift = true
		e.load("", e.spec("a 1", exportTo("*")), e.spec("b 1", exportTo("*"), hidden))
		e.saw("check:a apply:a")
		e.state("a=failed b=failed")
		failed := e.happened(Failed)
		if len(failed) != 2 || !strings.Contains(failed[0].Err.Error(), "export to *: no cluster") {
			t.Errorf("got %+v", failed)
		}
		w.set(false, 0)
		time.Sleep(2 * exportPause)
		e.state("a=ok b=ok")
		w.shared(t, "a=1 b=1")
	})
}

func TestWithdrawFails(t *testing.T) {
	exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) {
		e.load("", e.spec("a 1", exportTo("*")), e.spec("b 1", exportTo("*")))
		w.shared(t, "a=1 b=1")
		w.set(true, 0)
		e.submit(remove("a", "b"))
		w.shared(t, "a=1 b=1")
		e.load("", e.spec("b 1", exportTo("*")))
		w.set(false, 0)
		time.Sleep(2 * exportPause)
		w.shared(t, "b=1")
	})
}

// What is exported again while it is being withdrawn is there in the end.
func TestExportWhileWithdrawn(t *testing.T) {
	exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) {
		spec := e.spec("a 1", exportTo("*"))
		e.load("", spec)
		w.set(false, time.Second)
		e.submit(remove("a"))
		e.load("", spec)
		time.Sleep(time.Minute)
		w.shared(t, "a=1")
		e.submit(remove("a"))
		time.Sleep(time.Minute)
		w.shared(t, "")
		// It goes while it is being exported.
		e.load("", spec)
		time.Sleep(time.Second / 2)
		e.submit(remove("a"))
		time.Sleep(time.Minute)
		w.shared(t, "")
	})
}

// What an earlier run has left is withdrawn, but not at the end of a run.
func TestExportsOutlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &flakyWorld{World: mem.New().Host("h1")}
		for _, run := range []struct{ before, specs, after string }{
			{"", "a b", "a=1 b=1"},
			{"a=1 b=1", "b", "b=1"},
			{"b=1", "", ""},
		} {
			e := start(t, Options{World: w})
			w.shared(t, run.before)
			var specs []*resource.Spec
			for name := range strings.FieldsSeq(run.specs) {
				specs = append(specs, e.spec(name+" 1", exportTo("*")))
			}
			e.load("", specs...)
			w.shared(t, run.after)
			e.stopAndWait()
			w.shared(t, run.after)
		}
	})
}

// Whatever comes to pass, in the end the world has what the graph exports.
func TestExportRandom(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			exportStory(t, Options{}, func(e *testEngine, w *flakyWorld) { randomExports(e, w, seed) })
		})
	}
}

func randomExports(e *testEngine, w *flakyWorld, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 3))
	want, there := map[string]string{}, map[string]bool{}
	for range 60 {
		name := string(rune('a' + rnd.IntN(4)))
		switch rnd.IntN(5) {
		case 0:
			if there[name] {
				e.submit(remove(name))
			}
			delete(want, name)
			delete(there, name)
		case 1, 2:
			text := fmt.Sprint(rnd.IntN(3))
			var meta []func(*resource.Meta)
			delete(want, name)
			if rnd.IntN(4) > 0 {
				meta = append(meta, exportTo("*"))
				want[name] = text
			}
			if rnd.IntN(3) == 0 {
				meta = append(meta, hidden)
			}
			e.load("", e.spec(name+" "+text, meta...))
			there[name] = true
		case 3:
			w.set(rnd.IntN(3) == 0, time.Duration(rnd.IntN(3000))*time.Millisecond)
		case 4:
			time.Sleep(time.Duration(rnd.IntN(5000)) * time.Millisecond)
		}
	}
	w.set(false, 0)
	time.Sleep(time.Hour)
	var words []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		words = append(words, name+"="+want[name])
	}
	w.shared(e.t, strings.Join(words, " "))
}
