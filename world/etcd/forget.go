package etcd

import (
	"context"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Forget deletes the keys that a host has left behind: those that make it a part of the cluster,
// its offers to the scheduler, and what it exports. The values that it shares stay, since programs
// may need them. It returns how many keys it deleted.
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
