// Package handover implements package world by forwarding to another implementation, which can
// be replaced while it is in use: an agent starts alone, in memory, and becomes part of a cluster
// later, and its program does not notice.
//
// A [World] may also be without an implementation for the time being: its readers and writers then
// wait for one. That suits an agent that knows of a cluster but has not reached it yet.
package handover

import (
	"context"
	"slices"
	"sync"

	"mgmt/world"
)

// A World hands all calls to the present implementation.
type World struct {
	host   string
	moving sync.Mutex // held by Move

	mu      sync.Mutex    // guards what follows
	now     *place        // nil if there is none
	changed chan struct{} // closed when now changes

	holding chan struct{}     // has one while somebody reads or changes held
	held    map[string]string // keys that go when this agent does
}

// A place is an implementation for as long as it is the present one.
type place struct {
	world.World
	here  context.Context // ends when it is not any more
	leave context.CancelFunc
	calls sync.WaitGroup // calls that write, under way
}

func newPlace(w world.World) *place {
	if w == nil {
		return nil
	}
	p := &place{World: w}
	p.here, p.leave = context.WithCancel(context.Background())
	return p
}

// New returns the world of a host. first may be nil, for one that is about to come.
func New(host string, first world.World) *World {
	return &World{host: host, now: newPlace(first), changed: make(chan struct{}), holding: make(chan struct{}, 1), held: map[string]string{}}
}

// Move makes the implementation that next returns the present one. Meanwhile there is none: what
// is written waits, so that next can carry over what is stored. If next fails, all is as before.
func (w *World) Move(next func() (world.World, error)) error {
	w.moving.Lock()
	defer w.moving.Unlock()
	before := w.set(nil)
	if before != nil {
		before.calls.Wait()
	}
	to, err := next()
	switch {
	case err == nil:
		p := newPlace(to)
		w.set(p)
		go w.holdAgain(p)
	case before != nil:
		w.set(newPlace(before.World))
	}
	return err
}

// set changes the present implementation and returns the one before. That has ended for all
// who watch it before anything changes there.
func (w *World) set(to *place) (before *place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, w.now = w.now, to
	if before != nil {
		before.leave()
	}
	close(w.changed)
	w.changed = make(chan struct{})
	return before
}

// present waits for an implementation, and counts a call that the caller has to end.
func (w *World) present(ctx context.Context) (*place, error) {
	for {
		w.mu.Lock()
		now, changed := w.now, w.changed
		if now != nil {
			now.calls.Add(1)
		}
		w.mu.Unlock()
		if now != nil {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// once calls f with the present implementation.
func (w *World) once(ctx context.Context, f func(world.World) error) error {
	p, err := w.present(ctx)
	if err != nil {
		return err
	}
	defer p.calls.Done()
	return f(p.World)
}

// stay calls f with the present implementation, and with the next one when that has come, until
// ctx ends or f returns by itself. The context of f ends when its implementation goes.
func (w *World) stay(ctx context.Context, f func(context.Context, *place) error) error {
	for {
		p, err := w.present(ctx)
		if err != nil {
			return err
		}
		p.calls.Done() // it ends with the place, and nothing is lost with it
		here, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(p.here, cancel)
		err = f(here, p)
		stop()
		cancel()
		if ctx.Err() != nil || p.here.Err() == nil {
			return err
		}
	}
}

// follow passes on what watch tells of the present implementation, if it differs from what was
// passed on last.
func follow[T any](ctx context.Context, w *World, emit func(T), equal func(a, b T) bool, clone func(T) T, watch func(context.Context, world.World, func(T)) error) error {
	var last T
	emitted := false
	return w.stay(ctx, func(ctx context.Context, p *place) error {
		return watch(ctx, p.World, func(v T) {
			if p.here.Err() != nil || emitted && equal(v, last) {
				return
			}
			last, emitted = clone(v), true
			emit(v)
		})
	})
}

// Host implements world.World.
func (w *World) Host() string { return w.host }

// GetString implements world.Strings.
func (w *World) GetString(ctx context.Context, key string) (value string, exists bool, err error) {
	err = w.once(ctx, func(now world.World) (err error) {
		value, exists, err = now.GetString(ctx, key)
		return err
	})
	return value, exists, err
}

// SetString implements world.Strings.
func (w *World) SetString(ctx context.Context, key, value string) error {
	return w.once(ctx, func(now world.World) error { return now.SetString(ctx, key, value) })
}

// DeleteString implements world.Strings.
func (w *World) DeleteString(ctx context.Context, key string) error {
	return w.once(ctx, func(now world.World) error { return now.DeleteString(ctx, key) })
}

// WatchString implements world.Strings.
func (w *World) WatchString(ctx context.Context, key string, emit func(value string, exists bool)) error {
	type state struct {
		value  string
		exists bool
	}
	same := func(a, b state) bool { return a == b }
	return follow(ctx, w, func(s state) { emit(s.value, s.exists) }, same, func(s state) state { return s },
		func(ctx context.Context, now world.World, tell func(state)) error {
			return now.WatchString(ctx, key, func(value string, exists bool) { tell(state{value, exists}) })
		})
}

// GetValue implements world.Exchange.
func (w *World) GetValue(ctx context.Context, namespace string) (value string, exists bool, err error) {
	err = w.once(ctx, func(now world.World) (err error) {
		value, exists, err = now.GetValue(ctx, namespace)
		return err
	})
	return value, exists, err
}

// SetValue implements world.Exchange.
func (w *World) SetValue(ctx context.Context, namespace, value string) error {
	return w.once(ctx, func(now world.World) error { return now.SetValue(ctx, namespace, value) })
}

// DeleteValue implements world.Exchange.
func (w *World) DeleteValue(ctx context.Context, namespace string) error {
	return w.once(ctx, func(now world.World) error { return now.DeleteValue(ctx, namespace) })
}

// WatchValues implements world.Exchange. Of an implementation that comes later it passes on what
// differs there.
func (w *World) WatchValues(ctx context.Context, namespace string, emit func(map[string]world.Change)) error {
	all, emitted := map[string]string{}, false
	return w.stay(ctx, func(ctx context.Context, p *place) error {
		first := true
		return p.WatchValues(ctx, namespace, func(changed map[string]world.Change) {
			if p.here.Err() != nil {
				return
			}
			if first {
				addGone(changed, all)
				first = false
			}
			news := apply(all, changed)
			if len(news) > 0 || !emitted {
				emitted = true
				emit(news)
			}
		})
	})
}

// addGone adds to a complete list of values those that it does not have any more.
func addGone(list map[string]world.Change, before map[string]string) {
	for host := range before {
		if _, ok := list[host]; !ok {
			list[host] = world.Change{}
		}
	}
}

// apply makes changes, and returns them without those that change nothing.
func apply(all map[string]string, changed map[string]world.Change) map[string]world.Change {
	for host, c := range changed {
		old, had := all[host]
		switch {
		case had == c.Exists && old == c.Value:
			delete(changed, host)
		case c.Exists:
			all[host] = c.Value
		default:
			delete(all, host)
		}
	}
	return changed
}

// Export implements world.Exports.
func (w *World) Export(ctx context.Context, key world.ExportKey, data string) error {
	return w.once(ctx, func(now world.World) error { return now.Export(ctx, key, data) })
}

// Withdraw implements world.Exports.
func (w *World) Withdraw(ctx context.Context, key world.ExportKey) error {
	return w.once(ctx, func(now world.World) error { return now.Withdraw(ctx, key) })
}

// Exported implements world.Exports.
func (w *World) Exported(ctx context.Context) (keys []world.ExportKey, err error) {
	err = w.once(ctx, func(now world.World) (err error) {
		keys, err = now.Exported(ctx)
		return err
	})
	return keys, err
}

// WatchExports implements world.Exports.
func (w *World) WatchExports(ctx context.Context, kind string, emit func([]world.Export)) error {
	return follow(ctx, w, emit, slices.Equal[[]world.Export], slices.Clone[[]world.Export],
		func(ctx context.Context, now world.World, tell func([]world.Export)) error {
			return now.WatchExports(ctx, kind, tell)
		})
}

// Offer implements world.Scheduler.
func (w *World) Offer(ctx context.Context, namespace string, opts world.ScheduleOptions) error {
	return w.stay(ctx, func(ctx context.Context, p *place) error { return p.Offer(ctx, namespace, opts) })
}

// An offered is what a host offers.
type offered struct {
	opts   world.ScheduleOptions
	exists bool
}

// GetOffer implements world.Scheduler.
func (w *World) GetOffer(ctx context.Context, namespace string) (opts world.ScheduleOptions, exists bool, err error) {
	err = w.once(ctx, func(now world.World) (err error) {
		opts, exists, err = now.GetOffer(ctx, namespace)
		return err
	})
	return opts, exists, err
}

// WatchOffer implements world.Scheduler.
func (w *World) WatchOffer(ctx context.Context, namespace string, emit func(world.ScheduleOptions, bool)) error {
	same := func(a, b offered) bool { return a == b }
	return follow(ctx, w, func(o offered) { emit(o.opts, o.exists) }, same, func(o offered) offered { return o },
		func(ctx context.Context, now world.World, tell func(offered)) error {
			return now.WatchOffer(ctx, namespace, func(opts world.ScheduleOptions, exists bool) { tell(offered{opts, exists}) })
		})
}

// WithdrawOffer implements world.Scheduler.
func (w *World) WithdrawOffer(ctx context.Context, namespace string) error {
	return w.once(ctx, func(now world.World) error { return now.WithdrawOffer(ctx, namespace) })
}

// WatchSchedule implements world.Scheduler.
func (w *World) WatchSchedule(ctx context.Context, namespace string, emit func([]string)) error {
	return follow(ctx, w, emit, slices.Equal[[]string], slices.Clone[[]string],
		func(ctx context.Context, now world.World, tell func([]string)) error {
			return now.WatchSchedule(ctx, namespace, tell)
		})
}
