package deploys

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"mgmt/deploy"
	"mgmt/frontend"
	"mgmt/frontend/empty"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// A run is a program that is running, or about to.
type run struct {
	manifest *deploy.Manifest
	cancel   context.CancelFunc
	inForce  chan struct{} // closed when the engine has taken its first graph
	ended    chan struct{} // closed when it has ended
	err      error         // why; to be read when it has ended

	mu      sync.Mutex // guards mistake
	mistake string     // the first one that it has reported
}

// stop ends a program, which may be nil, and waits for it.
func (r *run) stop() {
	if r != nil {
		r.cancel()
		<-r.ended
	}
}

// start runs a program until ctx ends, and returns when the program is in force. If the program
// ends before that, or wait does, it returns why.
func (f *Frontend) start(ctx, wait context.Context, g *gate, d *deploy.Delivery) (*run, error) {
	r := &run{manifest: &deploy.Manifest{}, inForce: make(chan struct{}), ended: make(chan struct{})}
	if d.Record != nil {
		r.manifest = &d.Manifest
	}
	inner, err := f.open(r, d)
	if err != nil {
		return nil, err
	}
	ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		defer close(r.ended)
		r.err = inner.Run(ctx, func(ctx context.Context, d resource.Delta) error { return g.pass(ctx, r, d) })
		select {
		case <-r.inForce:
			if ctx.Err() == nil && r.err != nil {
				f.opts.Log.Error(fmt.Sprintf("the program of deploy %d has ended; its last graph stays in force: %v", r.manifest.ID, r.err))
			}
		default:
		}
	}()
	select {
	case <-r.inForce:
		return r, nil
	case <-wait.Done():
	case <-r.ended:
	}
	r.stop()
	select {
	case <-r.inForce: // at the last moment, or before it ended
		return r, nil
	default:
	}
	if err := wait.Err(); err != nil {
		return nil, err
	}
	return nil, r.why()
}

// why returns why a program has ended before it was in force.
func (r *run) why() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(r.err, frontend.ErrRefused) && r.mistake != "" {
		return errors.New(r.mistake)
	}
	if r.err == nil {
		return errors.New("its program ended without a graph")
	}
	return r.err
}

// open makes the front end of a deploy.
func (f *Frontend) open(r *run, d *deploy.Delivery) (frontend.Frontend, error) {
	if d.Record == nil {
		return empty.Frontend{}, nil
	}
	report := func(files *syntax.Files, list syntax.Diagnostics) {
		f.opts.Report(files, list)
		r.note(files, list)
	}
	return open(r.manifest, d.Files, f.opts, report)
}

// note remembers the first mistake of a program in one line.
func (r *run) note(files *syntax.Files, list syntax.Diagnostics) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mistake == "" {
		r.mistake = frontend.Brief(files, list)
	}
}
