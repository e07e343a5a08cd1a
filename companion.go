package mgmt

import (
	"context"
	"errors"
	"time"

	"mgmt/engine"
)

// A Companion runs beside an agent and is told of its progress; what makes the agent part of a
// cluster is one. It outlives the engine, which may need what it serves until the end. Its
// methods other than Run must not block.
type Companion interface {
	// Run runs until ctx ends. An error before that ends the agent.
	Run(ctx context.Context) error
	// Settled is called when the engine has nothing to do. Converged is called with true when
	// that has been so for the converged timeout, and with false when it ceases to be so.
	Settled()
	Converged(converged bool)
	// Stopping is called when the agent is about to stop, before any part of it does. It may be
	// called more than once.
	Stopping()
	// Hurry is called when stopping should not wait for others.
	Hurry()
}

// An Outage is what a companion may tell of too: since when those with whom the agent shares are not
// reached, and why; nil if they are. It is asked at any time.
type Outage interface {
	Outage() (since time.Time, why error)
}

// Ailing is what a companion may tell of too: since when what the agent shares with others is not
// stored as it should be, though these are reached, and what ails it; nil if nothing does. It is
// asked at any time.
type Ailing interface {
	Ailment() (since time.Time, what error)
}

// alone is the companion of an agent without one.
type alone struct{}

func (alone) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
func (alone) Settled()       {}
func (alone) Converged(bool) {}
func (alone) Stopping()      {}
func (alone) Hurry()         {}

// accompany runs the companion. The function that it returns ends that, waits for it, and
// returns its error.
func (a *Agent) accompany(ctx context.Context) (finish func() error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := a.opts.Companion.Run(ctx)
		if err != nil && !errors.Is(err, context.Canceled) {
			a.end(err)
		}
		ended <- err
	}()
	return func() error {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}
}

// tell tells the companion of an event of the engine.
func (a *Agent) tell(e engine.Event) {
	switch {
	case e.Kind == engine.Progress && e.Settled == e.Total:
		a.opts.Companion.Settled()
	case e.Kind == engine.Converged:
		a.opts.Companion.Converged(e.Converged)
	}
}
