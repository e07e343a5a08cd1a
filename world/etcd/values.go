package etcd

import (
	"context"
	"maps"
	"strings"
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
	var last Change
	emitted := false
	return w.tables.follow(ctx, span{key: stringsPrefix + key}, func(d delta) {
		e, ok := d[""]
		if !ok && emitted || emitted && e == last {
			return
		}
		last, emitted = e, true
		emit(e.Value, e.Exists)
	})
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
func (w *World) WatchValues(ctx context.Context, namespace string, emit func(map[string]string)) error {
	if err := checkKey(namespace); err != nil {
		return err
	}
	all, emitted := map[string]string{}, false
	return w.tables.follow(ctx, span{stringsPrefix + namespace + "/", true}, func(d delta) {
		changed := !emitted
		for host, e := range d {
			if strings.Contains(host, "/") {
				continue
			}
			old, had := all[host]
			changed = changed || had != e.Exists || old != e.Value
			if e.Exists {
				all[host] = e.Value
			} else {
				delete(all, host)
			}
		}
		if changed {
			emitted = true
			emit(maps.Clone(all))
		}
	})
}
