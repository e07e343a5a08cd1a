package etcd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world"
)

// Adopt writes what was shared elsewhere. The store has to be empty.
func (w *World) Adopt(ctx context.Context, d world.Dump) error {
	var ops []clientv3.Op
	put := func(key, value string) { ops = append(ops, clientv3.OpPut(key, value)) }
	for key, value := range d.Strings {
		put(stringsPrefix+key, value)
	}
	for namespace, values := range d.Values {
		for host, value := range values {
			put(valueKey(namespace, host), value)
		}
	}
	for host, exports := range d.Exports {
		for key, data := range exports {
			put(exportKey(host, key), data)
			put(exporterKey(host, key), "")
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(d.Schedules)) {
		put(schedulePrefix+namespace, strings.Join(d.Schedules[namespace], ","))
	}
	for namespace, offers := range d.Offers {
		for host, opts := range offers {
			put(offerKey(host, namespace), encodeOptions(opts))
		}
	}
	if _, err := w.commit(ctx, ops); err != nil {
		return fmt.Errorf("carrying what is shared over to the cluster: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.exports, d.Exports[w.opts.Host])
	return nil
}
