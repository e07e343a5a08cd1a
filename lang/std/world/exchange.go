package stdworld

import (
	"context"
	"errors"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
	"mgmt/world"
)

// exchange stores the value of this host and follows those of all hosts. When only the value of this
// host changes it goes on following, so that the change costs this host no more than the others.
func exchange(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	for {
		namespace, err := name(args)
		if err != nil {
			return err
		}
		x := &exchanger{host: call.Host, namespace: namespace, args: args, changes: call.Changes, gone: make(chan struct{}, 1)}
		if err := x.run(ctx, emit); err != errElsewhere {
			return err
		}
		args = x.args
	}
}

// An exchanger takes part in one namespace.
type exchanger struct {
	host      *funcs.Host
	namespace string
	args      []types.Value // the newest
	changes   <-chan []types.Value
	gone      chan struct{} // has one when the value of this host was deleted
}

// errElsewhere is why an exchanger ends: another namespace is wanted.
var errElsewhere = errors.New("the namespace has changed")

func (x *exchanger) run(ctx context.Context, emit func(types.Value, error)) error {
	err := x.store(ctx) // before the values are read, so that it is among them
	return both(ctx,
		func(ctx context.Context) error { return x.follow(ctx, emit) },
		func(ctx context.Context) error { return x.keep(ctx, err) })
}

// follow emits the values of all hosts. A value of this host that is gone, with an older store that came
// back or at the hand of somebody, is to be stored again.
func (x *exchanger) follow(ctx context.Context, emit func(types.Value, error)) error {
	all := types.NewMap(nil)
	return x.host.World.WatchValues(ctx, x.namespace, func(changed map[string]world.Change) {
		if own, ok := changed[x.host.World.Host()]; ok && !own.Exists {
			select {
			case x.gone <- struct{}{}:
			default: // it is known already
			}
		}
		all = withChanges(all, changed)
		emit(all, nil)
	})
}

// store stores the value of this host.
func (x *exchanger) store(ctx context.Context) error {
	return x.host.World.SetValue(ctx, x.namespace, string(x.args[1].(types.Str)))
}

// The delays between attempts to store a value.
const (
	retryMin = 100 * time.Millisecond
	retryMax = 10 * time.Second
)

// keep stores the value each time it changes or is gone, and tries again as long as it could not be stored; err
// is the outcome of the first attempt. A store that is unreachable or busy is no reason to stop a
// program.
func (x *exchanger) keep(ctx context.Context, err error) error {
	for delay := retryMin; ; err = x.store(ctx) {
		var again <-chan time.Time
		if err == nil {
			delay = retryMin
		} else if ctx.Err() == nil {
			if x.host.Log != nil {
				x.host.Log.Warn("the value that this host exchanges is not stored yet", "namespace", x.namespace, "error", err)
			}
			again = time.After(delay)
			delay = min(2*delay, retryMax)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again:
		case <-x.gone:
		case x.args = <-x.changes:
			if namespace, _ := name(x.args); namespace != x.namespace {
				return errElsewhere
			}
		}
	}
}
