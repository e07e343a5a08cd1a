package engine

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"mgmt/engine/reverse"
	"mgmt/graph"
	"mgmt/local"
	"mgmt/resource"
	"mgmt/watch"
	"mgmt/world"
)

// Options say in what surroundings an engine runs.
type Options struct {
	Hostname string
	World    world.World
	Local    *local.Store
	Hub      *watch.Hub
	Log      *slog.Logger // nil discards
	StateDir string       // resources have their own directories below it
	Exit     func(status int)

	Noop bool // check only, for all resources
	// NoAutoedges has edges only that a delta sets.
	NoAutoedges bool
	// NoAutogroup has each resource applied alone.
	NoAutogroup bool
	Sema        int // how many resources may run at once; 0 is unlimited
	Workers     int // for quick work; 0 picks a number by the processors
	// ConvergedTimeout is how long all must have been settled for the agent to be
	// converged; negative means that it never is.
	ConvergedTimeout time.Duration
	// Observe is told what happens. It is called from the loop and must not block.
	Observe func(Event)
	// Kinds may be nil. Otherwise resources of other kinds are refused, and kinds
	// that block run outside of the bound of workers.
	Kinds *resource.Registry
}

// ErrStopped is returned for a delta that came when the engine was stopping.
var ErrStopped = errors.New("the engine has been stopped")

// An Engine runs a graph of resources. Submit, Interrupt and Snapshot may be called
// from any goroutine; Run once.
type Engine struct {
	opts   Options
	box    mailbox
	pool   *pool
	shared sharedValues
	done   chan struct{}   // closed when Run ends
	notes  *reverse.Store  // of how to undo resources; nil is none
	first  sync.Once       // Submit, which looks at what an earlier run has left
	final  func() Snapshot // of the moment the stop began, valid after done

	// The rest belongs to the loop.

	graph    graph.Graph[*vertex, *link]
	vertices map[resource.Key]*vertex
	failures map[resource.Key]int16 // attempts that failed, for those with retries
	semas    map[string]*sema
	released []string // semaphores, since unpark looked last
	groups   groups
	leaving  map[*vertex]bool
	auto     automatic
	members  membership
	leavers  []*vertex // of leaving, to be looked at by depart
	timers   timers

	runs      uint64    // that were begun
	total     int       // vertices that are wanted
	unsettled int       // vertices, also those that go
	reported  Event     // the latest Progress
	affected  []*vertex // to be looked at by settle
	ready     []*vertex // to be run
	jobs      []*job    // to be handed out
	spareJobs []*job
	rewatch   map[*vertex]bool
	deeds     deeds
	undos     map[*vertex]bool // that are to be undone
	left      []reverse.Note   // of an earlier run, until the first delta
	exports   exports
	converge  converger
	stopping  bool
	level     int // of the interrupt
	jobCtx    context.Context
	cancelAll context.CancelFunc
	audit     func() // of tests, at the end of each turn
}

// New returns an engine with an empty graph.
func New(opts Options) *Engine {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Workers <= 0 {
		opts.Workers = max(4, runtime.GOMAXPROCS(0))
	}
	if opts.Observe == nil {
		opts.Observe = func(Event) {}
	}
	if opts.Exit == nil {
		opts.Exit = func(int) {}
	}
	e := &Engine{
		opts:     opts,
		done:     make(chan struct{}),
		vertices: map[resource.Key]*vertex{},
		members:  membership{kinds: serverKinds(opts.Kinds)},
		failures: map[resource.Key]int16{},
		semas:    map[string]*sema{},
		rewatch:  map[*vertex]bool{},
		leaving:  map[*vertex]bool{},
		undos:    map[*vertex]bool{},
		exports:  newExports(),
	}
	if opts.StateDir != "" && opts.Kinds != nil && !opts.Noop {
		e.notes = reverse.NewStore(opts.StateDir, stateName)
	}
	e.box.signal = make(chan struct{}, 1)
	e.jobCtx, e.cancelAll = context.WithCancel(context.Background())
	return e
}

// Run runs the engine until ctx ends, and then stops in order: what is running
// finishes, nothing else is begun, and every resource is closed.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.done)
	defer e.cancelAll()
	e.pool = newPool(e.opts.Workers, &e.box)
	defer e.pool.stop()
	e.loop(ctx)
	return nil
}

// Submit changes the graph. The delta is taken as a whole or refused as a whole; when
// Submit returns nil it is in force. An error about a resource is a
// [resource.SpecError], one about a cycle a [graph.CycleError] of keys.
func (e *Engine) Submit(ctx context.Context, d resource.Delta) error {
	if err := e.validate(d); err != nil {
		return err
	}
	asked, err := e.ask(ctx, d)
	if err != nil {
		return err
	}
	e.first.Do(e.lookBack)
	result := make(chan error, 1)
	e.box.call(func() { result <- e.take(d, asked) })
	select {
	case err := <-result:
		return err
	case <-e.done:
		select {
		case err := <-result: // taken in the last moment
			return err
		default:
			return ErrStopped
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Interrupt makes the engine stop harder. Level 2 ends the contexts of everything that
// is running, level 3 also calls the resources that are an [resource.Interrupter].
func (e *Engine) Interrupt(level int) {
	e.box.call(func() { e.interrupt(level) })
}

// Snapshot returns the present state of all vertices. After Run has ended it is the
// state at the moment when the stop began.
func (e *Engine) Snapshot(ctx context.Context) (Snapshot, error) {
	return e.Inquire(ctx, Inquiry{})
}

// Inquire returns the present state of some vertices, and the counts of all. It looks at
// each vertex once. When the stop has begun it returns all as of that moment.
func (e *Engine) Inquire(ctx context.Context, q Inquiry) (Snapshot, error) {
	result := make(chan func() Snapshot, 1)
	e.box.call(func() {
		if e.stopping {
			result <- e.final
		} else {
			result <- e.snapshot(q).sorted
		}
	})
	select {
	case s := <-result:
		return s(), nil
	case <-e.done:
		return e.final(), nil
	case <-ctx.Done():
		return Snapshot{}, ctx.Err()
	}
}

// sharedValues are what resources share by a key.
type sharedValues struct {
	mu     sync.Mutex // guards values
	values map[any]func() any
}

func (s *sharedValues) get(key any, make func() any) any {
	s.mu.Lock()
	if s.values == nil {
		s.values = map[any]func() any{}
	}
	value, ok := s.values[key]
	if !ok {
		value = sync.OnceValue(make)
		s.values[key] = value
	}
	s.mu.Unlock()
	return value()
}
