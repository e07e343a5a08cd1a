package etcd

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"mgmt/world"
	"mgmt/world/worldtest"
)

// A store that was lost and has begun anew, or that is an older one, is read anew by agents that go
// on: nothing is missed until it has come to the revisions that they know.
func TestStoreBeginsAnew(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]string{"another cluster": "other", "the same but older": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			w := s.connect(t, Options{Host: "a", ID: "a", TTL: 2 * time.Second})
			kept, gone := world.ExportKey{To: "b", Kind: "file", Name: "/x"}, world.ExportKey{To: "b", Kind: "file", Name: "/y"}
			must(t, w.Export(t.Context(), kept, "1"))
			must(t, w.Export(t.Context(), gone, "1"))
			must(t, w.Withdraw(t.Context(), gone))
			for i := range 100 {
				must(t, w.SetValue(t.Context(), "n", fmt.Sprint(i)))
			}
			values := observe(t, func(ctx context.Context, emit func(map[string]string)) error {
				return w.WatchValues(ctx, "n", worldtest.Values(emit))
			})
			await(t, values, "its own value", func(m map[string]string) bool { return m["a"] == "99" })
			s.stop()
			s.dir, s.token = filepath.Join(t.TempDir(), "data"), token
			s.start(t)
			await(t, values, "nothing any more", func(m map[string]string) bool { return len(m) == 0 })
			_, err := s.client(t).Put(t.Context(), valueKey("n", "b"), "1")
			must(t, err)
			await(t, values, "what is set then", func(m map[string]string) bool { return m["b"] == "1" })
			exports := observe(t, func(ctx context.Context, emit func([]world.Export)) error {
				return New(s.client(t), Options{Host: "b"}).WatchExports(ctx, "file", emit)
			})
			await(t, exports, "what a exports", func(all []world.Export) bool {
				return slices.Equal(all, []world.Export{{Name: "/x", From: "a", Data: "1"}})
			})
		})
	}
}

// A server that lags behind is no other store.
func TestLaggingServerIsNoOtherStore(t *testing.T) {
	t.Parallel()
	s := serve(t)
	w := s.connect(t, Options{Host: "a", TTL: 2 * time.Second})
	must(t, w.SetString(t.Context(), "k", "1"))
	seen := observe(t, watchString(w, "k"))
	await(t, seen, "the value", is(Change{Value: "1", Exists: true}))
	resp, err := s.client(t).Get(t.Context(), "k")
	must(t, err)
	newest := w.tables.newest.Load()
	w.met(resp.Header)
	w.met(&pb.ResponseHeader{ClusterId: resp.Header.ClusterId, Revision: 1})
	if got := w.tables.newest.Load(); got < newest {
		t.Errorf("the newest revision is %d after a late answer, it was %d", got, newest)
	}
}
