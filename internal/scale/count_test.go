package scale

import (
	"context"
	"fmt"
	"sync/atomic"

	"mgmt/world"
)

// A tally is the traffic between an agent and the store.
type tally struct {
	ops    atomic.Int64 // calls of the agent, of which a watch is one
	events atomic.Int64 // calls of a watch
	items  atomic.Int64 // values in those calls
}

// A traffic is a tally at a moment.
type traffic struct{ ops, events, items int64 }

func (t *tally) read() traffic { return traffic{t.ops.Load(), t.events.Load(), t.items.Load()} }

func (t traffic) minus(before traffic) traffic {
	return traffic{t.ops - before.ops, t.events - before.events, t.items - before.items}
}

func (t traffic) String() string {
	return fmt.Sprintf("%d operations, %d events of %d values", t.ops, t.events, t.items)
}

func (t *tally) event(items int) {
	t.events.Add(1)
	t.items.Add(int64(items))
}

// counted is a world that counts.
type counted struct {
	world.World
	*tally
}

func (w counted) GetString(ctx context.Context, key string) (string, bool, error) {
	w.ops.Add(1)
	return w.World.GetString(ctx, key)
}

func (w counted) SetString(ctx context.Context, key, value string) error {
	w.ops.Add(1)
	return w.World.SetString(ctx, key, value)
}

func (w counted) DeleteString(ctx context.Context, key string) error {
	w.ops.Add(1)
	return w.World.DeleteString(ctx, key)
}

func (w counted) WatchString(ctx context.Context, key string, emit func(string, bool)) error {
	w.ops.Add(1)
	return w.World.WatchString(ctx, key, func(value string, exists bool) {
		w.event(1)
		emit(value, exists)
	})
}

func (w counted) SetValue(ctx context.Context, namespace, value string) error {
	w.ops.Add(1)
	return w.World.SetValue(ctx, namespace, value)
}

func (w counted) DeleteValue(ctx context.Context, namespace string) error {
	w.ops.Add(1)
	return w.World.DeleteValue(ctx, namespace)
}

func (w counted) WatchValues(ctx context.Context, namespace string, emit func(map[string]world.Change)) error {
	w.ops.Add(1)
	return w.World.WatchValues(ctx, namespace, func(changed map[string]world.Change) {
		w.event(len(changed))
		emit(changed)
	})
}

func (w counted) Export(ctx context.Context, key world.ExportKey, data string) error {
	w.ops.Add(1)
	return w.World.Export(ctx, key, data)
}

func (w counted) Withdraw(ctx context.Context, key world.ExportKey) error {
	w.ops.Add(1)
	return w.World.Withdraw(ctx, key)
}

func (w counted) Exported(ctx context.Context) ([]world.ExportKey, error) {
	w.ops.Add(1)
	return w.World.Exported(ctx)
}

func (w counted) WatchExports(ctx context.Context, kind string, emit func([]world.Export)) error {
	w.ops.Add(1)
	return w.World.WatchExports(ctx, kind, func(list []world.Export) {
		w.event(len(list))
		emit(list)
	})
}

func (w counted) Offer(ctx context.Context, namespace string, opts world.ScheduleOptions) error {
	w.ops.Add(1)
	return w.World.Offer(ctx, namespace, opts)
}

func (w counted) GetOffer(ctx context.Context, namespace string) (world.ScheduleOptions, bool, error) {
	w.ops.Add(1)
	return w.World.GetOffer(ctx, namespace)
}

func (w counted) WatchOffer(ctx context.Context, namespace string, emit func(world.ScheduleOptions, bool)) error {
	w.ops.Add(1)
	return w.World.WatchOffer(ctx, namespace, func(opts world.ScheduleOptions, exists bool) {
		w.event(1)
		emit(opts, exists)
	})
}

func (w counted) WithdrawOffer(ctx context.Context, namespace string) error {
	w.ops.Add(1)
	return w.World.WithdrawOffer(ctx, namespace)
}

func (w counted) WatchSchedule(ctx context.Context, namespace string, emit func([]string)) error {
	w.ops.Add(1)
	return w.World.WatchSchedule(ctx, namespace, func(hosts []string) {
		w.event(len(hosts))
		emit(hosts)
	})
}

// KV implements world.Keyed, if the world does. What goes through it is not counted.
func (w counted) KV() world.KV { return w.World.(world.Keyed).KV() }
