package mem

import (
	"context"
	"maps"
	"slices"

	"mgmt/world"
)

// Export implements world.Exports.
func (v *view) Export(_ context.Context, key world.ExportKey, data string) error {
	if err := key.Check(); err != nil {
		return err
	}
	v.store.change(func() {
		if v.store.exports[v.host] == nil {
			v.store.exports[v.host] = map[world.ExportKey]string{}
		}
		v.store.exports[v.host][key] = data
	})
	return nil
}

// Withdraw implements world.Exports.
func (v *view) Withdraw(_ context.Context, key world.ExportKey) error {
	v.store.change(func() { delete(v.store.exports[v.host], key) })
	return nil
}

// Exported implements world.Exports.
func (v *view) Exported(context.Context) ([]world.ExportKey, error) {
	v.store.mu.Lock()
	defer v.store.mu.Unlock()
	return slices.Collect(maps.Keys(v.store.exports[v.host])), nil
}

// WatchExports implements world.Exports.
func (v *view) WatchExports(ctx context.Context, kind string, emit func([]world.Export)) error {
	var last []world.Export
	emitted := false
	return v.store.watch(ctx, func() {
		v.store.mu.Lock()
		list := v.store.exportsFor(v.host, kind)
		v.store.mu.Unlock()
		if !emitted || !slices.Equal(last, list) {
			last, emitted = slices.Clone(list), true
			emit(list)
		}
	})
}

// exportsFor lists the resources of a kind that are meant for a host.
func (s *Store) exportsFor(host, kind string) []world.Export {
	var out []world.Export
	for from, all := range s.exports {
		for key, data := range all {
			if key.Kind != kind || key.To != host && key.To != world.Everyone {
				continue
			}
			own := key
			own.To = host
			if _, ok := all[own]; ok && key.To == world.Everyone {
				continue
			}
			out = append(out, world.Export{Name: key.Name, From: from, Data: data})
		}
	}
	slices.SortFunc(out, world.Export.Compare)
	return out
}
