package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"mgmt/cluster"
	"mgmt/cluster/server"
	"mgmt/world"
)

// patience is how long a test waits for what has to happen.
const patience = 60 * time.Second

// A host is an agent's part in a cluster, with what a test does to it.
type host struct {
	t        *testing.T
	opts     cluster.Options
	launched chan cluster.Server
	node     *cluster.Node
	cancel   context.CancelFunc
	done     chan struct{}
	err      error // set before done is closed
}

// freeURL returns a URL on this machine at which nothing listens.
func freeURL(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// start starts a host, which stops with the test. It joins the first of seeds, if there are
// any.
func start(t *testing.T, name string, change func(*cluster.Options), seeds ...*host) *host {
	t.Helper()
	h := &host{t: t, launched: make(chan cluster.Server, 100)}
	h.opts = cluster.Options{
		Host: name, Dir: t.TempDir(), Fast: true, Launcher: h,
		ClientURLs: []string{freeURL(t)}, ServerURLs: []string{freeURL(t)},
	}
	if os.Getenv("MGMT_TEST_LOG") != "" {
		h.opts.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("at", name)
	}
	for _, s := range seeds {
		h.opts.Seeds = append(h.opts.Seeds, s.opts.ClientURLs[0])
	}
	if change != nil {
		change(&h.opts)
	}
	h.run()
	t.Cleanup(h.kill)
	return h
}

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == cluster.ServerArgument {
		os.Exit(server.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Launch implements cluster.Launcher: servers are processes, as those of agents are. It remembers
// what was started.
func (h *host) Launch(ctx context.Context, cfg cluster.ServerConfig) (cluster.Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s, err := cluster.Command{Path: self, Log: slog.New(slog.DiscardHandler)}.Launch(ctx, cfg)
	if err == nil {
		h.launched <- s
	}
	return s, err
}

func (h *host) run() {
	h.t.Helper()
	node, err := cluster.New(h.opts)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.node, h.cancel, h.done = node, cancel, make(chan struct{})
	go func() {
		defer close(h.done)
		h.err = node.Run(ctx)
	}()
}

// stop stops a host in order.
func (h *host) stop() error {
	h.t.Helper()
	h.cancel()
	select {
	case <-h.done:
	case <-time.After(patience):
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
		h.t.Fatalf("%s does not stop", h.opts.Host)
	}
	return h.err
}

// kill ends a host and its server without a word to the others.
func (h *host) kill() {
	if client := h.node.Client(); client != nil {
		client.Close()
	}
	for range len(h.launched) {
		(<-h.launched).(interface{ Kill() }).Kill()
	}
	h.node.Hurry()
	h.stop()
}

// ready waits until a host can use the store.
func (h *host) ready() *host {
	h.t.Helper()
	select {
	case <-h.node.Ready():
	case <-h.done:
		h.t.Fatalf("%s has ended: %v", h.opts.Host, h.err)
	case <-time.After(patience):
		h.t.Fatalf("%s is not ready", h.opts.Host)
	}
	return h
}

// works makes sure that a host has a working client.
func (h *host) works() {
	h.t.Helper()
	h.ready()
	eventually(h.t, h.opts.Host+" reads what it writes", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		value := time.Now().String()
		if err := h.node.World().SetValue(ctx, "works", value); err != nil {
			return false
		}
		got, _, err := h.node.World().GetString(ctx, "works/"+h.opts.Host)
		return err == nil && got == value
	})
}

// members returns the members, those that do not vote in brackets.
func (h *host) members() string {
	h.ready()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	resp, err := h.node.Client().MemberList(ctx)
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, m := range resp.Members {
		name := m.Name
		if m.IsLearner {
			name = "(" + name + ")"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// want waits until the members are these.
func (h *host) want(members string) {
	h.t.Helper()
	last := ""
	eventually(h.t, "the members are "+members, func() bool {
		last = h.members()
		return last == members
	}, &last)
}

// wantNumber waits until there are so many members, which all vote, and returns them.
func (h *host) wantNumber(n int) string {
	h.t.Helper()
	last := ""
	eventually(h.t, fmt.Sprint(n, " members"), func() bool {
		last = h.members()
		return len(strings.Fields(last)) == n && !strings.Contains(last, "(")
	}, &last)
	return last
}

// eventually waits for a condition, asking often.
func eventually(t *testing.T, what string, ok func() bool, last ...*string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			for _, l := range last {
				what += "; seen: " + *l
			}
			t.Fatalf("this does not come true: %s", what)
		}
	}
}

func three(o *cluster.Options) { o.Wanted = 3 }

func TestFirstHostServes(t *testing.T) {
	t.Parallel()
	a := start(t, "a", nil)
	a.works()
	a.want("a")
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("it was stopped: %v", err)
	}
	a.run()
	a.works()
	if got, ok, err := a.node.World().GetString(t.Context(), "works/a"); !ok || err != nil {
		t.Errorf("after a restart: %q, %v, %v", got, ok, err)
	}
}

func TestGrowToThree(t *testing.T) {
	t.Parallel()
	a := start(t, "a", three)
	hosts := map[string]*host{"a": a}
	for _, name := range []string{"b", "c", "d", "e"} {
		hosts[name] = start(t, name, nil, a)
	}
	members := a.wantNumber(3)
	for name, h := range hosts {
		h.works()
		if n, serves := len(h.launched), strings.Contains(members, name); serves != (n > 0) {
			t.Errorf("the members are %s, and %s has started %d servers", members, name, n)
		}
	}
	a.stop() // a waiting volunteer takes its place, and another one the lead
	delete(hosts, "a")
	for _, h := range hosts {
		h.wantNumber(3)
		h.works()
	}
}

func TestWantedSizeChanges(t *testing.T) {
	t.Parallel()
	a := start(t, "a", three)
	b, c := start(t, "b", nil, a), start(t, "c", nil, a)
	a.want("a b c")
	for i, n := range []int{2, 1, 2} {
		if err := a.node.World().Put(t.Context(), "/chooser/dynamicsize/idealclustersize", fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
		a.want([]string{"a b", "a", "a b"}[i])
	}
	for _, h := range []*host{a, b, c} {
		h.works()
	}
}

// silent reports whether nothing listens where the server of a host does.
func (h *host) silent() bool {
	c, err := net.Dial("tcp", strings.TrimPrefix(h.opts.ClientURLs[0], "http://"))
	if err == nil {
		c.Close()
	}
	return err != nil
}

// hasData reports whether a host has the data of a server.
func (h *host) hasData() bool {
	_, err := os.Stat(h.opts.Dir + "/server/member")
	return err == nil
}

// A wanted size of 0 shuts the cluster down if that is allowed, and only then. It begins again from
// the data of the last one.
func TestShutdown(t *testing.T) {
	t.Parallel()
	a := start(t, "a", three)
	hosts := []*host{a, start(t, "b", nil, a), start(t, "c", nil, a)}
	a.want("a b c")
	kv := a.node.World().KV()
	put := func(keys map[string]string) {
		t.Helper()
		if _, err := kv.Commit(t.Context(), world.Txn{Put: keys}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.node.World().SetString(t.Context(), "kept", "yes"); err != nil {
		t.Fatal(err)
	}
	put(map[string]string{world.SizeKey: "0"})
	put(map[string]string{world.SizeKey: "2"}) // all have gone past what is not allowed
	a.wantNumber(2)
	put(map[string]string{world.SizeKey: "0", world.ShutdownKey: "true"})
	var kept []*host
	for _, h := range hosts {
		eventually(t, "the server of "+h.opts.Host+" has ended", h.silent)
	}
	for _, h := range hosts {
		h.node.Hurry()
		h.stop()
		if h.hasData() {
			kept = append(kept, h)
		}
	}
	if len(kept) != 1 {
		t.Fatalf("%d hosts have data of a server", len(kept))
	}
	kept[0].run()
	for _, h := range hosts {
		if h != kept[0] {
			h.run()
		}
		h.works()
	}
	a.wantNumber(3)
	if got, _, err := a.node.World().GetString(t.Context(), "kept"); got != "yes" || err != nil {
		t.Errorf("after all this there is %q, %v", got, err)
	}
}

func TestDeadMemberIsReplaced(t *testing.T) {
	t.Parallel()
	a := start(t, "a", three)
	replace(t, a, func(name string) *host { return start(t, name, nil, a) })
}

func TestDeadMemberWithCertificateIsReplaced(t *testing.T) {
	t.Parallel()
	// Clients on the machine need no certificate, as with the addresses that agents have by themselves.
	both := func(o *cluster.Options) { o.ClientURLs = append([]string{freeURL(t)}, o.ClientURLs...) }
	a := start(t, "a", func(o *cluster.Options) {
		secure(t)(o)
		both(o)
		three(o)
	})
	token := a.token(3)
	replace(t, a, func(name string) *host {
		return start(t, name, func(o *cluster.Options) {
			invited(t, token)(o)
			both(o)
			o.Seeds = a.opts.ClientURLs[1:]
		})
	})
}

// replace kills a member of three, and starts it again when another host has taken its place.
func replace(t *testing.T, a *host, join func(name string) *host) {
	b, c := join("b"), join("c")
	a.want("a b c")
	d := join("d")
	d.ready()
	c.kill()
	a.want("a b d")
	for _, h := range []*host{a, b, d} {
		h.works()
	}
	c.run() // its data is that of a member that was removed
	c.works()
	if got := c.members(); got != "a b d" {
		t.Errorf("the one that is back: %s", got)
	}
}

// A leader that is released is not the only one to know of it: the other one goes on by itself.
func TestTheLeaderIsReleased(t *testing.T) {
	t.Parallel()
	a := start(t, "a", nil)
	b := start(t, "b", nil, a)
	a.want("a b")
	if err := a.node.World().Delete(t.Context(), "/nominated/a"); err != nil {
		t.Fatal(err)
	}
	b.works()
	b.want("a b") // it comes back, for it volunteers still
	a.works()
}

func TestStopAll(t *testing.T) {
	t.Parallel()
	a := start(t, "a", three)
	hosts := []*host{a, start(t, "b", nil, a), start(t, "c", nil, a)}
	a.want("a b c")
	if err := a.node.World().SetString(t.Context(), "kept", "yes"); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for _, h := range hosts {
		h.cancel()
	}
	var last *host
	for _, h := range hosts {
		h.stop()
		if h.hasData() {
			last = h
		}
	}
	if last == nil {
		t.Fatal("nobody kept the data")
	}
	if took := time.Since(begin); took > 25*time.Second { // a host waits for half a minute when it is not released
		t.Errorf("leaving took %v: somebody waited for a vote that never came", took)
	}
	last.run()
	last.works()
	last.want(last.opts.Host)
	if got, _, err := last.node.World().GetString(t.Context(), "kept"); got != "yes" {
		t.Errorf("the last one has %q, %v", got, err)
	}
}

func TestKillAllAndRestart(t *testing.T) {
	t.Parallel()
	a := start(t, "a", three)
	hosts := []*host{a, start(t, "b", nil, a), start(t, "c", nil, a)}
	a.want("a b c")
	for _, h := range hosts {
		h.kill()
	}
	for _, h := range hosts {
		h.run()
	}
	a.want("a b c")
	for _, h := range hosts {
		h.works()
	}
}

// A server that was killed while it began leaves something that nobody can start from. The next
// one begins anew.
func TestKilledWhileItBegan(t *testing.T) {
	t.Parallel()
	begun := func(remove ...string) func(*cluster.Options) {
		return func(o *cluster.Options) {
			a := start(t, "a", nil)
			a.works()
			a.stop()
			o.Dir = a.opts.Dir
			for _, name := range remove {
				if err := os.RemoveAll(filepath.Join(o.Dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, change := range map[string]func(*cluster.Options){
		"before it had a log":  begun("cluster", "endpoints", "server/member/wal"),
		"before it answered":   begun("cluster", "endpoints"),
		"in the middle of all": begun("id", "cluster", "endpoints", "server/member/snap"),
	} {
		h := start(t, "a", change)
		h.works()
		if _, err := os.Stat(filepath.Join(h.opts.Dir, "server.removed", "member")); err != nil {
			t.Errorf("%s: what was there is not aside: %v", name, err)
		}
	}
}

func TestClientOnly(t *testing.T) {
	t.Parallel()
	a := start(t, "a", nil)
	b := start(t, "b", func(o *cluster.Options) { o.NoServer = true }, a)
	c := start(t, "c", func(o *cluster.Options) { o.ServerURLs = nil }, a)
	for _, h := range []*host{b, c} {
		h.works()
		if n := len(h.launched); n > 0 {
			t.Errorf("%s has started a server", h.opts.Host)
		}
	}
	a.want("a")
}

func TestForeignData(t *testing.T) {
	t.Parallel()
	a, b := start(t, "a", nil), start(t, "b", nil)
	a.works()
	b.works()
	b.stop()
	b.opts.Seeds = a.opts.ClientURLs
	b.run()
	<-b.done
	if !errors.Is(b.err, cluster.ErrForeignData) {
		t.Errorf("a host with data of another cluster: %v", b.err)
	}
	b.opts.Seeds = nil
	b.run()
	b.works()
}

func TestBusyPort(t *testing.T) {
	t.Parallel()
	a := start(t, "a", nil)
	a.works()
	b := start(t, "b", func(o *cluster.Options) { o.ClientURLs = a.opts.ClientURLs })
	<-b.done
	if !errors.Is(b.err, cluster.ErrBusy) {
		t.Errorf("a host whose port is taken: %v", b.err)
	}
}

// An address that is none of this host is told from data that is damaged, also after a restart.
func TestAddressOfAnother(t *testing.T) {
	t.Parallel()
	a := start(t, "a", nil)
	a.works()
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	a.opts.Insecure, a.opts.ClientURLs = true, []string{"http://192.0.2.1:2379"}
	a.run()
	<-a.done
	if !errors.Is(a.err, cluster.ErrListen) || strings.Contains(a.err.Error(), "damaged") || !strings.Contains(a.err.Error(), "192.0.2.1") {
		t.Errorf("a host that has not the address: %v", a.err)
	}
}

func TestBadOptions(t *testing.T) {
	for what, o := range map[string]cluster.Options{
		"no server and no seeds":    {NoServer: true},
		"no scheme":                 {ClientURLs: []string{"127.0.0.1:2379"}},
		"no port":                   {ClientURLs: []string{"http://127.0.0.1"}},
		"one address for both":      {ClientURLs: []string{"http://127.0.0.1:1"}, ServerURLs: []string{"http://127.0.0.1:1"}},
		"plain beyond this machine": {ClientURLs: []string{"http://192.0.2.1:2379"}},
		"no certificate":            {Seeds: []string{"https://192.0.2.1:2379"}},
		"sockets and seeds":         {NoNetwork: true, Seeds: []string{"http://127.0.0.1:2379"}},
		"an unknown scheme":         {Seeds: []string{"ftp://127.0.0.1:2379"}},
	} {
		o.Host = "a"
		if _, err := cluster.New(o); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
}

func TestNoNetwork(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "n") // the path of a socket is to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	a := start(t, "a", func(o *cluster.Options) {
		o.NoNetwork, o.Dir, o.ClientURLs, o.ServerURLs = true, dir, nil, nil
	})
	a.works()
	a.stop()
	a.run()
	a.works()
}

func TestLaunchIsGivenUp(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := cluster.Command{Path: self, Log: slog.New(slog.DiscardHandler)}
	_, err = c.Launch(ctx, cluster.ServerConfig{
		Name: "a", Dir: t.TempDir(), New: true,
		ClientURLs: []string{freeURL(t)}, PeerURLs: []string{freeURL(t)},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
