package scale

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/world"
	"mgmt/world/mem"
)

// clusterProgram is what an agent of a large cluster does: it follows an order for all, knows the
// hosts of its rack and the two that lead all, and exports a resource to the next host.
func clusterProgram(n int) func(i int) string {
	return func(i int) string {
		return fmt.Sprintf(`import "fmt"
import "world"
import "world/collect"

$order = world.getval("order")
$rack = world.exchange("rack%d", $order->value)
$others = world.kvlookup("rack%d")
$leaders = world.schedule("leaders", struct{max => 2,})

noop fmt.printf("order %%s", $order->value) {}
noop fmt.printf("rack of %%d and %%d", len($rack), len($others)) {}
noop fmt.printf("%%d leaders", len($leaders)) {}
noop "from %s" {
	Meta:hidden => true,
	Meta:export => [%q],
}
collect noop collect.res("noop") {
	Meta:hidden => false,
}
`, i/rackSize, i/rackSize, hostName(i), hostName((i+1)%n))
	}
}

// simulate runs agents on a store in memory with a fake clock, and calls act in between.
func simulate(t *testing.T, n int, program func(i int) string, act func(f *fleet, store *mem.Store)) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.New()
		f := start(t, n, func(a *agent) world.World { return counted{store.Host(a.host), &a.tally} }, programs(t, program))
		defer f.end()
		f.settle()
		act(f, store)
	})
}

// settle lets the agents come to rest, and a minute pass.
func (f *fleet) settle() {
	synctest.Wait()
	time.Sleep(time.Minute)
	synctest.Wait()
}

// mean returns the mean traffic of the agents since some time before, and that of the busiest.
func (f *fleet) mean(before []traffic) (mean [3]float64, most traffic) {
	for i, now := range f.traffic() {
		d := now.minus(before[i])
		for j, v := range []int64{d.ops, d.events, d.items} {
			mean[j] += float64(v) / float64(len(f.agents))
		}
		most = traffic{max(most.ops, d.ops), max(most.events, d.events), max(most.items, d.items)}
	}
	return mean, most
}

// What an agent may have at most, whose program is that of a cluster: to start, and to follow an
// order. It has eleven watches and writes. Each host of its rack comes and changes once, which
// both that look at the rack are told of, at once or one by one.
var (
	startLimit = traffic{ops: 12, events: 2*rackSize + 12, items: 4*rackSize + 12}
	orderLimit = traffic{ops: 1, events: 2*rackSize + 1, items: 2*rackSize + 1}
)

// live simulates a cluster and fails if an agent has more traffic than it may.
func live(t *testing.T, n int) (started float64) {
	begin := time.Now()
	objects := allocated()
	simulate(t, n, clusterProgram(n), func(f *fleet, store *mem.Store) {
		check := func(order string) {
			t.Helper()
			for _, a := range f.lacking(func(i int, a *agent) bool {
				return a.has("order "+order, fmt.Sprintf("rack of %d and %d", rackSize, rackSize), "2 leaders", "from "+hostName((i+n-1)%n))
			}) {
				t.Fatal(a)
			}
		}
		check("")
		none := make([]traffic, n)
		mean, most := f.mean(none)
		t.Logf("%d agents started: on average %.1f operations, %.1f events of %.1f values; at most %v", n, mean[0], mean[1], mean[2], most)
		most.within(t, "the start", startLimit)

		started = float64(allocated()-objects) / float64(n)

		before := f.traffic()
		if err := store.Host("operator").SetString(context.Background(), "order", "march"); err != nil {
			t.Fatal(err)
		}
		f.settle()
		check("march")
		mean, most = f.mean(before)
		t.Logf("an order: on average %.1f operations, %.1f events of %.1f values; at most %v", mean[0], mean[1], mean[2], most)
		most.within(t, "an order", orderLimit)
		one(t, f, store)
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		t.Logf("%d KiB of heap an agent, %d goroutines", stats.HeapAlloc/uint64(n)>>10, runtime.NumGoroutine()/n)
	})
	t.Logf("%.0f objects were allocated for the start of an agent", started)
	t.Logf("%d agents took %v", n, time.Since(begin).Round(time.Millisecond))
	return started
}

// allocated returns how many objects have been allocated so far: work that is counted.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// one changes one export, and one host that is picked, and fails if that costs anybody more than
// being told.
func one(t *testing.T, f *fleet, store *mem.Store) {
	const to = 6
	exports := first(store.Host(hostName(to)), func(ctx context.Context, w world.World, emit func([]world.Export)) error {
		return w.WatchExports(ctx, "noop", emit)
	})
	leaders := first(store.Host("operator"), func(ctx context.Context, w world.World, emit func([]string)) error {
		return w.WatchSchedule(ctx, "leaders", emit)
	})
	for _, x := range []struct {
		what   string
		change func(ctx context.Context) error
		limit  func(i int) traffic
	}{
		{
			"an export to it",
			func(ctx context.Context) error {
				data := strings.Replace(exports[0].Data, exports[0].Name, "one more", 1)
				return store.Host("operator").Export(ctx, world.ExportKey{To: hostName(to), Kind: "noop", Name: "one more"}, data)
			},
			func(i int) traffic {
				if i == to { // the list is told of, and what it chooses: of the names before, and of those that are new
					return traffic{1, 3, 6}
				}
				return traffic{}
			},
		},
		{
			"another leader",
			func(ctx context.Context) error { return store.Host(leaders[0]).WithdrawOffer(ctx, "leaders") },
			func(int) traffic { return traffic{0, 1, 2} },
		},
	} {
		before := f.traffic()
		if err := x.change(context.Background()); err != nil {
			t.Fatal(err)
		}
		f.settle()
		for i, now := range f.traffic() {
			now.minus(before[i]).within(t, x.what+", for "+hostName(i), x.limit(i))
		}
	}
}

// first returns what a watch tells first.
func first[T any](w world.World, watch func(context.Context, world.World, func(T)) error) (out T) {
	ctx, cancel := context.WithCancel(context.Background())
	watch(ctx, w, func(v T) {
		out = v
		cancel()
	})
	return out
}

// within fails if there is more traffic than a limit.
func (t traffic) within(tb testing.TB, what string, limit traffic) {
	tb.Helper()
	if t.ops > limit.ops || t.events > limit.events || t.items > limit.items {
		tb.Errorf("%s: an agent has %v; at most %v are due", what, t, limit)
	}
}

// What an agent asks of the store and is told is the same however many others there are, and so
// is what it allocates, by which its work is counted.
func TestTrafficIsConstant(t *testing.T) {
	few, many := live(t, 100), live(t, 400)
	if many > 1.5*few {
		t.Errorf("one of 100 agents allocates %.0f objects to start, and one of 400 %.0f", few, many)
	}
}

// complaints notes whether a test would have failed.
type complaints struct {
	testing.TB
	any bool
}

func (c *complaints) Helper()               {}
func (c *complaints) Errorf(string, ...any) { c.any = true }

// Agents that all look at each other are told more the more there are: the limits notice.
func TestGrowthIsNoticed(t *testing.T) {
	program := func(i int) string {
		return fmt.Sprintf(`import "fmt"
import "world"
$all = world.exchange("all", %q)
noop fmt.printf("%%d hosts", len($all)) {}
`, hostName(i))
	}
	const n = 10 * rackSize
	simulate(t, n, program, func(f *fleet, _ *mem.Store) {
		_, most := f.mean(make([]traffic, n))
		var c complaints
		most.within(&c, "the start", startLimit)
		if !c.any {
			t.Errorf("nothing is said of %v for each of %d agents", most, n)
		}
	})
}

// The same with as many agents as wanted.
//
//	MGMT_AGENTS=10000 go test -run TrafficOfMany -timeout 30m -v ./internal/scale
func TestTrafficOfMany(t *testing.T) { live(t, many(t)/rackSize*rackSize) }

// Of a value that all hosts exchange and one changes, each is told once, and of that alone.
func TestOneValueAmongAll(t *testing.T) {
	const n, changer = 200, 17
	program := func(i int) string {
		return fmt.Sprintf(`import "fmt"
import "world"
$mine = world.getval("load/%s")
$all = world.exchange("load", $mine->value)
noop fmt.printf("%%d hosts, of which one has %%s", len($all), $all[%q] <|> "") {}
`, hostName(i), hostName(changer))
	}
	simulate(t, n, program, func(f *fleet, store *mem.Store) {
		before := f.traffic()
		if err := store.Host("operator").SetString(context.Background(), "load/"+hostName(changer), "9"); err != nil {
			t.Fatal(err)
		}
		f.settle()
		for _, a := range f.lacking(func(_ int, a *agent) bool { return a.has(fmt.Sprint(n, " hosts, of which one has 9")) }) {
			t.Fatal(a)
		}
		for i, now := range f.traffic() {
			d, want := now.minus(before[i]), traffic{0, 1, 1}
			if i == changer {
				want = traffic{1, 2, 2} // the order to change, and the write
			}
			if d != want {
				t.Errorf("%s had %v for one change, want %v", hostName(i), d, want)
			}
		}
	})
}
