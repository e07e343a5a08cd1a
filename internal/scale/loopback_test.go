package scale

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"mgmt/deploy"
	"mgmt/deploy/bundle"
	"mgmt/frontend"
	"mgmt/frontend/deploys"
	"mgmt/lang/funcs"
	"mgmt/lang/std"
	"mgmt/resources"
	"mgmt/world"
	"mgmt/world/etcd"
)

// patience is how long a test waits for what has to come.
const patience = 2 * time.Minute

// A loopback is agents on one etcd, in this process, each with a connection of its own.
type loopback struct {
	*fleet
	url    string
	worlds sync.WaitGroup
	stop   context.CancelFunc
	kv     world.KV    // of an operator
	shared world.World // as the operator sees it
}

// serve starts an etcd of one member, which ends with the test, and returns its address.
func serve(t testing.TB) string {
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(t.TempDir(), "data")
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	cfg.ListenClientUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	cfg.AdvertiseClientUrls = cfg.ListenClientUrls
	cfg.ListenPeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	select {
	case <-e.Server.ReadyNotify():
	case <-time.After(patience):
		t.Fatal("etcd is not ready")
	}
	return "http://" + e.Clients[0].Addr().String()
}

// newLoopback starts n agents that follow what is deployed.
func newLoopback(t testing.TB, n int) *loopback {
	l := &loopback{url: serve(t)}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	operator := l.join(t, ctx, "operator")
	l.kv, l.shared = operator.KV(), operator
	l.fleet = start(t, n,
		func(a *agent) world.World { return counted{l.join(t, ctx, a.host), &a.tally} },
		func(_ int, a *agent, host *funcs.Host) frontend.Frontend {
			f := deploys.New(deploys.Options{
				Library: std.Library(), Kinds: resources.Kinds(), Host: host, Report: report(t), Inspect: a.inspect,
			})
			a.mu.Lock()
			defer a.mu.Unlock()
			a.poke = f.Poke
			return f
		})
	return l
}

// inspect says whether the agent has done all that it shall.
func (a *agent) inspect(context.Context) deploy.Condition {
	a.mu.Lock()
	defer a.mu.Unlock()
	return deploy.Condition{Settled: a.ready}
}

// join returns a world that runs until ctx ends.
func (l *loopback) join(t testing.TB, ctx context.Context, host string) *etcd.World {
	client, err := etcd.Dial([]string{l.url}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := etcd.New(client, etcd.Options{Host: host, ID: "id of " + host})
	l.worlds.Go(func() {
		w.Run(ctx)
		client.Close()
	})
	return w
}

func (l *loopback) end() {
	l.fleet.end()
	l.stop()
	l.worlds.Wait()
}

// deploy publishes a program.
func (l *loopback) deploy(program string) {
	l.Helper()
	var b bundle.Builder
	if err := b.Add("main.mcl", []byte(program), false); err != nil {
		l.Fatal(err)
	}
	files, err := b.Bundle()
	if err != nil {
		l.Fatal(err)
	}
	plan := deploy.Plan{Manifest: deploy.Manifest{Frontend: "lang", Main: "main.mcl"}, Bundle: files}
	if _, err := deploy.Publish(context.Background(), l.kv, plan); err != nil {
		l.Fatal(err)
	}
}

// await waits until ok holds for all agents, and returns how long that took.
func (l *loopback) await(what string, ok func(i int, a *agent) bool) time.Duration {
	l.Helper()
	begin := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		lacking := l.lacking(ok)
		if len(lacking) == 0 {
			return time.Since(begin)
		}
		if time.Since(begin) > patience {
			l.Fatalf("%s: %d agents have not come so far, like %v", what, len(lacking), lacking[0])
		}
		<-tick.C
	}
}

// metrics returns counters of the server, which are sums over their labels.
func (l *loopback) metrics(names ...string) []float64 {
	l.Helper()
	resp, err := http.Get(l.url + "/metrics")
	if err != nil {
		l.Fatal(err)
	}
	defer resp.Body.Close()
	out := make([]float64, len(names))
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		for i, name := range names {
			rest, ok := strings.CutPrefix(lines.Text(), name)
			if !ok || rest[0] != ' ' && rest[0] != '{' {
				continue
			}
			v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
			if err != nil {
				l.Fatal(err)
			}
			out[i] += v
		}
	}
	return out
}

// A load is what the server has done for its clients.
type load struct{ calls, sent, received, events float64 }

func (l *loopback) load() load {
	m := l.metrics("grpc_server_msg_received_total", "etcd_network_client_grpc_sent_bytes_total",
		"etcd_network_client_grpc_received_bytes_total", "etcd_debugging_mvcc_events_total")
	return load{m[0], m[1], m[2], m[3]}
}

// per returns what that is for one of n agents, since some time before.
func (l load) per(n int, before load) string {
	d := float64(n)
	return fmt.Sprintf("%.1f requests, %.1f events, %.1f KiB to and %.1f KiB from an agent",
		(l.calls-before.calls)/d, (l.events-before.events)/d, (l.sent-before.sent)/d/1024, (l.received-before.received)/d/1024)
}

// deployed is what the agents of a loopback run: much as those of a simulation do.
func deployed(version string) string {
	return fmt.Sprintf(`import "fmt"
import "strings"
import "world"
import "world/collect"

$rack = strings.split($hostname, ".")[0]
$members = world.exchange($rack, %q)
$others = world.kvlookup($rack)
$leaders = world.schedule("leaders", struct{max => 2,})

noop "version %s" {}
noop fmt.printf("rack of %%d and %%d", len($members), len($others)) {}
noop fmt.printf("%%d leaders", len($leaders)) {}
noop "from ${hostname}" {
	Meta:hidden => true,
	Meta:export => ["rack0.host00000"],
}
collect noop collect.res("noop") {
	Meta:hidden => false,
}
`, version, version)
}

// heap returns the bytes of the heap in use.
func heap() uint64 {
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapInuse + stats.StackInuse
}

// converge runs n agents through three deploys, and returns how long the slowest change took and
// the memory of an agent.
func converge(t *testing.T, n int) (slowest time.Duration, memory uint64) {
	before := heap()
	begin := time.Now()
	l := newLoopback(t, n)
	defer l.end()
	for _, version := range []string{"1", "2", "3"} {
		from, begun := l.load(), time.Now()
		l.deploy(deployed(version))
		l.await("version "+version, func(i int, a *agent) bool {
			return a.has("version "+version, fmt.Sprintf("rack of %d and %d", rackSize, rackSize), "2 leaders")
		})
		took := time.Since(begun)
		t.Logf("version %s on %d agents: %v, %s", version, n, took.Round(time.Millisecond), l.load().per(n, from))
		if version == "1" {
			t.Logf("agents started: %v before", begun.Sub(begin).Round(time.Millisecond))
			continue
		}
		slowest = max(slowest, took)
	}
	memory = (heap() - before) / uint64(n)
	t.Logf("%d KiB of memory an agent with its part of the server, %d goroutines", memory>>10, runtime.NumGoroutine()/n)
	return slowest, memory
}

// What an agent has exported it finds without reading what others have.
func TestOnlyOwnExportsAreRead(t *testing.T) {
	l := newLoopback(t, 0)
	defer l.end()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := l.join(t, ctx, "a")
	key := func(i int) world.ExportKey {
		return world.ExportKey{To: hostName(i), Kind: "noop", Name: fmt.Sprint("a resource of some host, number ", i)}
	}
	for i := range 300 {
		if err := l.shared.Export(ctx, key(i), ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Export(ctx, key(7), ""); err != nil {
		t.Fatal(err)
	}
	before := l.load()
	if keys, err := w.Exported(ctx); err != nil || !slices.Equal(keys, []world.ExportKey{key(7)}) {
		t.Errorf("it has %v, %v", keys, err)
	}
	if sent := l.load().sent - before.sent; sent > 5000 {
		t.Errorf("finding one export among many took %.0f bytes", sent)
	}
}

// A change of the program reaches all agents of a cluster.
func TestDeployToAll(t *testing.T) { converge(t, 2*rackSize) }

// The same with as many agents as wanted.
//
//	MGMT_AGENTS=1000 go test -run DeployToMany -timeout 10m -v ./internal/scale
func TestDeployToMany(t *testing.T) {
	n := many(t) / rackSize * rackSize
	slowest, memory := converge(t, n)
	if limit := time.Duration(n) * 10 * time.Millisecond; slowest > limit {
		t.Errorf("a change took %v on %d agents, more than %v", slowest, n, limit)
	}
	if memory > 3<<20 {
		t.Errorf("an agent takes %d bytes", memory)
	}
}
