package etcd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Forget deletes the keys that a host has left: what takes it for a part of the cluster, what it
// offers to be scheduled, and what it exports. Values that it shares stay: programs may need
// them. It returns how many there were.
func (w *World) Forget(ctx context.Context, host string) (int, error) {
	resp, err := w.client.Get(ctx, exportsPrefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return 0, readError(exportsPrefix, err)
	}
	ops := []clientv3.Op{
		clientv3.OpDelete(convergedPrefix + host),
		clientv3.OpDelete(namespace + "/nominated/" + host),
		clientv3.OpDelete(namespace + "/volunteer/" + host),
		clientv3.OpDelete(namespace + "/endpoints/" + host),
		clientv3.OpDelete(offersPrefix+host+"/", clientv3.WithPrefix()),
		clientv3.OpDelete(exporterPrefix+host+"/", clientv3.WithPrefix()),
	}
	for _, kv := range resp.Kvs {
		to := strings.SplitN(strings.TrimPrefix(string(kv.Key), exportsPrefix), "/", 3)
		if len(to) == 3 && to[1] == host {
			ops = append(ops, clientv3.OpDelete(string(kv.Key)))
		}
	}
	done, err := w.commit(ctx, ops)
	if err != nil {
		return 0, fmt.Errorf("forgetting %s: %w", host, err)
	}
	n := 0
	for _, r := range done {
		n += int(r.Deleted)
	}
	return n, nil
}

// commitBytes is how much is written at once at most, well within the limit of every etcd.
const commitBytes = 512 << 10

// portion returns how many of some operations to do at once.
func portion(ops []clientv3.Op) int {
	size := 0
	for i, op := range ops {
		if size += len(op.KeyBytes()) + len(op.ValueBytes()); i == adoptOps || i > 0 && size > commitBytes {
			return i
		}
	}
	return len(ops)
}

// commit does any number of operations, some at a time, and returns what was deleted.
func (w *World) commit(ctx context.Context, ops []clientv3.Op) ([]*clientv3.DeleteResponse, error) {
	var out []*clientv3.DeleteResponse
	for len(ops) > 0 {
		n := portion(ops)
		some := ops[:n]
		ops = ops[n:]
		ctx, cancel := context.WithTimeout(ctx, writeTimeout)
		resp, err := w.client.Txn(ctx).Then(some...).Commit()
		cancel()
		if err != nil {
			return out, err
		}
		for _, r := range resp.Responses {
			if d := r.GetResponseDeleteRange(); d != nil {
				out = append(out, (*clientv3.DeleteResponse)(d))
			}
		}
	}
	return out, nil
}

// own are the keys that are about the cluster itself, its hosts and their certificates.
var own = []string{
	convergedPrefix, alivePrefix, offersPrefix, electionPrefix,
	namespace + "/nominated/", namespace + "/volunteer/", namespace + "/endpoints/",
	namespace + "/chooser/", namespace + "/signer/", namespace + "/pki/",
}

// restored reports whether a key is one to restore.
func restored(key string) bool {
	about := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	return strings.HasPrefix(key, namespace+"/") && !slices.ContainsFunc(own, about)
}

// Restore makes what is shared be values, by key, and nothing else. Keys about the cluster itself
// stay as they are. It returns how many keys there are.
func (w *World) Restore(ctx context.Context, values map[string]string) (int, error) {
	resp, err := w.client.Get(ctx, namespace+"/", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return 0, readError(namespace, err)
	}
	var ops []clientv3.Op
	n := 0
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if restored(key) {
			ops = append(ops, clientv3.OpPut(key, values[key]))
			n++
		}
	}
	for _, kv := range resp.Kvs {
		if _, kept := values[string(kv.Key)]; !kept && kv.Lease == 0 && restored(string(kv.Key)) {
			ops = append(ops, clientv3.OpDelete(string(kv.Key)))
		}
	}
	if _, err := w.commit(ctx, ops); err != nil {
		return 0, fmt.Errorf("restoring: %w; what was written so far stays, and doing it again does the rest", err)
	}
	return n, nil
}
