package handover

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"

	"mgmt/world"
	"mgmt/world/mem"
)

func TestKeysMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := mem.New(), mem.New()
		put := func(s *mem.Store, values map[string]string) {
			_, err := s.Host("x").(world.Keyed).KV().Commit(t.Context(), world.Txn{Put: values})
			must(t, err)
		}
		put(one, map[string]string{"/a/both": "1", "/a/gone": "1", "/a/changed": "1"})
		put(two, map[string]string{"/a/both": "1", "/a/new": "1", "/a/changed": "2"})
		w := New("h", one.Host("h"))
		must(t, w.KV().Hold(t.Context(), "/held", "yes"))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var told []map[string]world.Change
		go w.KV().Follow(ctx, "/a/", func(c map[string]world.Change) { told = append(told, maps.Clone(c)) })
		synctest.Wait()
		must(t, w.Move(func() (world.World, error) { return two.Host("h"), nil }))
		synctest.Wait()
		want := map[string]world.Change{"/a/gone": {}, "/a/new": {Value: "1", Exists: true}, "/a/changed": {Value: "2", Exists: true}}
		if len(told) != 2 || !maps.Equal(told[1], want) {
			t.Errorf("it is told %v; the last is to be %v", told, want)
		}
		got, err := two.Host("x").(world.Keyed).KV().Get(t.Context(), "/held")
		must(t, err)
		if got["/held"] != "yes" {
			t.Error("what is held is not held after the move")
		}
		must(t, w.Move(func() (world.World, error) { return one.Host("h"), nil }))
		synctest.Wait()
		cancel()
		synctest.Wait()
	})
}
