package cluster_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mgmt/cluster"
)

func TestSnapshotComesBack(t *testing.T) {
	t.Parallel()
	a := start(t, "a", nil)
	a.works()
	admin, w, ctx := a.admin(), a.node.World(), t.Context()
	put := func(key, value string) {
		t.Helper()
		if err := w.Put(ctx, "/strings/"+key, value); err != nil {
			t.Fatal(err)
		}
	}
	put("kept", "one")
	put("deleted", "before")
	if err := w.Delete(ctx, "/strings/deleted"); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "store.db")
	if _, err := admin.Snapshot(ctx, name); err != nil {
		t.Fatal(err)
	}
	put("kept", "two")
	put("added", "later")
	if _, err := admin.Restore(ctx, name); err != nil {
		t.Fatal(err)
	}
	all, err := w.List(ctx, "/strings/")
	if err != nil {
		t.Fatal(err)
	}
	got := all["/strings/"]
	delete(got, "works/a")
	if len(got) != 1 || got["kept"] != "one" {
		t.Errorf("the store has %v, want kept: one", got)
	}
	a.want("a") // and still is a cluster
	refuseDamaged(ctx, t, admin, name)
}

// refuseDamaged makes sure that a snapshot with one bit changed, or cut short, is refused.
func refuseDamaged(ctx context.Context, t *testing.T, admin *cluster.Admin, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]byte(nil), data...)
	changed[len(changed)/2] ^= 1
	for what, bad := range map[string][]byte{"changed": changed, "short": data[:len(data)-4096], "empty": nil} {
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := admin.Restore(ctx, name); !errors.Is(err, cluster.ErrNoSnapshot) {
			t.Errorf("a snapshot that is %s: %v", what, err)
		}
	}
}
