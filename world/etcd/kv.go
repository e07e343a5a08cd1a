package etcd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world"
)

// KV implements world.Keyed.
func (w *World) KV() world.KV { return keys{w} }

// keys is the store with the keys below the namespace.
type keys struct{ w *World }

// maxKeys is how many keys are read at once. A server takes so many operations in a transaction
// unless it is told otherwise.
const maxKeys = 128

// Get implements world.KV.
func (k keys) Get(ctx context.Context, names ...string) (map[string]string, error) {
	out := make(map[string]string, len(names))
	for part := range slices.Chunk(names, maxKeys) {
		if err := k.get(ctx, part, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (k keys) get(ctx context.Context, names []string, out map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	ops := make([]clientv3.Op, len(names))
	for i, name := range names {
		ops[i] = clientv3.OpGet(namespace + name)
	}
	resp, err := k.w.client.Txn(ctx).Then(ops...).Commit()
	if err != nil {
		return fmt.Errorf("reading %s of the cluster: %w", names[0], err)
	}
	for i, r := range resp.Responses {
		for _, kv := range r.GetResponseRange().Kvs {
			out[names[i]] = string(kv.Value)
		}
	}
	return nil
}

// List implements world.KV.
func (k keys) List(ctx context.Context, prefix string) (map[string]string, error) {
	all, _, err := k.w.tables.list(ctx, span{namespace + prefix, true})
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(all))
	for key, e := range all {
		out[prefix+key] = e.value
	}
	return out, nil
}

// Commit implements world.KV.
func (k keys) Commit(ctx context.Context, t world.Txn) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	var conditions []clientv3.Cmp
	for _, c := range t.If {
		conditions = append(conditions, compare(c))
	}
	var ops []clientv3.Op
	var names []string
	for key, value := range t.Put {
		ops, names = append(ops, clientv3.OpPut(namespace+key, value)), append(names, key)
	}
	for _, key := range t.Delete {
		ops, names = append(ops, clientv3.OpDelete(namespace+key)), append(names, key)
	}
	resp, err := k.w.client.Txn(ctx).If(conditions...).Then(ops...).Commit()
	if err != nil {
		return false, fmt.Errorf("writing %s to the cluster: %w", strings.Join(names[:min(len(names), 3)], ", "), err)
	}
	return resp.Succeeded, nil
}

// compare writes a condition as etcd has them. A key that does not exist has the version 0.
func compare(c world.Condition) clientv3.Cmp {
	key := namespace + c.Key
	switch {
	case c.Value != nil:
		return clientv3.Compare(clientv3.Value(key), "=", *c.Value)
	case c.Absent:
		return clientv3.Compare(clientv3.Version(key), "=", 0)
	}
	return clientv3.Compare(clientv3.Version(key), ">", 0)
}

// Follow implements world.KV.
func (k keys) Follow(ctx context.Context, prefix string, changed func(map[string]world.Change)) error {
	return k.w.tables.follow(ctx, span{namespace + prefix, true}, func(d delta) {
		out := make(map[string]world.Change, len(d))
		for key, e := range d {
			out[prefix+key] = world.Change{Value: e.value, Exists: e.exists}
		}
		changed(out)
	})
}

// Hold implements world.KV.
func (k keys) Hold(ctx context.Context, key, value string) error {
	return k.w.session.hold(ctx, namespace+key, value)
}
