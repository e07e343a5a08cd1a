package etcd

import (
	"context"
	"maps"
	"strings"

	"mgmt/world"
)

// GetString implements world.Strings.
func (w *World) GetString(ctx context.Context, key string) (string, bool, error) {
	if err := checkKey(key); err != nil {
		return "", false, err
	}
	return w.get(ctx, stringsPrefix+key)
}

// SetString implements world.Strings.
func (w *World) SetString(ctx context.Context, key, value string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return w.put(ctx, stringsPrefix+key, value)
}

// DeleteString implements world.Strings.
func (w *World) DeleteString(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return w.remove(ctx, stringsPrefix+key)
}

// WatchString implements world.Strings.
func (w *World) WatchString(ctx context.Context, key string, emit func(value string, exists bool)) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return w.watchKey(ctx, stringsPrefix+key, emit)
}

// watchKey tells what a key is, and each time that it changes.
func (w *World) watchKey(ctx context.Context, key string, emit func(value string, exists bool)) error {
	var last Change
	emitted := false
	return w.tables.follow(ctx, span{key: key}, func(d delta) {
		e, ok := d[""]
		if !ok && emitted || emitted && e == last {
			return
		}
		last, emitted = e, true
		emit(e.Value, e.Exists)
	})
}

// GetValue implements world.Exchange.
func (w *World) GetValue(ctx context.Context, namespace string) (string, bool, error) {
	if err := checkKey(namespace); err != nil {
		return "", false, err
	}
	return w.get(ctx, valueKey(namespace, w.opts.Host))
}

// SetValue implements world.Exchange.
func (w *World) SetValue(ctx context.Context, namespace, value string) error {
	if err := checkKey(namespace); err != nil {
		return err
	}
	return w.put(ctx, valueKey(namespace, w.opts.Host), value)
}

// DeleteValue implements world.Exchange.
func (w *World) DeleteValue(ctx context.Context, namespace string) error {
	if err := checkKey(namespace); err != nil {
		return err
	}
	return w.remove(ctx, valueKey(namespace, w.opts.Host))
}

// WatchValues implements world.Exchange. Keys further below belong to other namespaces.
func (w *World) WatchValues(ctx context.Context, namespace string, emit func(map[string]world.Change)) error {
	if err := checkKey(namespace); err != nil {
		return err
	}
	emitted := false
	return w.tables.follow(ctx, span{stringsPrefix + namespace + "/", true}, func(d delta) {
		maps.DeleteFunc(d, func(host string, _ Change) bool { return strings.Contains(host, "/") })
		if len(d) > 0 || !emitted {
			emitted = true
			emit(d)
		}
	})
}
