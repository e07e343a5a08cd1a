// Package resourcetest checks that a kind keeps the promises of package resource. Whoever
// writes a kind calls [Run] with a resource of it, and is told what is wrong. For tests of
// what is particular to a kind, [Make], [Open] and [Converge] do by hand what the engine
// does with a resource.
package resourcetest

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"mgmt/local"
	"mgmt/resource"
	"mgmt/watch"
	"mgmt/world"
	"mgmt/world/mem"
)

// patience is how long a resource has for what it has to do without being asked.
const patience = 20 * time.Second

// A Case is a resource to try a kind with.
type Case struct {
	Kind   *resource.Kind
	Name   string
	Params []resource.Value
	// Damage moves the machine off the desired state, in a way that the resource has to
	// notice by itself. Nil is for kinds that have nothing to watch.
	Damage func() error
	// World is what the resource shares with other hosts; nil is a new one.
	World world.World
	// Restless is for kinds that find something to do at each check, such as a command
	// without a guard.
	Restless bool
}

// Run tries the resource on this machine.
func Run(t *testing.T, c Case) {
	t.Run("described", func(t *testing.T) { described(t, c.Kind) })
	t.Run("parameters", func(t *testing.T) { parameters(t, c) })
	t.Run("watch", func(t *testing.T) { life(t, c, (*machine).watch) })
	if _, ok := c.Kind.New().(resource.Subscriber); ok {
		t.Run("subscribe", func(t *testing.T) { life(t, c, (*machine).subscribe) })
	}
}

// described demands the texts that the reference and the tools show.
func described(t *testing.T, k *resource.Kind) {
	if k.Name == "" || k.Doc == "" {
		t.Errorf("kind %q has the text %q; it needs a name and a Doc", k.Name, k.Doc)
	}
	for _, p := range slices.Concat(k.Params(), k.Sends()) {
		if p.Doc == "" {
			t.Errorf("%s has no doc tag", p.Name)
		}
	}
}

// decode makes the resource.
func decode(t *testing.T, c Case) resource.Resource {
	t.Helper()
	r, err := c.Kind.Decode(c.Name, c.Params)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	if err := r.Validate(); err != nil {
		t.Fatalf("Validate: %v", err)
	}
	return r
}

// parameters checks what is done with a resource as a value.
func parameters(t *testing.T, c Case) {
	empty := reflect.TypeOf(c.Kind.New()).Elem().Size() == 0 // all of these are at one address
	if !empty && c.Kind.New() == c.Kind.New() {
		t.Error("New returns the same resource twice")
	}
	_ = c.Kind.New().Validate() // may say anything, but not panic
	r := decode(t, c)
	if !resource.Equal(r, resource.Clone(r)) {
		t.Error("it differs from its clone")
	}
	if !resource.Equal(r, decode(t, c)) {
		t.Error("it differs from one that was made in the same way")
	}
	given, err := c.Kind.Given(r)
	if err != nil {
		t.Fatalf("Given: %v", err)
	}
	again, err := c.Kind.Decode(c.Name, given)
	if err != nil {
		t.Fatalf("Decode of what is given: %v", err)
	}
	if !resource.Equal(r, again) {
		t.Error("it differs from one that was made of what is given")
	}
}

// A machine runs the resource as an agent does.
type machine struct {
	t        *testing.T
	r        resource.Resource
	hub      *watch.Hub
	restless bool
	wakes    chan struct{} // holds one that was not waited for
}

// life brings the resource in order, damages it, and waits until it has been noticed.
func life(t *testing.T, c Case, listen func(*machine) (end func())) {
	m := &machine{t, decode(t, c), watch.NewHub(nil), c.Restless, make(chan struct{}, 1)}
	defer m.hub.Close()
	if o, ok := m.r.(resource.Opener); ok {
		if err := o.Open(m.env(c)); err != nil {
			t.Fatalf("Open: %v", err)
		}
		defer func() {
			if err := o.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}()
	}
	defer listen(m)()
	m.converge()
	if c.Damage == nil {
		return
	}
	if err := c.Damage(); err != nil {
		t.Fatalf("the damage: %v", err)
	}
	m.notice()
	m.converge()
}

func (m *machine) env(c Case) *resource.Env {
	dir := m.t.TempDir()
	shared := map[any]any{}
	if c.World == nil {
		c.World = mem.New().Host("host")
	}
	return &resource.Env{
		ID:       resource.ID{Kind: c.Kind.Name, Name: c.Name},
		Hostname: "host",
		World:    c.World,
		Local:    local.New(dir),
		Hub:      m.hub,
		Log:      slog.New(slog.DiscardHandler),
		StateDir: func() (string, error) { return dir, nil },
		Exit:     func(int) {},
		Shared: func(key any, make func() any) any {
			if shared[key] == nil {
				shared[key] = make()
			}
			return shared[key]
		},
	}
}

func (m *machine) wake() {
	select {
	case m.wakes <- struct{}{}:
	default:
	}
}

// watch starts the watch and waits until it listens. The function it returns ends it.
func (m *machine) watch() (end func()) {
	ctx, cancel := context.WithCancel(m.t.Context())
	done := make(chan error, 1)
	go func() { done <- m.r.Watch(ctx, m.wake) }()
	select {
	case <-m.wakes:
	case err := <-done:
		m.t.Errorf("Watch returned before its context ended: %v", err)
		done <- nil
	case <-time.After(patience):
		m.t.Error("Watch does not wake when it is listening")
	}
	return func() {
		cancel()
		select {
		case err := <-done:
			if err != nil && err != context.Canceled {
				m.t.Errorf("Watch: %v", err)
			}
		case <-time.After(patience):
			m.t.Error("Watch does not end with its context")
		}
	}
}

// subscribe is watch for a resource that listens to the hub.
func (m *machine) subscribe() (end func()) {
	cancel, err := m.r.(resource.Subscriber).Subscribe(m.hub, m.wake)
	if err != nil {
		m.t.Fatalf("Subscribe: %v", err)
	}
	select {
	case <-m.wakes:
	case <-time.After(patience):
		m.t.Error("Subscribe does not wake when it is listening")
	}
	return cancel
}

// converge brings the machine to the desired state.
func (m *machine) converge() {
	m.t.Helper()
	changes := m.check()
	if again := m.check(); !m.restless && len(again) != len(changes) {
		m.t.Errorf("checking changed what is found: first %v, then %v", changes, again)
	}
	if len(changes) > 0 {
		if err := m.r.Apply(m.t.Context(), changes); err != nil {
			m.t.Fatalf("Apply: %v", err)
		}
	}
	if left := m.check(); !m.restless && len(left) > 0 {
		m.t.Errorf("after Apply there is still %v", left)
	}
	m.sends()
}

func (m *machine) check() []resource.Change {
	m.t.Helper()
	changes, err := m.r.Check(m.t.Context())
	if err != nil {
		m.t.Fatalf("Check: %v", err)
	}
	for _, c := range changes {
		if c.Param == "" {
			m.t.Errorf("the change %q does not say of which parameter", c)
		}
	}
	return changes
}

// sends asks for all values that the kind promises.
func (m *machine) sends() {
	s, ok := m.r.(resource.Sender)
	if !ok {
		return
	}
	for _, p := range (&resource.Kind{New: func() resource.Resource { return m.r }}).Sends() {
		if _, err := resource.Sent(s.Sends(), p.Name); err != nil {
			m.t.Errorf("sending %s: %v", p.Name, err)
		}
	}
}

// notice waits until the resource has noticed that it is not right any more.
func (m *machine) notice() {
	m.t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case <-m.wakes:
			if len(m.check()) > 0 {
				return
			}
		case <-deadline:
			m.t.Fatal("it does not notice the damage")
		}
	}
}
