package handover

import (
	"context"
	"errors"

	"mgmt/world"
)

// KV implements world.Keyed. Keys that are held are held in the next implementation too.
func (w *World) KV() world.KV { return keys{w} }

// errNoKV is the error of an implementation that has no plain keys.
var errNoKV = errors.New("what is shared is kept in a way that has no plain keys")

type keys struct{ *World }

// with calls f with the plain keys of the present implementation.
func (k keys) with(ctx context.Context, f func(world.KV) error) error {
	return k.once(ctx, func(now world.World) error {
		keyed, ok := now.(world.Keyed)
		if !ok {
			return errNoKV
		}
		return f(keyed.KV())
	})
}

// Get implements world.KV.
func (k keys) Get(ctx context.Context, names ...string) (values map[string]string, err error) {
	err = k.with(ctx, func(now world.KV) (err error) {
		values, err = now.Get(ctx, names...)
		return err
	})
	return values, err
}

// Missing implements world.KV.
func (k keys) Missing(ctx context.Context, names ...string) (missing []string, err error) {
	err = k.with(ctx, func(now world.KV) (err error) {
		missing, err = now.Missing(ctx, names...)
		return err
	})
	return missing, err
}

// List implements world.KV.
func (k keys) List(ctx context.Context, prefix string) (all map[string]string, err error) {
	err = k.with(ctx, func(now world.KV) (err error) {
		all, err = now.List(ctx, prefix)
		return err
	})
	return all, err
}

// Commit implements world.KV.
func (k keys) Commit(ctx context.Context, t world.Txn) (done bool, err error) {
	err = k.with(ctx, func(now world.KV) (err error) {
		done, err = now.Commit(ctx, t)
		return err
	})
	return done, err
}

// Follow implements world.KV. Of the next implementation it passes on what differs there.
func (k keys) Follow(ctx context.Context, prefix string, changed func(map[string]world.Change)) error {
	return k.followChanges(ctx, changed, func(ctx context.Context, now world.World, tell func(map[string]world.Change)) error {
		keyed, ok := now.(world.Keyed)
		if !ok {
			return errNoKV
		}
		return keyed.KV().Follow(ctx, prefix, tell)
	})
}

// Hold implements world.KV.
func (k keys) Hold(ctx context.Context, key, value string) error {
	if err := k.turn(ctx); err != nil {
		return err
	}
	defer k.done()
	k.held[key] = value
	return k.with(ctx, func(now world.KV) error { return now.Hold(ctx, key, value) })
}

// turn waits until nobody else holds a key, so that an older value does not come after a newer one.
func (w *World) turn(ctx context.Context) error {
	select {
	case w.holding <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *World) done() { <-w.holding }

// holdAgain holds, in the implementation that has come, what was held in the one before.
func (w *World) holdAgain(p *place) {
	keyed, ok := p.World.(world.Keyed)
	if !ok || w.turn(p.here) != nil {
		return
	}
	defer w.done()
	for key, value := range w.held {
		if keyed.KV().Hold(p.here, key, value) != nil {
			return // this implementation is being replaced as well
		}
	}
}
