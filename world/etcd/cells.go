package etcd

import (
	"context"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Cells are single keys below a prefix that several hosts change, each by comparing and swapping.
type Cells struct {
	client *clientv3.Client
	prefix string
}

// NewCells returns the cells below a prefix of the namespace.
func NewCells(client *clientv3.Client, prefix string) Cells {
	return Cells{client, namespace + prefix}
}

// Get returns the value of a key and its version, which is 0 if there is no value.
func (c Cells) Get(ctx context.Context, key string) (value []byte, version int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := c.client.Get(ctx, c.prefix+key)
	if err != nil {
		return nil, 0, readError(c.prefix+key, err)
	}
	if len(resp.Kvs) == 0 {
		return nil, 0, nil
	}
	return resp.Kvs[0].Value, resp.Kvs[0].ModRevision, nil
}

// List returns the values of all keys with a prefix.
func (c Cells) List(ctx context.Context, prefix string) (map[string][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := c.client.Get(ctx, c.prefix+prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, readError(c.prefix+prefix, err)
	}
	out := make(map[string][]byte, len(resp.Kvs))
	for _, kv := range resp.Kvs {
		out[string(kv.Key)[len(c.prefix):]] = kv.Value
	}
	return out, nil
}

// Swap replaces the value of a key that has a version; nil deletes it. It reports false if the
// version is another one by now.
func (c Cells) Swap(ctx context.Context, key string, value []byte, version int64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	key = c.prefix + key
	op := clientv3.OpPut(key, string(value))
	if value == nil {
		op = clientv3.OpDelete(key)
	}
	resp, err := c.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(key), "=", version)).
		Then(op).
		Commit()
	if err != nil {
		return false, fmt.Errorf("writing %s to the cluster: %w", strings.TrimPrefix(key, namespace), Plain(err))
	}
	return resp.Succeeded, nil
}
