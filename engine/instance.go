package engine

import (
	"context"
	"errors"
	"fmt"

	"mgmt/resource"
)

// errDeaf is the error of a watch that returned without an error or a word.
var errDeaf = errors.New("the watch ended before it was listening")

// startWatch begins to watch. With a nil ctx the first event tells the loop that the
// watch is listening. Otherwise startWatch itself waits for it, and it is no event.
func (i *instance) startWatch(e *Engine, ctx context.Context) error {
	w := &waker{box: &e.box, inst: i}
	var first chan struct{}
	if ctx != nil {
		first = make(chan struct{})
		w.first.Store(&first)
	}
	var ended <-chan struct{}
	if s, ok := i.res.(resource.Subscriber); ok {
		cancel, err := s.Subscribe(e.opts.Hub, w.wake)
		if err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		i.cancel = cancel
	} else {
		i.watch = runWatch(e, i, w)
		ended = i.watch.done
	}
	if ctx == nil {
		return nil
	}
	select {
	case <-first:
		return nil
	case <-ended:
		return i.watch.err
	case <-ctx.Done():
		w.first.Store(nil) // what comes later is an event
		return ctx.Err()
	}
}

// runWatch starts a watchdog.
func runWatch(e *Engine, i *instance, w *waker) *watchdog {
	ctx, cancel := context.WithCancel(context.Background())
	d := &watchdog{inst: i, cancel: cancel, done: make(chan struct{})}
	go func() {
		err := guard(func() error { return i.res.Watch(ctx, w.wake) })
		switch {
		case ctx.Err() != nil: // it was told to end
		case err != nil:
			d.err = i.secrets.Load().HideError(fmt.Errorf("watch: %w", err))
		case !w.heard.Load():
			d.err = errDeaf
		}
		cancel()
		close(d.done)
		e.box.call(func() { e.watchEnded(d) })
	}()
	return d
}

// endWatch stops the watch and waits until it has ended, or ctx.
func (i *instance) endWatch(ctx context.Context) error {
	if i.cancel != nil {
		i.cancel()
		i.cancel = nil
	}
	if i.watch == nil {
		return nil
	}
	i.watch.cancel()
	select {
	case <-i.watch.done:
		i.watch = nil
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends the subscription and closes the resource. The watch, if there is one, has
// ended.
func (i *instance) close() error {
	if i.cancel != nil {
		i.cancel()
		i.cancel = nil
	}
	if o, ok := i.res.(resource.Opener); ok {
		if err := o.Close(); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	}
	return nil
}

// watchEnded handles the end of a watch.
func (e *Engine) watchEnded(d *watchdog) {
	d.ended = true
	v := d.inst.vertex
	if d.err != nil && v.running() && v.inst == d.inst && v.job.cancel != nil {
		v.job.cancelled = true
		v.job.cancel()
	}
	e.heedWatch(v)
	e.touch(v)
}

// heedWatch counts the end of a watch that was not told to end as a failure, once its
// vertex has no job. It is started again as often as there are retries, and nothing is
// checked before it is listening.
func (e *Engine) heedWatch(v *vertex) {
	if v.spec == nil || v.job != nil || !v.applied || v.broken() == nil || v.inst.watch.failed {
		return
	}
	v.inst.watch.failed = true
	v.inst.up = false
	e.failWatch(v, v.inst.watch.err)
}
