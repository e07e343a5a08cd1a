package worldtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"

	"mgmt/world"
)

// kv returns the store below a world.
func kv(t *testing.T, w world.World) world.KV {
	t.Helper()
	k, ok := w.(world.Keyed)
	if !ok {
		t.Skip("this world has no plain keys")
	}
	return k.KV()
}

func commit(t *testing.T, store world.KV, txn world.Txn) bool {
	t.Helper()
	done, err := store.Commit(t.Context(), txn)
	must(t, err)
	return done
}

func testKeys(t *testing.T, w []world.World) {
	a, b := kv(t, w[0]), kv(t, w[1])
	all := map[string]string{}
	seen := follow(t, func(ctx context.Context, emit func(map[string]string)) error {
		return b.Follow(ctx, "/x/", func(changed map[string]world.Change) {
			world.Apply(all, changed)
			emit(maps.Clone(all))
		})
	})
	is := func(want map[string]string) func(map[string]string) bool {
		return func(got map[string]string) bool { return maps.Equal(got, want) }
	}
	want(t, seen, "nothing there", is(nil))
	commit(t, a, world.Txn{Put: map[string]string{"/x/1": "one", "/x/2": "\x00\xff", "/y": "elsewhere", "/x": "above"}})
	want(t, seen, "two keys", is(map[string]string{"/x/1": "one", "/x/2": "\x00\xff"}))
	commit(t, a, world.Txn{Put: map[string]string{"/x/2": ""}, Delete: []string{"/x/1", "/x/none"}})
	want(t, seen, "one changed, one deleted", is(map[string]string{"/x/2": ""}))
	must(t, a.Hold(t.Context(), "/x/held", "1"))
	want(t, seen, "held", is(map[string]string{"/x/2": "", "/x/held": "1"}))
	must(t, a.Hold(t.Context(), "/x/held", "2"))
	want(t, seen, "held with another value", is(map[string]string{"/x/2": "", "/x/held": "2"}))

	got, err := b.Get(t.Context(), "/x/2", "/x/none", "/y")
	if want := map[string]string{"/x/2": "", "/y": "elsewhere"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("Get: %q, %v; want %q", got, err, want)
	}
	got, err = b.List(t.Context(), "/x/")
	if want := map[string]string{"/x/2": "", "/x/held": "2"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("List: %q, %v; want %q", got, err, want)
	}
}

func testManyKeys(t *testing.T, w []world.World) {
	store := kv(t, w[0])
	all := map[string]string{}
	var names []string
	for range 10 {
		part := map[string]string{}
		for range 100 {
			key := "/many/" + strconv.Itoa(len(names))
			names = append(names, key)
			part[key] = key
		}
		maps.Copy(all, part)
		commit(t, store, world.Txn{Put: part})
	}
	if got, err := store.Get(t.Context(), names...); err != nil || !maps.Equal(got, all) {
		t.Errorf("Get: %d keys, %v; want %d", len(got), err, len(all))
	}
	asked := slices.Insert(slices.Clone(names), 500, "/many/none")
	if got, err := store.Missing(t.Context(), append(asked, "/none")...); err != nil || !slices.Equal(got, []string{"/many/none", "/none"}) {
		t.Errorf("Missing: %v, %v", got, err)
	}
	if got, err := store.List(t.Context(), "/many/"); err != nil || !maps.Equal(got, all) {
		t.Errorf("List: %d keys, %v; want %d", len(got), err, len(all))
	}
}

func testTransactions(t *testing.T, w []world.World) {
	store := kv(t, w[0])
	commit(t, store, world.Txn{Put: map[string]string{"/k": "v", "/empty": ""}})
	for _, c := range []struct {
		cond world.Condition
		want bool
	}{
		{world.Exists("/k"), true},
		{world.Exists("/none"), false},
		{world.Absent("/k"), false},
		{world.Absent("/none"), true},
		{world.Equals("/k", "v"), true},
		{world.Equals("/k", "w"), false},
		{world.Equals("/none", ""), false},
		{world.Equals("/empty", ""), true},
		{world.Absent("/empty"), false},
	} {
		key := fmt.Sprintf("/done%+v", c.cond)
		txn := world.Txn{If: []world.Condition{world.Exists("/k"), c.cond}, Put: map[string]string{key: ""}}
		if done := commit(t, store, txn); done != c.want {
			t.Errorf("with %+v it is done: %v; want %v", c.cond, done, c.want)
		}
		if got, err := store.Get(t.Context(), key); err != nil || (len(got) == 1) != c.want {
			t.Errorf("with %+v it has written %v, %v; want %v", c.cond, got, err, c.want)
		}
	}
}

// testRace counts from several sides at once; no step may be lost.
func testRace(t *testing.T, w []world.World) {
	const steps = 20
	commit(t, kv(t, w[0]), world.Txn{Put: map[string]string{"/n": "0"}})
	var group sync.WaitGroup
	for _, w := range w {
		store := kv(t, w)
		group.Go(func() {
			for n := 0; n < steps; {
				old, err := store.Get(t.Context(), "/n")
				if err != nil {
					t.Error(err)
					return
				}
				value, _ := strconv.Atoi(old["/n"])
				done, err := store.Commit(t.Context(), world.Txn{If: []world.Condition{world.Equals("/n", old["/n"])}, Put: map[string]string{"/n": strconv.Itoa(value + 1)}})
				if err != nil {
					t.Error(err)
					return
				}
				if done {
					n++
				}
			}
		})
	}
	group.Wait()
	if got, err := kv(t, w[0]).Get(t.Context(), "/n"); err != nil || got["/n"] != strconv.Itoa(steps*len(w)) {
		t.Errorf("counted to %q, %v; want %d", got["/n"], err, steps*len(w))
	}
}
