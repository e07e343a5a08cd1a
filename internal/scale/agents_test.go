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
	ready bool // it is converged
}

// hostName returns the name of the i-th agent.
func hostName(i int) string { return fmt.Sprintf("host%05d", i) }

// start starts n agents. The i-th has the i-th world, and runs the i-th program.
func start(t testing.TB, n int, connect func(host string) world.World, program func(i int) string) *fleet {
	f := &fleet{TB: t, dir: t.TempDir()}
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	for i := range n {
		a := &agent{host: hostName(i), live: map[string]bool{}}
		f.agents = append(f.agents, a)
		made, err := mgmt.New(f.options(a, connect(a.host), program(i)))
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

func (f *fleet) options(a *agent, w world.World, program string) mgmt.Options {
	return mgmt.Options{
		Hostname:      a.host,
		Prefix:        filepath.Join(f.dir, a.host),
		World:         counted{w, &a.tally},
		Kinds:         resources.Kinds(),
		HistoryLimit:  -1,
		NoInspect:     true,
		NoRaiseLimits: true,
		Observe:       a.observe,
		Frontend: func(host *funcs.Host) frontend.Frontend {
			return frontlang.New(frontlang.Options{
				Input:   lang.Input{Source: resolve.Dir("."), Main: "main.mcl", Text: []byte(program)},
				Library: std.Library(),
				Kinds:   resources.Kinds(),
				Host:    host,
				Report: func(files *syntax.Files, list syntax.Diagnostics) {
					var b strings.Builder
					syntax.Render(&b, files, list, false)
					f.Log(b.String())
				},
			})
		},
	}
}

// observe is told what the engine of an agent does.
func (a *agent) observe(e engine.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e.Kind {
	case engine.Converged:
		a.ready = e.Converged
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
	return fmt.Sprintf("%s: converged %v, with %q", a.host, a.ready, slices.Sorted(maps.Keys(a.live)))
}

// traffic returns the tallies of all agents.
func (f *fleet) traffic() []traffic {
	out := make([]traffic, len(f.agents))
	for i, a := range f.agents {
		out[i] = a.read()
	}
	return out
}
