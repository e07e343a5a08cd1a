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
	return w.put(ctx, exportKey(w.opts.Host, key), data)
}

// Withdraw implements world.Exports.
func (w *World) Withdraw(ctx context.Context, key world.ExportKey) error {
	return w.remove(ctx, exportKey(w.opts.Host, key))
}

// Exported implements world.Exports. The keys of all hosts are read, without what they hold.
func (w *World) Exported(ctx context.Context) ([]world.ExportKey, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := w.client.Get(ctx, exportsPrefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return nil, fmt.Errorf("reading what this agent exports from the cluster: %w", err)
	}
	var out []world.ExportKey
	for _, kv := range resp.Kvs {
		to, rest, _ := strings.Cut(strings.TrimPrefix(string(kv.Key), exportsPrefix), "/")
		from, kind, name, ok := cutExport(rest)
		if ok && from == w.opts.Host {
			out = append(out, world.ExportKey{To: to, Kind: kind, Name: name})
		}
	}
	return out, nil
}

// cutExport reads what stands behind the host that a resource is exported to.
func cutExport(rest string) (from, kind, name string, ok bool) {
	from, rest, _ = strings.Cut(rest, "/")
	kind, name, ok = strings.Cut(rest, "/")
	return from, kind, name, ok
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
