// Package handover implements package world by forwarding to another implementation, which can
// be replaced while it is in use: an agent starts alone, in memory, and becomes part of a cluster
// later, and its program does not notice.
//
// A [World] may also be without an implementation for the time being: its readers and writers then
// wait for one. That suits an agent that knows of a cluster but has not reached it yet.
package handover

import (
	"context"
	"maps"
	"slices"
	"sync"

	"mgmt/world"
)

// A World forwards all calls to the present implementation.
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
	here  context.Context // ends when another one takes its place
	leave context.CancelFunc
	calls sync.WaitGroup // calls under way that write
}

func newPlace(w world.World) *place {
	if w == nil {
		return nil
	}
	p := &place{World: w}
	p.here, p.leave = context.WithCancel(context.Background())
	return p
}

// New returns the world of a host. first may be nil if the implementation is yet to come.
func New(host string, first world.World) *World {
	return &World{host: host, now: newPlace(first), changed: make(chan struct{}), holding: make(chan struct{}, 1), held: map[string]string{}}
}

// Move replaces the present implementation by the one that next returns. Until then there is none:
// writers wait, so that next can carry over what is stored. If next fails, the present
// implementation stays.
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
		p.calls.Go(func() { w.holdAgain(p) })
	case before != nil:
		w.set(newPlace(before.World))
	}
	return err
}

// set changes the present implementation and returns the one before, whose watches end before
// anybody can write to the new one.
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

// present waits for an implementation, and counts a call of it; the caller says when that is done.
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
		p.calls.Done() // Move need not wait for it: it writes nothing that has to be carried over
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

// follow passes on what watch emits for the present implementation, if it differs from what was
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

// followChanges passes on the changes that watch tells of the present implementation, whose first
// call has everything that is there. What is known already is not passed on again.
func (w *World) followChanges(ctx context.Context, emit func(map[string]world.Change), watch func(context.Context, world.World, func(map[string]world.Change)) error) error {
	known, emitted := map[string]string{}, false
	return w.stay(ctx, func(ctx context.Context, p *place) error {
		first := true
		return watch(ctx, p.World, func(changed map[string]world.Change) {
			if p.here.Err() != nil {
				return
			}
			if first {
				addGone(changed, known)
				first = false
			}
			maps.DeleteFunc(changed, func(key string, c world.Change) bool {
				old, had := known[key]
				return had == c.Exists && old == c.Value
			})
			world.Apply(known, changed)
			if len(changed) > 0 || !emitted {
				emitted = true
				emit(changed)
			}
		})
	})
}

// addGone adds to a complete list the keys that are known and are not in it any more.
func addGone(list map[string]world.Change, known map[string]string) {
	for key := range known {
		if _, ok := list[key]; !ok {
			list[key] = world.Change{}
		}
	}
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
	return w.followChanges(ctx, emit, func(ctx context.Context, now world.World, tell func(map[string]world.Change)) error {
		return now.WatchValues(ctx, namespace, tell)
	})
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
