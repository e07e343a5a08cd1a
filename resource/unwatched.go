package resource

import (
	"context"

	"mgmt/watch"
)

// Unwatched is embedded by kinds whose system is nothing but themselves, so that there is
// nothing to watch: it wakes once.
type Unwatched struct{}

// Watch implements [Resource].
func (Unwatched) Watch(ctx context.Context, wake func()) error {
	wake()
	<-ctx.Done()
	return nil
}

// Subscribe implements [Subscriber].
func (Unwatched) Subscribe(_ *watch.Hub, wake func()) (cancel func(), err error) {
	wake()
	return func() {}, nil
}

// Named is a resource that is told its name, as soon as it is made, because a parameter
// defaults to it.
type Named interface {
	SetName(name string)
}

// Declarer is a resource that others of its kind have to know of, whether it has run yet or
// not. Declare is called when it enters the graph, before anything of the same delta is
// opened or run, and with enter false when it leaves. It does no I/O and does not block;
// shared is that of [Env].
type Declarer interface {
	Declare(shared func(key any, make func() any) any, enter bool)
}
