package mgmt_test

import (
	"context"
	"errors"
	"testing"

	"mgmt"
	"mgmt/frontend"
	"mgmt/lang/funcs"
	"mgmt/resource"
)

// A leader is a companion that waits to be told that the agent stops.
type leader struct{ stopping chan struct{} }

func (l leader) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
func (leader) Settled()       {}
func (leader) Converged(bool) {}
func (leader) Hurry()         {}
func (l leader) Stopping() {
	select {
	case <-l.stopping:
	default:
		close(l.stopping)
	}
}

// A follower is a front end that says whether its context ended before the companion knew.
type follower struct {
	leader leader
	begun  func()
	early  *bool
}

func (f follower) Run(ctx context.Context, _ func(context.Context, resource.Delta) error) error {
	f.begun()
	<-ctx.Done()
	select {
	case <-f.leader.stopping:
	default:
		*f.early = true
	}
	return ctx.Err()
}

// What takes an agent into a cluster knows that it stops before what the program shares ends.
func TestCompanionKnowsFirst(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("it does not end"))
	defer cancel()
	early, l := false, leader{make(chan struct{})}
	opts := options(t, "")
	opts.ConvergedExit, opts.Companion = false, l
	opts.Frontend = func(*funcs.Host) frontend.Frontend { return follower{l, cancel, &early} }
	a, err := mgmt.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if early {
		t.Error("the front end ended before the companion knew")
	}
}
