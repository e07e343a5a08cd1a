package etcd

import (
	"context"
	"maps"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world"
)

// A store may be lost and begin anew, or be what a backup had, while agents go on. Its revisions
// then are not those that they know: a watch from one that is still to come would tell of nothing
// until it has, and what was read is not what there is.

// met is told who renews the session. If that is another store than before, all is read anew.
func (w *World) met(h *pb.ResponseHeader) {
	w.mu.Lock()
	before := w.cluster
	w.cluster = h.ClusterId
	w.mu.Unlock()
	newest := w.tables.newest.Load()
	switch {
	case before == 0:
		return
	case before == h.ClusterId && (h.Revision >= newest || !w.behind(newest)): // the server may lag
		return
	}
	w.log.Warn("the store is another one than before, or older; all is read and written anew")
	w.seen.Store(0)
	w.tables.newest.Store(0)
	w.tables.reread()
	select {
	case w.another <- struct{}{}:
	default: // it is to be told already
	}
}

// exportAgain gives another store what this agent exports, until ctx ends. What hangs on the session
// is written by that, and values by whoever watches them.
func (w *World) exportAgain(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.another:
		}
		w.mu.Lock()
		keys := slices.Collect(maps.Keys(w.exports))
		w.mu.Unlock()
		for _, key := range keys {
			for w.exportOnceMore(ctx, key) != nil && ctx.Err() == nil {
				pause(ctx, retryMax)
			}
		}
	}
}

// exportOnceMore exports what has not been withdrawn meanwhile.
func (w *World) exportOnceMore(ctx context.Context, key world.ExportKey) error {
	w.exporting.Lock()
	defer w.exporting.Unlock()
	w.mu.Lock()
	data, ok := w.exports[key]
	w.mu.Unlock()
	if !ok {
		return nil
	}
	return w.export(ctx, key, data)
}

// behind reports whether the store, not just a server of it, has not come to a revision that there
// was.
func (w *World) behind(revision int64) bool {
	ctx, cancel := context.WithTimeout(context.Background(), requestLimit(w.opts.TTL))
	defer cancel()
	resp, err := w.client.Get(ctx, alivePrefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	return err == nil && resp.Header.Revision < revision
}
