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
