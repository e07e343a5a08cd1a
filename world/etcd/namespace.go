package etcd

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world"
)

// Hold puts a key for as long as this agent is alive, and waits until the store has it. The key
// is one below the namespace.
func (w *World) Hold(ctx context.Context, key, value string) error {
	return w.session.hold(ctx, namespace+key, value)
}

// Drop deletes a key that was held, and waits until the store has done so.
func (w *World) Drop(ctx context.Context, key string) error {
	return w.session.drop(ctx, namespace+key)
}

// A Change is what a key has become.
type Change = world.Change

// Follow calls changed with all keys below a prefix, and then with those that change, until ctx
// ends. Keys are named by what stands behind the prefix.
func (w *World) Follow(ctx context.Context, prefix string, changed func(map[string]Change)) error {
	return w.tables.follow(ctx, span{namespace + prefix, true}, func(d delta) { changed(d) })
}

// List returns the values of all keys below some prefixes, as they were at one moment, by prefix
// and what stands behind it.
func (w *World) List(ctx context.Context, prefixes ...string) (map[string]map[string]string, error) {
	var ops []clientv3.Op
	for _, p := range prefixes {
		ops = append(ops, clientv3.OpGet(namespace+p, clientv3.WithPrefix()))
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := w.client.Txn(ctx).Then(ops...).Commit()
	if err != nil {
		return nil, readError(prefixes[0], err)
	}
	out := map[string]map[string]string{}
	for i, p := range prefixes {
		out[p] = map[string]string{}
		for _, kv := range resp.Responses[i].GetResponseRange().Kvs {
			out[p][string(kv.Key)[len(namespace)+len(p):]] = string(kv.Value)
		}
	}
	return out, nil
}

// Alive reports whether the agent of a host has a session.
func (w *World) Alive(ctx context.Context, host string) (bool, error) {
	_, alive, err := w.get(ctx, alivePrefix+host)
	return alive, err
}

// Put writes a key that does not end with this agent, unless it has the value.
func (w *World) Put(ctx context.Context, key, value string) error {
	return w.put(ctx, namespace+key, value)
}

// Delete deletes a key.
func (w *World) Delete(ctx context.Context, key string) error {
	return w.remove(ctx, namespace+key)
}
