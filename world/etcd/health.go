package etcd

import (
	"context"
	"time"

	"google.golang.org/grpc/connectivity"
)

// Health says how an agent stands to its cluster.
type Health struct {
	Connected bool
	Since     time.Time
	Err       error // why it is not connected
}

// Health returns how the agent stands to its cluster.
func (w *World) Health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.health
}

// report is told how it went to renew the session, or that it would not go well. OnHealth hears of
// that in the same order.
func (w *World) report(err error) {
	if late(err) {
		err = w.why()
	}
	w.telling.Lock()
	defer w.telling.Unlock()
	w.mu.Lock()
	h := Health{Connected: err == nil, Since: time.Now(), Err: err}
	changed := h.Connected != w.health.Connected
	if !changed {
		h.Since = w.health.Since
		changed = err != nil && (w.health.Err == nil || w.health.Err.Error() != err.Error())
	}
	w.health = h
	w.mu.Unlock()
	if changed && w.opts.OnHealth != nil {
		w.opts.OnHealth(h)
	}
}

// whyLimit is how long it may take to find out why the store is not reached.
const whyLimit = time.Second

// why returns why the store does not do what it is asked.
func (w *World) why() error {
	ctx, cancel := context.WithTimeout(context.Background(), whyLimit)
	defer cancel()
	return Plain(Why(ctx, w.client))
}

// watchConnection tells at once when no server can be reached, and when one can be again, rather
// than when the session is to be renewed next.
func (w *World) watchConnection(ctx context.Context) {
	conn := w.client.ActiveConnection()
	for state := conn.GetState(); ; state = conn.GetState() {
		switch {
		case state == connectivity.TransientFailure:
			w.doubt(ctx)
		case state == connectivity.Ready && !w.Health().Connected:
			w.session.renewSoon()
		}
		if !conn.WaitForStateChange(ctx, state) {
			return
		}
	}
}

// doubt reports why no server is reached, if that is so still.
func (w *World) doubt(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, whyLimit)
	defer cancel()
	if err := Reason(ctx, w.client); err != nil && ctx.Err() == nil {
		w.report(Plain(err))
	}
}
