package scale

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mgmt"
	"mgmt/engine"
	"mgmt/frontend"
	frontlang "mgmt/frontend/lang"
	"mgmt/lang"
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/std"
	"mgmt/lang/syntax"
	"mgmt/resources"
	"mgmt/world"
)

// agentsVar says how many agents the large tests have, which are skipped without it.
const agentsVar = "MGMT_AGENTS"

// many returns the number of agents of a large test.
func many(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv(agentsVar))
	if err != nil {
		t.Skipf("it takes minutes and gigabytes: set %s to a number of agents, like 1000", agentsVar)
	}
	return n
}

// A fleet is agents that share a store.
type fleet struct {
	testing.TB
	dir    string
	agents []*agent
	run    sync.WaitGroup
	stop   context.CancelFunc
}

// An agent is one of a fleet.
type agent struct {
	host string
	tally

	mu    sync.Mutex // guards what follows
	live  map[string]bool
	ready bool   // it is converged
	poke  func() // is called when that changes; may be nil
}

// rackSize is how many hosts exchange values with each other.
const rackSize = 20

// hostName returns the name of the i-th agent, which begins with that of its rack.
func hostName(i int) string { return fmt.Sprintf("rack%d.host%05d", i/rackSize, i) }

// A front makes the front end of an agent.
type front func(i int, a *agent, host *funcs.Host) frontend.Frontend

// start starts n agents. Each has the world that connect returns.
func start(t testing.TB, n int, connect func(a *agent) world.World, front front) *fleet {
	f := &fleet{TB: t, dir: t.TempDir()}
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	for i := range n {
		a := &agent{host: hostName(i), live: map[string]bool{}}
		f.agents = append(f.agents, a)
		opts := f.options(a)
		opts.World = connect(a)
		opts.Frontend = func(host *funcs.Host) frontend.Frontend { return front(i, a, host) }
		made, err := mgmt.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		f.run.Go(func() {
			if err := made.Run(ctx); err != nil {
				t.Errorf("%s: %v", a.host, err)
			}
		})
	}
	return f
}

// end stops the agents.
func (f *fleet) end() {
	f.stop()
	f.run.Wait()
}

func (f *fleet) options(a *agent) mgmt.Options {
	return mgmt.Options{
		Hostname:      a.host,
		Prefix:        filepath.Join(f.dir, a.host),
		Kinds:         resources.Kinds(),
		HistoryLimit:  -1,
		NoInspect:     true,
		NoRaiseLimits: true,
		Observe:       a.observe,
	}
}

// programs returns a front that runs the i-th program.
func programs(t testing.TB, program func(i int) string) front {
	return func(i int, _ *agent, host *funcs.Host) frontend.Frontend {
		return frontlang.New(frontlang.Options{
			Input:   lang.Input{Source: resolve.Dir("."), Main: "main.mcl", Text: []byte(program(i))},
			Library: std.Library(),
			Kinds:   resources.Kinds(),
			Host:    host,
			Report:  report(t),
		})
	}
}

// report returns a function that shows what is wrong with a program.
func report(t testing.TB) func(*syntax.Files, syntax.Diagnostics) {
	return func(files *syntax.Files, list syntax.Diagnostics) {
		var b strings.Builder
		syntax.Render(&b, files, list, false)
		t.Log(b.String())
	}
}

// observe is told what the engine of an agent does.
func (a *agent) observe(e engine.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e.Kind {
	case engine.Converged:
		a.ready = e.Converged
		if a.poke != nil {
			a.poke()
		}
	case engine.Checked:
		a.live[e.Key.Name] = true
	case engine.Removed:
		delete(a.live, e.Key.Name)
	}
}

// has reports whether the agent is converged, with resources of these names.
func (a *agent) has(names ...string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ready && !slices.ContainsFunc(names, func(name string) bool { return !a.live[name] })
}

// lacking returns those agents for which ok does not hold.
func (f *fleet) lacking(ok func(i int, a *agent) bool) []*agent {
	var out []*agent
	for i, a := range f.agents {
		if !ok(i, a) {
			out = append(out, a)
		}
	}
	return out
}

func (a *agent) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	names := slices.Sorted(maps.Keys(a.live))
	return fmt.Sprintf("%s: converged %v, with %d resources: %q", a.host, a.ready, len(names), names[max(0, len(names)-5):])
}

// traffic returns the tallies of all agents.
func (f *fleet) traffic() []traffic {
	out := make([]traffic, len(f.agents))
	for i, a := range f.agents {
		out[i] = a.read()
	}
	return out
}
