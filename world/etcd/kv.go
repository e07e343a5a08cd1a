package etcd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
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
	err := k.each(ctx, names, func(name string, r *pb.RangeResponse) {
		for _, kv := range r.Kvs {
			out[name] = string(kv.Value)
		}
	})
	return out, err
}

// Missing implements world.KV.
func (k keys) Missing(ctx context.Context, names ...string) ([]string, error) {
	var out []string
	err := k.each(ctx, names, func(name string, r *pb.RangeResponse) {
		if r.Count == 0 {
			out = append(out, name)
		}
	}, clientv3.WithCountOnly())
	return out, err
}

// each reads keys, many at once.
func (k keys) each(ctx context.Context, names []string, got func(name string, r *pb.RangeResponse), opts ...clientv3.OpOption) error {
	for part := range slices.Chunk(names, maxKeys) {
		ops := make([]clientv3.Op, len(part))
		for i, name := range part {
			ops[i] = clientv3.OpGet(namespace+name, opts...)
		}
		resp, err := k.txn(ctx, clientv3.OpTxn(nil, ops, nil))
		if err != nil {
			return fmt.Errorf("reading %s of the cluster: %w", part[0], Plain(err))
		}
		for i, r := range resp.Responses {
			got(part[i], r.GetResponseRange())
		}
	}
	return nil
}

// txn carries out a transaction in a limited time.
func (k keys) txn(ctx context.Context, op clientv3.Op) (*clientv3.TxnResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := k.w.client.Do(ctx, op)
	if err != nil {
		return nil, err
	}
	return resp.Txn(), nil
}

// List implements world.KV.
func (k keys) List(ctx context.Context, prefix string) (map[string]string, error) {
	all, _, err := k.w.tables.list(ctx, span{namespace + prefix, true})
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(all))
	for key, e := range all {
		out[prefix+key] = e.Value
	}
	return out, nil
}

// Commit implements world.KV.
func (k keys) Commit(ctx context.Context, t world.Txn) (bool, error) {
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
	done, err := k.carryOut(ctx, t, clientv3.OpTxn(conditions, ops, nil))
	if err != nil {
		return false, fmt.Errorf("writing %s to the cluster: %w", strings.Join(names[:min(len(names), 3)], ", "), Plain(err))
	}
	return done, nil
}

// carryOut carries out a transaction. If there is no answer it is sent again, when that does no harm or
// its mark tells whether it has been carried out.
func (k keys) carryOut(ctx context.Context, t world.Txn, op clientv3.Op) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	send := func(ctx context.Context) error {
		resp, err := k.w.client.Do(ctx, op)
		if err == nil {
			done = resp.Txn().Succeeded
		}
		return err
	}
	repeats := repeatable(t)
	if !repeats && t.Mark == "" {
		return done, send(ctx)
	}
	asked := false
	err = patiently(ctx, answerLimit+sendTime(t), send, func(ctx context.Context) (bool, error) {
		asked = true
		if repeats { // whoever answers this knows who leads
			_, err := k.w.Revision(ctx)
			return false, err
		}
		landed, err := k.w.has(ctx, namespace+t.Mark, t.Put[t.Mark])
		done = done || landed
		return landed, err
	})
	if err == nil && !done && asked && !repeats { // the attempt before may have been carried out meanwhile
		done, err = k.w.has(ctx, namespace+t.Mark, t.Put[t.Mark])
	}
	return done, err
}

// sendBytes is how much of a large transaction is sent in a second at least.
const sendBytes = 256 << 10

// sendTime is how long it may take to send a transaction.
func sendTime(t world.Txn) time.Duration {
	size := 0
	for _, value := range t.Put {
		size += len(value)
	}
	return time.Duration(size) * time.Second / sendBytes
}

// Ails implements world.Ailing.
func (k keys) Ails(ctx context.Context) (what, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := k.w.client.AlarmList(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for alarms: %w", Plain(err))
	}
	for _, m := range resp.Alarms {
		if m.Alarm == pb.AlarmType_NOSPACE {
			return ErrFull, nil
		}
	}
	return nil, nil
}

// repeatable reports whether a transaction may be carried out twice: what it asks for holds still
// when it has been carried out.
func repeatable(t world.Txn) bool {
	for _, c := range t.If {
		value, put := t.Put[c.Key]
		holds := !put && !slices.Contains(t.Delete, c.Key)
		switch {
		case c.Value != nil:
			holds = holds || put && value == *c.Value
		case c.Absent:
			holds = holds || !put
		default:
			holds = holds || put
		}
		if !holds {
			return false
		}
	}
	return true
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
			out[prefix+key] = e
		}
		changed(out)
	})
}

// Hold implements world.KV.
func (k keys) Hold(ctx context.Context, key, value string) error {
	return k.w.session.hold(ctx, namespace+key, value)
}
