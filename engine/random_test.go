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

	"pgregory.net/rapid"

	"mgmt/resource"
)

// An op is one step of a random history.
type op struct {
	Kind     string
	From, To int
	Number   int
	Meta     int
	Notify   bool
}

const itemCount = 10

var itemKinds = []string{"item", "fresh", "live", "slow", "pack"}

// itemKey is the key of the nth item. Its kind never changes.
func itemKey(n int) resource.Key {
	return resource.Key{ID: resource.ID{Kind: itemKinds[n%len(itemKinds)], Name: fmt.Sprint("i", n)}}
}

func drawOp(t *rapid.T) op {
	return op{
		Kind: rapid.SampledFrom([]string{"set", "set", "edge", "edge", "edge", "edge", "edge", "receive", "receive",
			"remove", "cut", "drift", "drift", "drift", "send", "send", "fail", "slow", "quick", "pass", "pass", "unwatch", "together", "deploy", "recover", "restart"}).Draw(t, "kind"),
		From:   rapid.IntRange(0, itemCount-1).Draw(t, "from"),
		To:     rapid.IntRange(0, itemCount-1).Draw(t, "to"),
		Number: rapid.IntRange(0, 5).Draw(t, "number"),
		Meta:   rapid.IntRange(0, 8).Draw(t, "meta"),
		Notify: rapid.Bool().Draw(t, "notify"),
	}
}

// A history runs ops against an engine and against a model that has no time.
type history struct {
	*Engine
	disk  *disk
	specs map[resource.Key]*resource.Spec
	edges map[[2]resource.Key]int // notify: the step at which it was made, and otherwise -1
	wrong []string
	batch bool
	halt  func() // ends the engine
}

func (h *history) fault(format string, args ...any) {
	h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
}

// runHistory returns what went wrong.
func runHistory(t *testing.T, ops []op) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{disk: newDisk(), specs: map[resource.Key]*resource.Spec{}, edges: map[[2]resource.Key]int{}}
		h.boot()
		for n := range itemCount {
			h.submit(resource.Delta{Set: []*resource.Spec{h.spec(itemKey(n), "text", 0, nil)}})
		}
		for _, o := range ops {
			h.do(o)
			if !h.batch {
				synctest.Wait()
			}
		}
		h.heal()
		h.compare()
		h.halt()
		wrong = append(h.wrong, h.disk.wrong...)
	})
	return wrong
}

// boot begins with an engine that knows nothing.
func (h *history) boot() {
	d := h.disk
	h.Engine = New(Options{ConvergedTimeout: 0, Workers: 2, Kinds: resource.NewRegistry(
		&resource.Kind{Name: "item", New: func() resource.Resource { return &item{disk: d} }},
		&resource.Kind{Name: "fresh", New: func() resource.Resource { return &freshItem{item{disk: d}} }},
		&resource.Kind{Name: "live", New: func() resource.Resource { return &liveItem{item{disk: d}} }},
		&resource.Kind{Name: "slow", Blocking: true, New: func() resource.Resource { return &slowItem{item{disk: d}} }},
		&resource.Kind{Name: "pack", Blocking: true, New: func() resource.Resource { return &packItem{item{disk: d}} }},
	)})
	h.Engine.audit = h.auditTurn
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()
	h.halt = func() {
		cancel()
		<-ended
		if len(h.vertices) > 0 || len(h.groups.byKey) > 0 || len(h.leaving) > 0 {
			h.fault("left are %d vertices, %d groups", len(h.vertices), len(h.groups.byKey))
		}
	}
}

// restart ends the engine, as hard as level says, and has another one go on.
func (h *history) restart(level int) {
	if level >= 2 {
		h.Interrupt(level)
	}
	h.halt()
	h.boot()
	d := resource.Delta{Set: slices.Collect(maps.Values(h.specs))}
	for ends, made := range h.edges {
		d.SetEdges = append(d.SetEdges, resource.Edge{From: ends[0], To: ends[1], Notify: made >= 0})
	}
	h.submit(d)
}

// auditTurn holds the invariants: what is about to run may run, and what is derived
// is what it is derived from.
func (h *history) auditTurn() {
	for _, j := range h.jobs {
		if j.together != nil {
			h.auditTransaction(j.together)
			continue
		}
		if j.kind != runJob || j.vertex.node == nil {
			continue
		}
		for _, in := range j.vertex.node.In() {
			if p := in.From.Value; p.dirty || p.running() || p.failed != nil {
				h.fault("%s runs while %s is not settled", j.vertex.key, p.key)
			}
		}
	}
	if !h.stopping { // from then on edges do not count
		h.auditAuto()
	}
	h.auditGroups()
	unsettled := 0
	for _, v := range h.vertices {
		if v.leaving != h.leaving[v] || v.leaving && v.spec == nil {
			h.fault("%s is not leaving as it should", v.key)
		}
		if v.open {
			unsettled++
		}
		if v.node == nil {
			continue
		}
		holders, bad := 0, 0
		for _, in := range v.node.In() {
			p := in.From.Value
			if p.dirty || p.running() || p.failed != nil {
				holders++
			}
			if p.failed != nil || p.blocked {
				bad++
			}
		}
		if holders != v.holders || bad != v.badAbove {
			h.fault("%s counts %d holding and %d bad parents, but has %d and %d", v.key, v.holders, v.badAbove, holders, bad)
		}
		if v.blocked != (v.dirty && bad > 0 && !v.running()) {
			h.fault("%s: blocked is %v", v.key, v.blocked)
		}
	}
	if unsettled != h.unsettled {
		h.fault("%d vertices count as unsettled, but %d are", h.unsettled, unsettled)
	}
}

// auditTransaction holds that no path leads from one member to another.
func (h *history) auditTransaction(t *transaction) {
	members := map[*vertex]bool{}
	for _, j := range t.members {
		if j.vertex.node == nil {
			h.fault("%s is not in the graph any more, and is to be applied", j.vertex.key)
			return
		}
		if members[j.vertex] || len(t.members) > 1 && (j.alone || j.timeout != t.timeout) {
			h.fault("%s must not be in this transaction", j.vertex.key)
		}
		members[j.vertex] = true
	}
	seen := map[*vertex]bool{}
	var visit func(v *vertex)
	visit = func(v *vertex) {
		for _, out := range v.node.Out() {
			child := out.To.Value
			if members[child] {
				h.fault("%s and one that it depends on are applied together", child.key)
			}
			if !seen[child] {
				seen[child] = true
				visit(child)
			}
		}
	}
	for v := range members {
		visit(v)
	}
}

// auditGroups holds that groups count their vertices right.
func (h *history) auditGroups() {
	size, coming := map[*group]int{}, map[*group]int{}
	for _, v := range h.vertices {
		if v.group == nil {
			continue
		}
		size[v.group]++
		if v.isComing() {
			coming[v.group]++
		}
		if h.groups.byKey[v.group.key] != v.group {
			h.fault("%s is in a group that is not known", v.key)
		}
	}
	for key, g := range h.groups.byKey {
		if g.size != size[g] || g.coming != coming[g] || g.size == 0 && g.going == nil {
			h.fault("group %v counts %d, %d are coming, but it has %d and %d", key, g.size, g.coming, size[g], coming[g])
		}
	}
}

func (h *history) do(o op) {
	from, to := itemKey(o.From), itemKey(o.To)
	switch o.Kind {
	case "set":
		recvs := h.recvs(from)
		if o.Notify {
			recvs = nil
		}
		h.submit(resource.Delta{Set: []*resource.Spec{h.spec(from, fmt.Sprint("text", o.Number%3), o.Meta, recvs)}})
	case "receive":
		if h.specs[from] != nil && to.Kind == "fresh" && h.specs[to] != nil {
			recvs := []resource.Recv{{Param: "need", From: to.ID, Output: "out"}}
			h.submit(resource.Delta{Set: []*resource.Spec{h.spec(from, fmt.Sprint("text", o.Number%3), o.Meta, recvs)}})
		}
	case "edge":
		if h.specs[from] != nil && h.specs[to] != nil {
			h.submit(resource.Delta{SetEdges: []resource.Edge{{From: from, To: to, Notify: o.Notify}}})
		}
	case "cut":
		h.submit(resource.Delta{RemoveEdges: []resource.Edge{{From: from, To: to}}})
	case "remove":
		h.submit(resource.Delta{Remove: []resource.Key{from}})
	case "deploy":
		h.deploy(rand.New(rand.NewPCG(uint64(o.From*itemCount+o.To), uint64(o.Number))))
	case "restart":
		h.restart(o.Number)
	case "together":
		h.batch = !h.batch
	case "pass":
		time.Sleep(time.Duration(o.Number) * time.Second)
	default:
		h.disturb(o, from.Name)
	}
}

// deploy changes a good part of the graph at once.
func (h *history) deploy(r *rand.Rand) {
	var d resource.Delta
	var kept []resource.Key
	for n := range itemCount {
		key := itemKey(n)
		switch r.IntN(4) {
		case 0:
			d.Remove = append(d.Remove, key)
			continue
		case 1:
			if h.specs[key] == nil {
				continue
			}
		default:
			d.Set = append(d.Set, h.spec(key, fmt.Sprint("text", r.IntN(3)), r.IntN(9), nil))
		}
		kept = append(kept, key)
	}
	for i, from := range kept {
		for _, to := range kept[i+1:] {
			if r.IntN(itemCount) == 0 {
				d.SetEdges = append(d.SetEdges, resource.Edge{From: from, To: to, Notify: r.IntN(2) == 0})
			}
		}
	}
	for a := range itemCount {
		for b := range itemCount {
			if r.IntN(3) == 0 {
				d.RemoveEdges = append(d.RemoveEdges, resource.Edge{From: itemKey(a), To: itemKey(b)})
			}
		}
	}
	h.submit(d)
}

// disturb does something to the system.
func (h *history) disturb(o op, name string) {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	switch o.Kind {
	case "drift":
		d.is[name] = "junk"
		d.wake(name)
	case "send":
		d.sends[name] = fmt.Sprint("sent", o.Number)
		d.wake(name)
	case "fail":
		d.fail[name] = o.Number
	case "recover":
		delete(d.fail, name)
	case "slow":
		d.takes[name] = time.Duration(1+o.Number) * time.Second
	case "quick":
		d.takes[name] = 0
	case "unwatch":
		select {
		case d.watch[name] <- errors.New("watch broke"):
		default:
		}
	}
}

func (d *disk) wake(name string) {
	if wake := d.wakes[name]; wake != nil {
		wake()
	}
}

func (h *history) recvs(key resource.Key) []resource.Recv {
	if s := h.specs[key]; s != nil {
		return s.Recv
	}
	return nil
}

func (h *history) spec(key resource.Key, text string, meta int, recvs []resource.Recv) *resource.Spec {
	r, err := h.opts.Kinds.Lookup(key.Kind).Decode(key.Name, []resource.Value{{Name: "text", Value: text}})
	if err != nil {
		h.fault("%v", err)
	}
	s := &resource.Spec{Key: key, Resource: r, Meta: resource.DefaultMeta(), Recv: recvs}
	s.Meta.Rewatch = true
	switch meta {
	case 1:
		s.Meta.Retry, s.Meta.Delay = 2, 700
	case 2:
		s.Meta.Retry = -1
	case 3:
		s.Meta.Sema = []string{"one", "two:2"}
	case 4:
		s.Meta.Sema = []string{"one"}
	case 5:
		s.Meta.Limit, s.Meta.Burst = 1, 2
	case 6:
		s.Meta.Timeout = 3000
	case 7:
		s.Meta.Realize = true
	case 8:
		s.Meta.AutoGroup = false
	}
	return s
}

// submit has the engine and the model take a delta, or both refuse it.
func (h *history) submit(d resource.Delta) {
	specs, edges := maps.Clone(h.specs), maps.Clone(h.edges)
	for _, key := range d.Remove {
		delete(specs, key)
		maps.DeleteFunc(edges, func(ends [2]resource.Key, _ int) bool { return ends[0] == key || ends[1] == key })
	}
	for _, s := range d.Set {
		specs[s.Key] = s
	}
	for _, e := range d.RemoveEdges {
		delete(edges, [2]resource.Key{e.From, e.To})
	}
	for _, e := range d.SetEdges {
		edges[[2]resource.Key{e.From, e.To}] = -1
	}
	err := h.Submit(context.Background(), d)
	want := sound(specs, edges)
	if (err == nil) != want {
		h.fault("delta %+v: got %v, but whether it is sound is %v", d, err, want)
	}
	if err != nil {
		return
	}
	h.specs, h.edges = specs, edges
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	for _, e := range d.SetEdges {
		if e.Notify {
			edges[[2]resource.Key{e.From, e.To}] = h.disk.step
		}
	}
}

// sequence returns the keys in an order that respects the edges, or false.
func sequence(specs map[resource.Key]*resource.Spec, edges map[[2]resource.Key]int) ([]resource.Key, bool) {
	before := map[resource.Key][]resource.Key{}
	for ends := range edges {
		before[ends[1]] = append(before[ends[1]], ends[0])
	}
	for key, s := range specs {
		for _, r := range s.Recv {
			before[key] = append(before[key], resource.Key{ID: r.From})
		}
	}
	var out []resource.Key
	state := map[resource.Key]int{}
	var visit func(resource.Key) bool
	visit = func(key resource.Key) bool {
		if state[key] != 0 {
			return state[key] == 2
		}
		state[key] = 1
		for _, b := range before[key] {
			if specs[b] == nil || !visit(b) {
				return false
			}
		}
		state[key] = 2
		out = append(out, key)
		return true
	}
	for key := range specs {
		if !visit(key) {
			return nil, false
		}
	}
	return out, true
}

func sound(specs map[resource.Key]*resource.Spec, edges map[[2]resource.Key]int) bool {
	for _, s := range specs {
		if _, member := s.Resource.(resource.Served); member && serverOf(specs, s) == (resource.ID{}) {
			return false
		}
	}
	_, ok := sequence(specs, edges)
	return ok
}

// serverOf returns the server of a member, or nothing.
func serverOf(specs map[resource.Key]*resource.Spec, s *resource.Spec) (found resource.ID) {
	kind, name := s.Resource.(resource.Served).Server()
	for key := range specs {
		if key.Kind == kind && (name == key.Name || name == "" && (found.Name == "" || key.Name < found.Name)) {
			found = key.ID
		}
	}
	return found
}

// heal ends all trouble. What had failed for good gets an event, or another watch.
func (h *history) heal() {
	h.batch = false
	time.Sleep(time.Minute)
	synctest.Wait()
	h.disk.mu.Lock()
	clear(h.disk.fail)
	clear(h.disk.takes)
	h.disk.mu.Unlock()
	h.submit(resource.Delta{})
	time.Sleep(time.Minute)
	synctest.Wait()
	s, err := h.Snapshot(context.Background())
	if err != nil {
		h.fault("%v", err)
	}
	h.disk.mu.Lock()
	for _, v := range s.Vertices {
		if v.State == StateFailed {
			h.disk.wake(v.Key.Name)
		}
	}
	h.disk.mu.Unlock()
	time.Sleep(time.Minute)
	synctest.Wait()
}

// compare holds the end state against what a sequential run makes of the system.
func (h *history) compare() {
	s, err := h.Snapshot(context.Background())
	if err != nil || !s.Converged || s.Settled != len(h.specs) || s.Count(StateFailed)+s.Count(StateBlocked) > 0 || len(s.Vertices) != len(h.specs) {
		h.fault("at rest: %v, %+v, want %d vertices", err, s, len(h.specs))
	}
	order, _ := sequence(h.specs, h.edges)
	d := h.disk
	for _, key := range order {
		spec := h.specs[key]
		i := item{Text: text(spec.Resource)}
		for _, r := range spec.Recv {
			sent := d.sends[r.From.Name]
			i.Need = &sent
		}
		if got, want := d.is[key.Name], i.want(); got != want {
			h.fault("%s is %q at rest, want %q", key, got, want)
		}
		if _, member := spec.Resource.(resource.Served); member && d.server[key.Name] != serverOf(h.specs, spec) {
			h.fault("%s was told that %s is its server, want %s", key, d.server[key.Name], serverOf(h.specs, spec))
		}
	}
	for ends, made := range h.edges {
		from, to := ends[0].Name, ends[1].Name
		if made >= 0 && ends[1].Kind == "fresh" && d.applied[from] > made && d.fresh[to] < d.applied[from] {
			h.fault("%s worked at step %d, but %s was refreshed at step %d", from, d.applied[from], to, d.fresh[to])
		}
	}
}

func text(r resource.Resource) string {
	switch r := r.(type) {
	case *item:
		return r.Text
	case *freshItem:
		return r.Text
	case *packItem:
		return r.Text
	case *slowItem:
		return r.Text
	default:
		return r.(*liveItem).Text
	}
}

// Random graphs, failures, events and deltas under a fake clock. A history that goes wrong
// is made as short as can be and printed, to be kept in testdata/histories.
func TestRandomHistories(t *testing.T) {
	var failed []op
	defer func() {
		if t.Failed() {
			t.Logf("what is left of it:\n%s", write(shorten(t, failed)))
		}
	}()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 150).Draw(rt, "n")
		ops := rapid.SliceOfN(rapid.Custom(drawOp), n, n).Draw(rt, "ops")
		if wrong := runHistory(t, ops); len(wrong) > 0 {
			failed = ops
			rt.Fatalf("%s", slices.Compact(wrong))
		}
	})
}

// shorten leaves ops out as long as it goes wrong without them.
func shorten(t *testing.T, ops []op) []op {
	goesWrong := func(ops []op) bool {
		const tries = 3 // workers may come in another order
		for range tries {
			if len(runHistory(t, ops)) > 0 {
				return true
			}
		}
		return false
	}
	for size := len(ops) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(ops); {
			if less := slices.Concat(ops[:i], ops[i+size:]); goesWrong(less) {
				ops = less
			} else {
				i += size
			}
		}
	}
	return ops
}

// Histories that once went wrong. What TestRandomHistories prints can be added as a file.
func TestKeptHistories(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no histories: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if wrong := runHistory(t, read(t, file)); len(wrong) > 0 {
				t.Errorf("%s", slices.Compact(wrong))
			}
		})
	}
}

const opFormat = "%s %d %d %d %d %t"

// write returns a line for each op.
func write(ops []op) string {
	var b strings.Builder
	for _, o := range ops {
		fmt.Fprintf(&b, opFormat+"\n", o.Kind, o.From, o.To, o.Number, o.Meta, o.Notify)
	}
	return b.String()
}

// read reads what write wrote. Lines that begin with # are comments.
func read(t *testing.T, file string) []op {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var ops []op
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var o op
		if _, err := fmt.Sscanf(line, opFormat, &o.Kind, &o.From, &o.To, &o.Number, &o.Meta, &o.Notify); err != nil {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
		ops = append(ops, o)
	}
	return ops
}
