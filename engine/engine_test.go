package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/resource"
	"mgmt/watch"
)

// A probe is a resource whose behaviour a test scripts by name and which keeps a log.
type probe struct {
	Text string   `mgmt:"text"`
	Need *string  `mgmt:"need"`
	List []string `mgmt:"list"`
	Pass *string  `mgmt:"pass" secret:"true"`

	id    string
	stage *stage
}

type probeSends struct {
	Out *string `mgmt:"out"`
	Num int     `mgmt:"num"`
}

// A stage is what all probes of a test share: the system that they manage.
type stage struct {
	mu    sync.Mutex
	log   []string
	wakes map[string]func()
	act   map[string]*act
	doors map[string]string
}

// An act is how a probe behaves.
type act struct {
	drift    bool          // the system is not as desired; Apply mends it
	fail     int           // checks that fail; negative is all of them
	stuck    bool          // Apply fails
	takes    time.Duration // a check takes
	sends    *string
	panics   bool
	openFail int
	deaf     bool // ignores the end of its context
	watchErr chan error
	noWatch  bool // a watch ends at once

	applyTakes  time.Duration
	updateTakes time.Duration
	applyFails  bool
	applyPanics bool
}

func newStage() *stage { return &stage{wakes: map[string]func(){}, act: map[string]*act{}} }

func (s *stage) of(name string) *act {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.act[name] == nil {
		s.act[name] = &act{}
	}
	return s.act[name]
}

// alter changes how a probe behaves while the engine runs.
func (s *stage) alter(name string, f func(*act)) {
	a := s.of(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	f(a)
}

func (s *stage) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

// take returns the log since the last call.
func (s *stage) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := strings.Join(s.log, " ")
	s.log = nil
	return out
}

func (s *stage) wake(name string) {
	s.mu.Lock()
	wake := s.wakes[name]
	s.mu.Unlock()
	wake()
}

func (p *probe) Validate() error {
	if p.Text == "bad" || p.Need != nil && *p.Need == "bad" {
		return errors.New("text is bad")
	}
	return nil
}

func (p *probe) Open(env *resource.Env) error {
	p.id = env.ID.Name
	a := p.stage.of(p.id)
	if a.openFail > 0 {
		a.openFail--
		p.stage.note("open!%s", p.id)
		return errors.New("no such device")
	}
	p.stage.note("open:%s", p.id)
	return nil
}

func (p *probe) Close() error {
	p.stage.note("close:%s", p.id)
	return nil
}

func (p *probe) Watch(ctx context.Context, wake func()) error {
	if p.stage.of(p.id).noWatch {
		return errors.New("no bus")
	}
	p.stage.mu.Lock()
	p.stage.wakes[p.id] = wake
	p.stage.mu.Unlock()
	wake()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-p.stage.of(p.id).watchErr:
		return err
	}
}

func (p *probe) Check(ctx context.Context) ([]resource.Change, error) {
	a := p.stage.of(p.id)
	p.stage.note("check:%s", p.id)
	if a.takes > 0 {
		done := ctx.Done()
		if a.deaf {
			done = nil
		}
		select {
		case <-done:
			return nil, ctx.Err()
		case <-time.After(a.takes):
		}
	}
	if a.panics {
		panic("oh")
	}
	if a.fail != 0 {
		a.fail--
		return nil, errors.New("broken")
	}
	if p.Need != nil {
		p.stage.note("need=%s", *p.Need)
	}
	if a.drift {
		return []resource.Change{{Param: "text", Old: "x", New: p.Text}}, nil
	}
	return nil, nil
}

func (p *probe) Apply(ctx context.Context, changes []resource.Change) error {
	p.stage.note("apply:%s", p.id)
	if p.stage.of(p.id).stuck {
		return errors.New("read-only")
	}
	p.stage.of(p.id).drift = false
	return nil
}

// A listener also reacts to notifications, sends, and is updated in place.
type listener struct{ probe }

func (l *listener) Refresh(context.Context) error {
	l.stage.note("refresh:%s", l.id)
	return nil
}

func (l *listener) Sends() any {
	if l.stage == nil {
		return probeSends{}
	}
	return probeSends{Out: l.stage.of(l.id).sends}
}

// An updater takes new parameters in place.
type updater struct{ probe }

func (u *updater) Update(next resource.Resource) bool {
	u.stage.note("update:%s", u.id)
	time.Sleep(u.stage.of(u.id).updateTakes)
	u.Text = next.(*updater).Text
	u.Need = next.(*updater).Need
	return u.Text != "refuse"
}

func (u *updater) Interrupt() { u.stage.note("interrupt:%s", u.id) }

// A pack is applied together with others of the same text.
type pack struct{ listener }

func (p *pack) GroupKey() string { return p.Text }

func (p *pack) Interrupt() { p.stage.note("interrupt:%s", p.id) }

func (p *pack) Apply(ctx context.Context, changes []resource.Change) error {
	m := &resource.Member{Resource: p, Changes: changes}
	p.ApplyGroup(ctx, []*resource.Member{m})
	return m.Err
}

func (p *pack) ApplyGroup(ctx context.Context, members []*resource.Member) {
	var names []string
	for _, m := range members {
		names = append(names, m.Resource.(*pack).id)
	}
	slices.Sort(names)
	p.stage.note("apply:%s", strings.Join(names, "+"))
	for _, m := range members {
		m.Err = m.Resource.(*pack).install(ctx)
	}
	p.stage.note("applied")
}

func (p *pack) install(ctx context.Context) error {
	a := p.stage.of(p.id)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(a.applyTakes):
	}
	if a.applyPanics {
		panic("oh")
	}
	if a.applyFails {
		return errors.New("no such package")
	}
	a.drift = false
	return nil
}

// A subscribed probe has no goroutine.
type subscribed struct{ probe }

func (s *subscribed) Declare(_ func(any, func() any) any, enter bool) {
	if s.stage != nil {
		s.stage.note("declare:%s:%v", s.Text, enter)
	}
}

func (s *subscribed) Subscribe(_ *watch.Hub, wake func()) (func(), error) {
	s.stage.mu.Lock()
	s.stage.wakes[s.id] = wake
	s.stage.mu.Unlock()
	wake()
	return func() {}, nil
}

// A world is an engine under test in a bubble.
type testEngine struct {
	*Engine
	t      *testing.T
	stage  *stage
	cancel context.CancelFunc
	ended  chan struct{}
	events []Event // guarded by stage.mu
}

// story runs f with an engine in a bubble with a fake clock.
func story(t *testing.T, opts Options, f func(e *testEngine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := start(t, opts)
		synctest.Wait()
		f(e)
		e.stopAndWait()
	})
}

func start(t *testing.T, opts Options) *testEngine { return startOn(t, opts, newStage()) }

// startOn starts an engine on a system that may have been managed before.
func startOn(t *testing.T, opts Options, s *stage) *testEngine {
	e := &testEngine{t: t, stage: s, ended: make(chan struct{})}
	kind := func(name string, blocking bool, make func() resource.Resource) *resource.Kind {
		return &resource.Kind{Name: name, Blocking: blocking, New: make}
	}
	opts.Kinds = resource.NewRegistry(append(memberKinds(s),
		kind("probe", false, func() resource.Resource { return &probe{stage: s} }),
		kind("slow", true, func() resource.Resource { return &probe{stage: s} }),
		kind("listener", false, func() resource.Resource { return &listener{probe{stage: s}} }),
		kind("updater", false, func() resource.Resource { return &updater{probe{stage: s}} }),
		kind("pack", true, func() resource.Resource { return &pack{listener{probe{stage: s}}} }),
		kind("door", false, func() resource.Resource { return &door{stage: s} }),
		kind("part", false, func() resource.Resource { return &part{listener{probe{stage: s}}} }),
		&resource.Kind{Name: "board", New: func() resource.Resource { return &gossip{} }, Publishes: true},
		kind("gossip", false, func() resource.Resource { return &gossip{} }),
		kind("sub", false, func() resource.Resource { return &subscribed{probe{stage: s}} }),
	)...)
	opts.Observe = func(ev Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		e.events = append(e.events, ev)
	}
	e.Engine = New(opts)
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	go func() {
		defer close(e.ended)
		if err := e.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	return e
}

func (e *testEngine) stopAndWait() {
	e.cancel()
	<-e.ended
}

// key reads "kind:name".
func key(text string) resource.Key {
	kind, name, ok := strings.Cut(text, ":")
	if !ok {
		kind, name = "probe", text
	}
	return resource.Key{ID: resource.ID{Kind: kind, Name: name}}
}

// spec makes a resource from "kind:name text".
func (e *testEngine) spec(text string, meta ...func(*resource.Meta)) *resource.Spec {
	id, value, _ := strings.Cut(text, " ")
	k := key(id)
	r, err := e.opts.Kinds.Lookup(k.Kind).Decode(k.Name, []resource.Value{{Name: "text", Value: value}})
	if err != nil {
		e.t.Fatal(err)
	}
	s := &resource.Spec{Key: k, Resource: r, Meta: resource.DefaultMeta(), Pos: "test.mcl:1:1"}
	for _, m := range meta {
		m(&s.Meta)
	}
	return s
}

// chain reads edges like "a -> b -> c => d"; => notifies.
func edges(text string) []resource.Edge {
	var out []resource.Edge
	for line := range strings.SplitSeq(text, ";") {
		words := strings.Fields(line)
		for i := 2; i < len(words); i += 2 {
			out = append(out, resource.Edge{From: key(words[i-2]), To: key(words[i]), Notify: words[i-1] == "=>"})
		}
	}
	return out
}

func (e *testEngine) load(links string, specs ...*resource.Spec) {
	e.t.Helper()
	e.submit(resource.Delta{Set: specs, SetEdges: edges(links)})
}

func (e *testEngine) submit(d resource.Delta) {
	e.t.Helper()
	if err := e.Submit(context.Background(), d); err != nil {
		e.t.Fatal(err)
	}
	synctest.Wait()
}

// saw checks what the probes logged since the last call, without opens and closes.
func (e *testEngine) saw(want string) {
	e.t.Helper()
	synctest.Wait()
	words := strings.Fields(e.stage.take())
	words = slices.DeleteFunc(words, func(w string) bool {
		return strings.HasPrefix(w, "open:") || strings.HasPrefix(w, "close:")
	})
	if got := strings.Join(words, " "); got != want {
		e.t.Errorf("got %q, want %q", got, want)
	}
}

func (e *testEngine) sawAll(want string) {
	e.t.Helper()
	synctest.Wait()
	if got := e.stage.take(); got != want {
		e.t.Errorf("got %q, want %q", got, want)
	}
}

// state checks the states of vertices, sorted by name: "a=ok b=failed".
func (e *testEngine) state(want string) {
	e.t.Helper()
	synctest.Wait()
	s, err := e.Snapshot(context.Background())
	if err != nil {
		e.t.Fatal(err)
	}
	var words []string
	for _, v := range s.Vertices {
		words = append(words, v.Key.Name+"="+v.State.String())
	}
	slices.Sort(words)
	if got := strings.Join(words, " "); got != want {
		e.t.Errorf("got %q, want %q", got, want)
	}
}

// happened returns the events of that kind since the last call of any.
func (e *testEngine) happened(kind EventKind) []Event {
	synctest.Wait()
	e.stage.mu.Lock()
	defer e.stage.mu.Unlock()
	var out []Event
	for _, ev := range e.events {
		if ev.Kind == kind {
			out = append(out, ev)
		}
	}
	e.events = nil
	return out
}

func TestOrder(t *testing.T) {
	story(t, Options{}, func(e *testEngine) {
		e.load("a -> b -> c", e.spec("c"), e.spec("b"), e.spec("a"))
		e.saw("check:a check:b check:c")
		e.stage.wake("b")
		e.saw("check:b")
	})
}
