package etcd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// own has the prefixes of keys about the cluster itself, its hosts and their certificates.
var own = []string{
	convergedPrefix, alivePrefix, fencePrefix, offersPrefix, electionPrefix,
	namespace + "/nominated/", namespace + "/volunteer/", namespace + "/endpoints/",
	namespace + "/chooser/", namespace + "/signer/", namespace + "/pki/",
}

// restored reports whether a key is to be restored.
func restored(key string) bool {
	about := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	return strings.HasPrefix(key, namespace+"/") && !slices.ContainsFunc(own, about)
}

// Restore replaces everything that is shared by values, which are by key. Keys about the cluster
// itself stay as they are. It returns how many keys were written.
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
