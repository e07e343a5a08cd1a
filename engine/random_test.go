package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"mgmt/engine/autoedge"
	"mgmt/resource"
	"mgmt/watch"
)

// An item is a resource whose part of the system is an entry of a disk.
type item struct {
	Text string  `mgmt:"text"`
	Need *string `mgmt:"need"`

	id   string
	name string
	disk *disk
}

// A disk is the system that the items of a test manage, and keeps an eye on them.
type disk struct {
	mu      sync.Mutex
	is      map[string]string
	sends   map[string]string
	fail    map[string]int
	takes   map[string]time.Duration
	wakes   map[string]func()
	watch   map[string]chan error
	running map[string]bool
	step    int
	applied map[string]int // step of the latest apply
	fresh   map[string]int // step of the latest refresh
	wrong   []string
}

func newDisk() *disk {
	return &disk{is: map[string]string{}, sends: map[string]string{}, fail: map[string]int{},
		takes: map[string]time.Duration{}, wakes: map[string]func(){}, watch: map[string]chan error{},
		running: map[string]bool{}, applied: map[string]int{}, fresh: map[string]int{}}
}

// enter notes that a method of an item begins, and fails if it is to.
func (i *item) enter() (func(), error) {
	d := i.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running[i.id] {
		d.wrong = append(d.wrong, "two methods of "+i.id+" at once")
	}
	d.running[i.id] = true
	leave := func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.running[i.id] = false
	}
	if d.fail[i.id] > 0 {
		d.fail[i.id]--
		return leave, errors.New("broken")
	}
	return leave, nil
}

func (i *item) Validate() error { return nil }

func (i *item) SetName(name string) { i.name = name }

// An item provides one of a few things and needs another one, which follow from its name and
// its text.
func (i *item) wish(factor int) resource.UID {
	var n, text int
	_, _ = fmt.Sscan(strings.TrimPrefix(i.name, "i"), &n)
	_, _ = fmt.Sscan(strings.TrimPrefix(i.Text, "text"), &text)
	return resource.UID{Type: "thing", Text: fmt.Sprint((n*factor + text) % 5)}
}

func (i *item) Provides() []resource.UID { return []resource.UID{i.wish(1)} }

func (i *item) Needs(context.Context) ([]resource.Need, error) {
	if i.Text == "text" {
		return nil, nil
	}
	return []resource.Need{{Of: i.wish(2), Before: i.Text == "text2"}}, nil
}

func (i *item) Open(env *resource.Env) error {
	i.id = env.ID.Name
	leave, err := i.enter()
	leave()
	return err
}

func (i *item) Close() error {
	leave, _ := i.enter()
	leave()
	return nil
}

func (i *item) Watch(ctx context.Context, wake func()) error {
	failures := make(chan error, 1)
	i.disk.mu.Lock()
	i.disk.wakes[i.id] = wake
	i.disk.watch[i.id] = failures
	i.disk.mu.Unlock()
	wake()
	select {
	case err := <-failures:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *item) want() string {
	if i.Need != nil {
		return i.Text + "/" + *i.Need
	}
	return i.Text
}

func (i *item) Check(ctx context.Context) ([]resource.Change, error) {
	leave, err := i.enter()
	defer leave()
	i.disk.mu.Lock()
	takes, is := i.disk.takes[i.id], i.disk.is[i.id]
	i.disk.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil || is == i.want() {
		return nil, err
	}
	return []resource.Change{{Param: "text"}}, nil
}

func (i *item) Apply(context.Context, []resource.Change) error {
	leave, err := i.enter()
	defer leave()
	d := i.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	d.is[i.id] = i.want()
	d.step++
	d.applied[i.id] = d.step
	return err // also an apply that failed may have worked
}

// A fresh item is refreshed, sends, and has no goroutine.
type freshItem struct{ item }

func (i *freshItem) Refresh(context.Context) error {
	leave, err := i.enter()
	defer leave()
	if err != nil {
		return err
	}
	d := i.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step++
	d.fresh[i.id] = d.step
	d.applied[i.id] = d.step // it counts as work
	return nil
}

func (i *freshItem) Sends() any {
	if i.disk == nil {
		return probeSends{}
	}
	i.disk.mu.Lock()
	defer i.disk.mu.Unlock()
	out := i.disk.sends[i.id]
	return probeSends{Out: &out}
}

func (i *freshItem) Subscribe(_ *watch.Hub, wake func()) (func(), error) {
	i.disk.mu.Lock()
	i.disk.wakes[i.id] = wake
	i.disk.mu.Unlock()
	wake()
	return func() {}, nil
}

// A live item takes new parameters in place.
type liveItem struct{ item }

func (i *liveItem) Update(next resource.Resource) bool {
	leave, _ := i.enter()
	defer leave()
	i.Text, i.Need = next.(*liveItem).Text, next.(*liveItem).Need
	return true
}

// An op is one step of a random history.
type op struct {
	Kind     string
	From, To int
	Number   int
	Meta     int
	Notify   bool
}

const itemCount = 8

var itemKinds = []string{"item", "fresh", "live", "slow"}

// itemKey is the key of the nth item. Its kind never changes.
func itemKey(n int) resource.Key {
	return resource.Key{ID: resource.ID{Kind: itemKinds[n%len(itemKinds)], Name: fmt.Sprint("i", n)}}
}

func drawOp(t *rapid.T) op {
	return op{
		Kind: rapid.SampledFrom([]string{"set", "set", "edge", "edge", "edge", "edge", "edge", "receive", "receive",
			"remove", "cut", "drift", "drift", "drift", "send", "send", "fail", "slow", "quick", "pass", "pass", "unwatch", "together"}).Draw(t, "kind"),
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
}

func (h *history) fault(format string, args ...any) {
	h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
}

// runHistory returns what went wrong.
func runHistory(t *testing.T, ops []op) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{disk: newDisk(), specs: map[resource.Key]*resource.Spec{}, edges: map[[2]resource.Key]int{}}
		d := h.disk
		h.Engine = New(Options{ConvergedTimeout: 0, Workers: 2, Kinds: resource.NewRegistry(
			&resource.Kind{Name: "item", New: func() resource.Resource { return &item{disk: d} }},
			&resource.Kind{Name: "fresh", New: func() resource.Resource { return &freshItem{item{disk: d}} }},
			&resource.Kind{Name: "live", New: func() resource.Resource { return &liveItem{item{disk: d}} }},
			&resource.Kind{Name: "slow", Blocking: true, New: func() resource.Resource { return &item{disk: d} }},
		)})
		h.Engine.audit = h.auditTurn
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- h.Run(ctx) }()
		for n := range itemCount {
			h.set(itemKey(n), "text", 0, nil)
		}
		for _, o := range ops {
			h.do(o)
			if !h.batch {
				synctest.Wait()
			}
		}
		h.heal()
		h.compare()
		cancel()
		<-ended
		if len(h.vertices) > 0 {
			h.fault("%d vertices are left", len(h.vertices))
		}
		wrong = append(h.wrong, d.wrong...)
	})
	return wrong
}

// auditAuto holds that the automatic edges are those that the resources wish for, except for
// some that would close a cycle.
func (h *history) auditAuto() {
	for ends, d := range h.auto.dropped {
		if !h.auto.index.Has(ends) {
			h.fault("%v is dropped, but nobody wishes for it", ends)
		}
		for i, n := range d.way[1:] {
			if h.graph.Find(d.way[i], n) == nil {
				h.fault("%v is dropped, but there is no edge from %s to %s", ends, d.way[i].Value.key, n.Value.key)
			}
		}
	}
	for n := range h.graph.Nodes() {
		for _, out := range n.Out() {
			leaving := n.Value.leaving || out.To.Value.leaving
			if !out.Value.wanted() || out.Value.auto && !leaving && !h.auto.index.Has(edgeOf(n, out.To)) {
				h.fault("nobody wants the edge from %s to %s", n.Value.key, out.To.Value.key)
			}
		}
	}
	for d := range h.wishes() {
		edge := h.edge(d.From, d.To)
		if (edge == nil || !edge.Value.auto) && h.auto.dropped[d] == nil {
			h.fault("%v is missing", d)
		}
	}
}

// wishes yields the edges of an index of its own.
func (h *history) wishes() iter.Seq[autoedge.Edge] {
	var x autoedge.Index
	for _, v := range h.vertices {
		if v.spec == nil || v.leaving {
			continue
		}
		w, err := wishesOf(context.Background(), v.spec)
		if err != nil {
			h.fault("%v", err)
		}
		x.Set(v.key, w)
	}
	added, _ := x.Changes()
	return slices.Values(added)
}

// auditTurn holds the invariants: what is about to run may run, and what is derived
// is what it is derived from.
func (h *history) auditTurn() {
	for _, j := range h.jobs {
		if j.kind != runJob || j.vertex.node == nil {
			continue
		}
		for _, in := range j.vertex.node.In() {
			if p := in.From.Value; p.dirty || p.running() || p.failed != nil {
				h.fault("%s runs while %s is not settled", j.vertex.key, p.key)
			}
		}
	}
	h.auditAuto()
	unsettled := 0
	for _, v := range h.vertices {
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

func (h *history) do(o op) {
	from, to := itemKey(o.From), itemKey(o.To)
	ends := [2]resource.Key{from, to}
	switch o.Kind {
	case "set":
		recvs := h.recvs(from)
		if o.Notify {
			recvs = nil
		}
		h.set(from, fmt.Sprint("text", o.Number%3), o.Meta, recvs)
	case "receive":
		if h.specs[from] != nil && to.Kind == "fresh" && h.specs[to] != nil {
			h.set(from, fmt.Sprint("text", o.Number%3), o.Meta, []resource.Recv{{Param: "need", From: to.ID, Output: "out"}})
		}
	case "edge":
		if h.specs[from] != nil && h.specs[to] != nil {
			h.submit(resource.Delta{SetEdges: []resource.Edge{{From: from, To: to, Notify: o.Notify}}})
		}
	case "cut":
		h.submit(resource.Delta{RemoveEdges: []resource.Edge{{From: from, To: to}}})
		delete(h.edges, ends)
	case "remove":
		h.submit(resource.Delta{Remove: []resource.Key{from}})
	case "together":
		h.batch = !h.batch
	case "pass":
		time.Sleep(time.Duration(o.Number) * time.Second)
	default:
		h.disturb(o, from.Name)
	}
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

func (h *history) set(key resource.Key, text string, meta int, recvs []resource.Recv) {
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
	h.submit(resource.Delta{Set: []*resource.Spec{s}})
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
	_, ok := sequence(specs, edges)
	return ok
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
	default:
		return r.(*liveItem).Text
	}
}

// Random graphs, failures, events and deltas under a fake clock.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 150).Draw(rt, "n")
		ops := rapid.SliceOfN(rapid.Custom(drawOp), n, n).Draw(rt, "ops")
		if wrong := runHistory(t, ops); len(wrong) > 0 {
			rt.Fatalf("%s", slices.Compact(wrong))
		}
	})
}
