package yaml

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mgmt/frontend"
	"mgmt/graph"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/resources"
	"mgmt/watch"
	"mgmt/world"
)

// patience is how long a test waits for something that has to come.
const patience = 10 * time.Second

// A harness runs a front end, in place of an engine.
type harness struct {
	t       *testing.T
	path    string
	deltas  chan string   // in short
	reports chan []string // codes
	done    chan error
	refuse  error // what the engine says of a graph with the resource refused
	world   world.World
}

// run starts a front end, which ends with the test.
func run(t *testing.T, text string) *harness {
	h := &harness{
		t: t, path: filepath.Join(t.TempDir(), "g.yaml"),
		deltas: make(chan string, 10), reports: make(chan []string, 10), done: make(chan error, 1),
	}
	h.write(text)
	return h
}

func (h *harness) start() *harness {
	hub := watch.NewHub(nil)
	ctx, cancel := context.WithCancel(h.t.Context())
	opts := Options{Input: &Input{Name: h.path}, Kinds: resources.Kinds(), Watch: hub, Report: h.report}
	if h.world != nil {
		opts.World, opts.Hostname = h.world, h.world.Host()
	}
	f := New(opts)
	go func() { h.done <- f.Run(ctx, h.submit) }()
	h.t.Cleanup(func() {
		cancel()
		await(h.t, h.done)
		hub.Close()
	})
	return h
}

func (h *harness) write(text string) {
	h.t.Helper()
	temporary := h.path + ".new"
	if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Rename(temporary, h.path); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) report(_ *syntax.Files, list syntax.Diagnostics) {
	var codes []string
	for _, d := range list {
		codes = append(codes, string(d.Code))
	}
	h.reports <- codes
}

func (h *harness) submit(_ context.Context, d resource.Delta) error {
	if slices.ContainsFunc(d.Set, func(s *resource.Spec) bool { return s.Key.Name == "refused" }) {
		return h.refuse
	}
	var parts []string
	for _, s := range d.Set {
		parts = append(parts, "+"+s.Key.Name)
	}
	for _, k := range d.Remove {
		parts = append(parts, "-"+k.Name)
	}
	for _, e := range d.SetEdges {
		parts = append(parts, "+"+e.From.Name+">"+e.To.Name)
	}
	for _, e := range d.RemoveEdges {
		parts = append(parts, "-"+e.From.Name+">"+e.To.Name)
	}
	slices.Sort(parts)
	h.deltas <- strings.Join(parts, " ") + " because " + d.Cause.String()
	return nil
}

// await returns what comes from a channel.
func await[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func (h *harness) want(delta string) {
	h.t.Helper()
	if got := await(h.t, h.deltas); got != delta {
		h.t.Errorf("the delta is %q, want %q", got, delta)
	}
}

func (h *harness) wantReport(codes ...string) {
	h.t.Helper()
	if got := await(h.t, h.reports); !slices.Equal(got, codes) {
		h.t.Errorf("the diagnostics are %v, want %v", got, codes)
	}
}

const pair = `
graph: g
resources: {test: [{name: a}, {name: b, str: x}]}
edges: [{from: {kind: test, name: a}, to: {kind: test, name: b}}]
`

func TestReload(t *testing.T) {
	h := run(t, pair).start()
	h.want("+a +a>b +b because the graph was loaded")
	h.write("# only a comment differs" + pair)
	h.write(strings.Replace(pair, "str: x", "str: y", 1))
	h.want("+b because the graph changed")
	h.write("graph: g\nresources: {test: [{name: b, str: y}, {name: c}]}\n")
	h.want("+c -a -a>b because the graph changed")
}

func TestReloadRefused(t *testing.T) {
	h := run(t, pair)
	h.refuse = errors.Join(
		&graph.CycleError[resource.Key]{Nodes: []resource.Key{key("refused"), key("b")}},
		&resource.SpecError{Key: key("b"), Err: errors.New("no")},
	)
	h.start()
	h.want("+a +a>b +b because the graph was loaded")
	h.write("graph: [")
	h.wantReport("yaml-syntax")
	h.write("graph: g\nresources: {test: [{name: refused}, {name: b}]}\n")
	h.wantReport("edge-cycle", "refused-resource")
	if err := os.Remove(h.path); err != nil {
		t.Fatal(err)
	}
	h.wantReport("unreadable-file")
	h.write("graph: g\nresources: {test: [{name: a}]}\n")
	h.want("-a>b -b because the graph changed")
}

func key(name string) resource.Key {
	return resource.Key{ID: resource.ID{Kind: "test", Name: name}}
}

// TestFirstRefused demands that a graph of no use ends the front end.
func TestFirstRefused(t *testing.T) {
	for _, text := range []string{"graph: [", "graph: g\nresources: {test: [{name: refused}]}\n"} {
		h := run(t, text)
		h.refuse = errors.New("no")
		hub := watch.NewHub(nil)
		defer hub.Close()
		err := New(Options{Input: &Input{Name: h.path}, Kinds: resources.Kinds(), Watch: hub, Report: h.report}).Run(t.Context(), h.submit)
		if !errors.Is(err, frontend.ErrRefused) || len(await(t, h.reports)) != 1 {
			t.Errorf("%q ends with %v", text, err)
		}
	}
}

// TestHostname reads the name of the host in advance; the graph is not read again for that.
func TestHostname(t *testing.T) {
	h := run(t, "graph: g\nhostname: h1\nresources: {test: [{name: early}]}\n")
	in := &Input{Name: h.path}
	if name := in.Hostname(resources.Kinds()); name != "h1" {
		t.Errorf("the host name is %q", name)
	}
	h.write("graph: g\n")
	f := New(Options{Input: in, Kinds: resources.Kinds()})
	for _, want := range []int{1, 0} {
		if d, _, _ := f.Snapshot(); len(d.Set) != want {
			t.Errorf("there are %d resources, want %d", len(d.Set), want)
		}
	}
}

// TestAliasBomb demands that a few aliases cannot stand for more than memory has.
func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("graph: bomb\nresources:\n  test:\n  - name: x\n    interface:\n    - &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	below := "a0"
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		b.WriteString("    - &" + string(c) + " [" + strings.Repeat("*"+below+", ", 10) + "]\n")
		below = string(c)
	}
	_, _, diags := snapshot(b.String())
	if len(diags) != 1 || diags[0].Code != codeAlias {
		t.Errorf("the diagnostics are %v", diags)
	}
}

// TestManyKeys merges large maps: looking for a key twice must not look at all of them.
func TestManyKeys(t *testing.T) {
	var b strings.Builder
	b.WriteString("graph: keys\nresources:\n  test:\n  - name: x\n    interface: &keys\n")
	const n = 50_000
	for i := range n {
		fmt.Fprintf(&b, "      key%d: 1\n", i)
	}
	b.WriteString("  - {name: y, interface: {<<: *keys, more: 1}}\n")
	d, _, diags := snapshot(b.String())
	if len(diags) > 0 || len(d.Set) != 2 {
		t.Fatalf("the diagnostics are %v", diags)
	}
	value, err := resources.Kinds().Lookup("test").Given(d.Set[1].Resource)
	if err != nil {
		t.Fatal(err)
	}
	if m := value[0].Value.(map[string]any); len(m) != n+1 {
		t.Errorf("the merged map has %d keys, want %d", len(m), n+1)
	}
}

// TestNotUTF8 shows where a text is no text.
func TestNotUTF8(t *testing.T) {
	_, files, diags := snapshot("graph: g\ncomment: \xff\n")
	if len(diags) != 1 || files.Position(diags[0].Span.Start).String() != "graph.yaml:2:10" {
		t.Errorf("the diagnostics are %v", diags)
	}
}
