package etcd

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// How much is written in one transaction at most, well within the limits of every etcd.
const (
	commitOps   = 100
	commitBytes = 512 << 10
)

// portion returns how many of the first operations go into one transaction.
func portion(ops []clientv3.Op) int {
	size := 0
	for i, op := range ops {
		if size += len(op.KeyBytes()) + len(op.ValueBytes()); i == commitOps || i > 0 && size > commitBytes {
			return i
		}
	}
	return len(ops)
}

// commit carries out any number of operations in several transactions, and returns what was deleted.
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
