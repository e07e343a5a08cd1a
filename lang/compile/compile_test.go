package compile_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"mgmt/lang/compile"
	"mgmt/lang/flow"
	"mgmt/lang/funcs"
	"mgmt/lang/infer"
	"mgmt/lang/resolve"
	stdcore "mgmt/lang/std/core"
	stditer "mgmt/lang/std/iter"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// kinds knows the one resource kind that random programs use.
type kinds struct{}

func (kinds) Names() []string { return []string{"test"} }

func (kinds) Kind(name string) *infer.Kind {
	if name != "test" {
		return nil
	}
	return &infer.Kind{Name: "test", Fields: []types.Field{{Name: "int64", Type: types.TInt}, {Name: "anotherstr", Type: types.TStr}}}
}

// world is what the sources of a random program read. Its values are set by the test, and
// posted to every running source at once.
type world struct {
	mu    sync.Mutex
	state [sources]types.Int
	emits map[int]subscriber
	next  int
}

type subscriber struct {
	source int
	emit   func(types.Value, error)
}

func (w *world) value(i int) (types.Value, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state[i] < 0 {
		return nil, types.Catchf("source %d is down", i)
	}
	return w.state[i], nil
}

func (w *world) set(i int, v types.Int) {
	w.mu.Lock()
	w.state[i] = v
	subs := make([]subscriber, 0, len(w.emits))
	for _, s := range w.emits {
		if s.source == i {
			subs = append(subs, s)
		}
	}
	w.mu.Unlock()
	for _, s := range subs {
		s.emit(w.value(i))
	}
}

func (w *world) module() *funcs.Module {
	return &funcs.Module{Path: "twin", Funcs: []*funcs.Function{{
		Name: "get", Doc: "A value that the test sets.",
		Sigs: []*types.Type{types.MustParse("func(i int) int")},
		Source: func(ctx context.Context, _ *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
			i := int(args[0].(types.Int))
			w.mu.Lock()
			id := w.next
			w.next++
			w.emits[id] = subscriber{i, emit}
			w.mu.Unlock()
			emit(w.value(i))
			<-ctx.Done()
			w.mu.Lock()
			delete(w.emits, id)
			w.mu.Unlock()
			return ctx.Err()
		},
	}}}
}

// load checks a program with the library that tests use.
func load(t testing.TB, w *world, text string) (*resolve.Program, *infer.Info, *funcs.Library) {
	t.Helper()
	lib := funcs.NewLibrary(stdcore.Module(), stditer.Module(), w.module())
	prog, diags := resolve.Resolve(t.Context(), resolve.Options{Main: "main.mcl", Text: []byte(text), Library: lib})
	if diags.HasErrors() {
		t.Fatalf("resolve: %s\n%s", render(prog, diags), text)
	}
	info, diags := infer.Check(prog, lib, kinds{})
	if diags.HasErrors() {
		t.Fatalf("infer: %s\n%s", render(prog, diags), text)
	}
	return prog, info, lib
}

func render(p *resolve.Program, diags syntax.Diagnostics) string {
	var b strings.Builder
	syntax.Render(&b, p.Files, diags, false)
	return b.String()
}

// settle stabilises until no source is pending.
func settle(t testing.TB, g *flow.Graph) flow.Changes {
	t.Helper()
	for {
		c, ok := g.Stabilize()
		if ok {
			return c
		}
		<-g.Events()
	}
}

// TestTwin runs random programs under random events and compares what they yield with an
// evaluation from scratch.
func TestTwin(t *testing.T) {
	programs := 300
	if testing.Short() {
		programs = 40
	}
	for seed := range programs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareWithTwin(t, uint64(seed)) })
	}
}

func compareWithTwin(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 7))
	w := &world{emits: map[int]subscriber{}}
	text := program(r)
	prog, info, lib := load(t, w, text)
	ctx, cancel := context.WithCancel(t.Context())
	g := compile.Start(ctx, prog, info, lib, &funcs.Host{Hostname: "h1"})
	tw := &twin{lib: lib, source: w.value}
	live := map[any][]string{}
	for round := range 12 {
		c := settle(t, g)
		for _, o := range c.Removed {
			delete(live, o)
		}
		for _, o := range c.Set {
			if o.Err != nil {
				live[o] = []string{"error"}
				continue
			}
			live[o] = describe(o.Payload.(*compile.Contribution))
		}
		if got, want := sortedLive(live), tw.run(prog.Main.Tree); !slices.Equal(got, want) {
			t.Fatalf("round %d, state %v:\n got %q\nwant %q\n%s", round, w.state, got, want, text)
		}
		w.set(r.IntN(sources), types.Int(r.IntN(5)-1))
	}
	cancel()
	g.Wait()
}
