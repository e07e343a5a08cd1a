package etcd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world"
)

// Export implements world.Exports.
func (w *World) Export(ctx context.Context, key world.ExportKey, data string) error {
	if err := key.Check(); err != nil {
		return err
	}
	w.exporting.RLock()
	defer w.exporting.RUnlock()
	if err := w.export(ctx, key, data); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exports[key] = data
	return nil
}

// export stores an export and the note of it as one.
func (w *World) export(ctx context.Context, key world.ExportKey, data string) error {
	name, note := exportKey(w.opts.Host, key), exporterKey(w.opts.Host, key)
	ctx, cancel := finishing(ctx)
	defer cancel()
	err := insist(ctx, func(ctx context.Context) error {
		return w.fenced(ctx, name, clientv3.OpTxn(
			[]clientv3.Cmp{clientv3.Compare(clientv3.Value(name), "=", data), clientv3.Compare(clientv3.CreateRevision(note), ">", 0)},
			nil, []clientv3.Op{clientv3.OpPut(name, data), clientv3.OpPut(note, "")}))
	}, func(ctx context.Context) (bool, error) {
		_, noted, err := w.get(ctx, note)
		if err != nil || !noted {
			return false, err
		}
		return w.has(ctx, name, data)
	})
	if err != nil {
		return writeError(name, err)
	}
	return nil
}

// Withdraw implements world.Exports.
func (w *World) Withdraw(ctx context.Context, key world.ExportKey) error {
	w.exporting.RLock()
	defer w.exporting.RUnlock()
	w.mu.Lock()
	delete(w.exports, key)
	w.mu.Unlock()
	name, note := exportKey(w.opts.Host, key), exporterKey(w.opts.Host, key)
	ctx, cancel := finishing(ctx)
	defer cancel()
	err := insist(ctx, func(ctx context.Context) error {
		return w.fenced(ctx, name, clientv3.OpDelete(name), clientv3.OpDelete(note))
	}, func(ctx context.Context) (bool, error) { return w.lacks(ctx, note, name) })
	if err != nil {
		return removeError(name, err)
	}
	return nil
}

// Exported implements world.Exports. Only what this host has noted is read.
func (w *World) Exported(ctx context.Context) ([]world.ExportKey, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	prefix := exporterPrefix + w.opts.Host + "/"
	resp, err := w.client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return nil, fmt.Errorf("reading what this agent exports from the cluster: %w", err)
	}
	var out []world.ExportKey
	for _, kv := range resp.Kvs {
		to, kind, name, ok := cutExport(strings.TrimPrefix(string(kv.Key), prefix))
		if ok {
			out = append(out, world.ExportKey{To: to, Kind: kind, Name: name})
		}
	}
	return out, nil
}

// cutExport reads what stands behind the host that a resource is exported to, or by.
func cutExport(rest string) (host, kind, name string, ok bool) {
	host, rest, _ = strings.Cut(rest, "/")
	kind, name, ok = strings.Cut(rest, "/")
	return host, kind, name, ok
}

// WatchExports implements world.Exports. What is for this host and what is for all are two
// tables, which are followed side by side.
func (w *World) WatchExports(ctx context.Context, kind string, emit func([]world.Export)) error {
	ctx, cancel := context.WithCancel(ctx)
	changes := make(chan exportChange)
	ended := make(chan error, 2)
	targets := []string{world.Everyone, w.opts.Host}
	for i, to := range targets {
		go func() {
			ended <- w.tables.follow(ctx, span{exportsPrefix + to + "/", true}, func(d delta) {
				select {
				case changes <- exportChange{i, d}:
				case <-ctx.Done():
				}
			})
		}()
	}
	defer func() {
		cancel()
		for range targets {
			<-ended
		}
	}()
	view := exportView{kind: kind}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case c := <-changes:
			if view.take(c) {
				emit(view.list())
			}
		}
	}
}

// An exportChange is what changed of what is exported to one target.
type exportChange struct {
	target  int
	changed delta
}

// An exportView has the exports of one kind for a host: first those for all hosts, then those
// for this one.
type exportView struct {
	kind string
	data [2]map[world.Export]string // by name and origin
}

// take notes a change, and reports whether the view is to be told of: it is complete, and is
// not what it was.
func (v *exportView) take(c exportChange) bool {
	changed := v.data[c.target] == nil
	if changed {
		v.data[c.target] = map[world.Export]string{}
	}
	for rest, e := range c.changed {
		from, kind, name, ok := cutExport(rest)
		if !ok || kind != v.kind {
			continue
		}
		id := world.Export{Name: name, From: from}
		if e.Exists {
			v.data[c.target][id] = e.Value
		} else {
			delete(v.data[c.target], id)
		}
		changed = true
	}
	return changed && v.data[0] != nil && v.data[1] != nil
}

func (v *exportView) list() []world.Export {
	out := make([]world.Export, 0, len(v.data[0])+len(v.data[1]))
	for i, data := range v.data {
		for e, text := range data {
			if _, own := v.data[1][e]; own && i == 0 {
				continue
			}
			e.Data = text
			out = append(out, e)
		}
	}
	slices.SortFunc(out, world.Export.Compare)
	return out
}
