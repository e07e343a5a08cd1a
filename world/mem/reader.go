package mem

import (
	"context"
	"sync"

	"mgmt/world"
)

// A reader follows a part of the store. Changes are collected until it takes them.
type reader struct {
	pending map[string]world.Change
	wake    chan struct{} // has one when there is something to take
}

// newReader returns a reader that is woken once even if there is nothing to tell.
func newReader() *reader {
	r := &reader{pending: map[string]world.Change{}, wake: make(chan struct{}, 1)}
	r.wake <- struct{}{}
	return r
}

// tell adds a change. The caller has the lock of the store.
func (r *reader) tell(key string, c world.Change) {
	r.pending[key] = c
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run hands on all that there is, and then what changes, until ctx ends.
func (r *reader) run(ctx context.Context, store *sync.Mutex, changed func(map[string]world.Change)) error {
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.wake:
		}
		store.Lock()
		d := r.pending
		r.pending = map[string]world.Change{}
		store.Unlock()
		if first || len(d) > 0 { // it may have been taken before the wake came
			changed(d)
		}
	}
}
