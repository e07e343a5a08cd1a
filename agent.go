// Package mgmt is the front door of the library: it runs an agent, which keeps one machine in
// the state that a front end describes.
//
// An [Agent] wires the parts together: the engine, the shared watches, what is remembered on
// this machine, what is shared with others, and the front end. [New] makes one of [Options],
// [Agent.Run] runs it. The command mgmt is a thin layer above; other programs may embed an
// agent in the same way.
package mgmt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mgmt/engine"
	"mgmt/frontend"
	"mgmt/history"
	"mgmt/lang/funcs"
	"mgmt/local"
	"mgmt/resource"
	"mgmt/watch"
	"mgmt/world"
	"mgmt/world/mem"
)

// Options say what an agent runs and how.
type Options struct {
	// Frontend makes the front end, which is told what functions may know of the agent.
	Frontend func(host *funcs.Host) frontend.Frontend
	// Kinds are the resource kinds that the agent knows.
	Kinds *resource.Registry
	// Prefix is the working directory. It is made if need be.
	Prefix string
	// KeyFile is the file with the key that opens what is sealed to this host; the default is
	// KeyFile of the Prefix. It need not exist.
	KeyFile string
	// Hostname is the name of the agent; the default is that of the machine.
	Hostname string
	// World is what the agent shares with others; the default is a cluster of one.
	World world.World
	// Companion runs beside the agent; the default is none.
	Companion Companion
	// Log is told what happens; the default discards.
	Log *slog.Logger
	// Observe is told every event of the engine. It is called from the loop of the engine
	// and must not block.
	Observe func(engine.Event)

	Noop bool // check only
	// NoAutoedges has edges only that the program states.
	NoAutoedges bool
	// NoAutogroup has each resource applied alone, also where several could be at once.
	NoAutogroup bool
	Sema        int // how many resources may run at once; 0 is unlimited

	// ConvergedTimeout is how long all must have been settled for the agent to be
	// converged; negative means that it never is.
	ConvergedTimeout time.Duration
	// ConvergedExit ends the agent when it is converged.
	ConvergedExit bool
	// StatusFile gets a line "true" or "false" each time the agent becomes converged or
	// stops being so. Empty means none.
	StatusFile string
	// MaxRuntime ends the agent with ErrMaxRuntime; 0 is unlimited.
	MaxRuntime time.Duration
	// HistoryLimit is how large the history of the agent may become, in bytes; 0 is
	// history.DefaultLimit, and a negative one keeps none.
	HistoryLimit int64
	// NoInspect serves no local API, so that nobody can look into the agent from outside.
	NoInspect bool
	// NoRaiseLimits leaves the kernel's limits of watches alone.
	NoRaiseLimits bool

	// FirstGraphOnly keeps the first graph of the front end and ignores all later changes.
	FirstGraphOnly bool
	// Graphviz is the name of a file that gets a picture of the graph after each change of
	// it: in DOT, and as drawn by GraphvizFilter in the same name with .png added. The
	// host name is added to the file name, behind an @. Empty means none.
	Graphviz string
	// GraphvizFilter is one of GraphvizFilters; the default is dot.
	GraphvizFilter string
}

var (
	// ErrMaxRuntime is what Run returns when the agent ran for as long as it may.
	ErrMaxRuntime = errors.New("the maximum runtime is reached")
	// ErrUnsettled is what Run returns when an agent that exits once converged has resources
	// that failed or could not run.
	ErrUnsettled = errors.New("some resources are not as they should be")
)

// An ExitError is what Run returns when a resource asked for an exit status other than 0.
type ExitError struct{ Status int }

func (e *ExitError) Error() string {
	return fmt.Sprintf("a resource asked for exit status %d", e.Status)
}

// An Agent keeps one machine in the desired state.
type Agent struct {
	opts   Options
	engine *engine.Engine
	host   *funcs.Host
	hub    *watch.Hub

	history *history.Log // nil if none is kept
	front   frontend.Frontend

	cancel context.CancelCauseFunc
	once   sync.Once // guards the reason of the end

	statusMu sync.Mutex // guards the status file

	trim    *time.Timer // returns memory to the system; it and trimmed belong to the engine's loop
	trimmed time.Time   // when it was started last
}

// New returns an agent. Nothing runs, and nothing is written, before Run.
func New(opts Options) (*Agent, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Hostname == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("reading the name of this machine: %w", err)
		}
		opts.Hostname = name
	}
	if err := CheckHostname(opts.Hostname); err != nil {
		return nil, err
	}
	if opts.Companion == nil {
		opts.Companion = alone{}
	}
	if opts.World == nil {
		opts.World = mem.New().Host(opts.Hostname)
	}
	a := &Agent{opts: opts, hub: watch.NewHub(opts.Log)}
	store := local.New(opts.Prefix)
	a.host = &funcs.Host{Hostname: opts.Hostname, World: opts.World, Local: store, Watch: a.hub, Log: opts.Log,
		KeyFile: cmp.Or(opts.KeyFile, KeyFile(opts.Prefix))}
	if opts.Kinds != nil {
		a.host.HasKind = func(kind string) bool { return opts.Kinds.Lookup(kind) != nil }
	}
	a.engine = engine.New(engine.Options{
		Hostname:         opts.Hostname,
		World:            opts.World,
		Local:            store,
		Hub:              a.hub,
		Log:              opts.Log,
		StateDir:         filepath.Join(opts.Prefix, "engine", "state"),
		Exit:             a.exit,
		Noop:             opts.Noop,
		NoAutoedges:      opts.NoAutoedges,
		NoAutogroup:      opts.NoAutogroup,
		Sema:             opts.Sema,
		ConvergedTimeout: opts.ConvergedTimeout,
		Observe:          a.observe,
		Kinds:            opts.Kinds,
	})
	return a, nil
}

// Run runs the agent until ctx ends, which stops it in order, or until it ends by itself. It
// returns nil when it was stopped or converged.
func (a *Agent) Run(ctx context.Context) error {
	lock, err := lockPrefix(a.opts.Prefix)
	if err != nil {
		return err
	}
	defer lock.release()
	defer a.hub.Close()
	a.front = a.opts.Frontend(a.host)
	defer a.inspect()()
	if !a.opts.NoRaiseLimits && os.Geteuid() == 0 {
		if err := watch.RaiseLimits(); err != nil {
			a.opts.Log.Debug("the limits of file watches could not be raised", "error", err)
		}
	}
	ctx, a.cancel = context.WithCancelCause(ctx)
	defer a.cancel(nil)
	if a.opts.MaxRuntime > 0 {
		timer := time.AfterFunc(a.opts.MaxRuntime, func() { a.end(ErrMaxRuntime) })
		defer timer.Stop()
	}
	finish := a.accompany(ctx)
	err = a.run(ctx)
	if other := finish(); other != nil && !errors.Is(err, other) {
		err = errors.Join(err, other)
	}
	return err
}

// run runs the front end and the engine. The front end ends first, so that nothing new comes
// while the engine stops.
func (a *Agent) run(ctx context.Context) error {
	stopped := make(chan error, 1)
	engineCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	go func() { stopped <- a.engine.Run(engineCtx) }()
	front := make(chan error, 1)
	submit, finish := a.submit()
	frontCtx, stopFront := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stopFront(nil)
	defer context.AfterFunc(ctx, func() {
		a.opts.Companion.Stopping() // before what the program shares ends with it
		stopFront(context.Cause(ctx))
	})()
	go func() { front <- a.front.Run(frontCtx, submit) }()

	var frontErr error
	select {
	case <-ctx.Done():
		<-front
	case frontErr = <-front:
		if frontErr == nil && ctx.Err() == nil { // it has nothing more to say
			<-ctx.Done()
		}
	}
	why := context.Cause(ctx)
	if frontErr != nil && ctx.Err() == nil {
		why = frontErr
	}
	if errors.Is(why, errConverged) {
		why = a.unsettled(ctx)
	}
	a.opts.Companion.Stopping() // if the front end ended by itself
	finish()
	stopEngine()
	return errors.Join(verdict(why), <-stopped)
}

// submit returns what the front end hands its deltas to, and what to call when it has ended.
func (a *Agent) submit() (submit func(context.Context, resource.Delta) error, finish func()) {
	submit, finish = a.idle(a.engine.Submit), func() {}
	if a.opts.Graphviz != "" {
		p := newPainter(a.opts, a.engine)
		submit, finish = p.follow(submit), p.finish
	}
	if a.opts.FirstGraphOnly {
		submit = first(submit)
	}
	return submit, finish
}

// idle passes on deltas. The engine says nothing of a first graph that has no resources.
func (a *Agent) idle(submit func(context.Context, resource.Delta) error) func(context.Context, resource.Delta) error {
	return func(ctx context.Context, d resource.Delta) error {
		err := submit(ctx, d)
		if err == nil && len(d.Set) == 0 {
			a.opts.Companion.Settled()
		}
		return err
	}
}

// first passes on deltas until one is taken.
func first(submit func(context.Context, resource.Delta) error) func(context.Context, resource.Delta) error {
	taken := false
	return func(ctx context.Context, d resource.Delta) error {
		if taken {
			return nil
		}
		err := submit(ctx, d)
		taken = err == nil
		return err
	}
}

// unsettled returns ErrUnsettled if something is not as it should be.
func (a *Agent) unsettled(ctx context.Context) error {
	none := engine.Inquiry{Pick: func(*engine.Status) bool { return false }}
	s, err := a.engine.Inquire(context.WithoutCancel(ctx), none)
	if err == nil && s.Count(engine.StateFailed)+s.Count(engine.StateBlocked) > 0 {
		return fmt.Errorf("%w: %d failed, %d did not run because of those", ErrUnsettled, s.Count(engine.StateFailed), s.Count(engine.StateBlocked))
	}
	return nil
}

// verdict says whether the reason for the end of an agent is an error.
func verdict(why error) error {
	var exit *ExitError
	switch {
	case errors.Is(why, context.Canceled):
		return nil
	case errors.As(why, &exit) && exit.Status == 0:
		return nil
	}
	return why
}

// Interrupt makes an agent that is stopping hurry: level 2 ends the work that is under way, level
// 3 kills it.
func (a *Agent) Interrupt(level int) {
	a.engine.Interrupt(level)
	a.opts.Companion.Hurry()
}

// Inquire returns the state of the resources that an inquiry is about; the zero Inquiry is
// about all of them.
func (a *Agent) Inquire(ctx context.Context, q engine.Inquiry) (engine.Snapshot, error) {
	return a.engine.Inquire(ctx, q)
}

var errConverged = errors.New("converged")

// end stops the agent for a reason. The first one counts.
func (a *Agent) end(why error) { a.once.Do(func() { a.cancel(why) }) }

func (a *Agent) exit(status int) { a.end(&ExitError{status}) }

// observe acts on convergence and passes events on.
func (a *Agent) observe(e engine.Event) {
	if a.history != nil {
		a.history.Event(e)
	}
	if a.opts.Observe != nil {
		a.opts.Observe(e)
	}
	a.tell(e)
	if e.Kind == engine.Progress {
		a.rest(e.Total - e.Settled)
	}
	if e.Kind != engine.Converged {
		return
	}
	if a.opts.StatusFile != "" {
		a.writeStatus(e.Converged)
	}
	if e.Converged && a.opts.ConvergedExit {
		a.end(errConverged)
	}
}

// writeStatus appends to the status file. Lines are few, and they are to be there before the
// agent ends, so it is done on the spot.
func (a *Agent) writeStatus(converged bool) {
	a.statusMu.Lock()
	defer a.statusMu.Unlock()
	f, err := os.OpenFile(a.opts.StatusFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		a.opts.Log.Error("the converged status was not written", "error", err)
		return
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, converged); err != nil {
		a.opts.Log.Error("the converged status was not written", "error", err)
	}
}
