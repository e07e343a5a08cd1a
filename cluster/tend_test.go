package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mgmt/cluster"
	"mgmt/cluster/pki"
	"mgmt/world"
	"mgmt/world/etcd"
)

// standing returns how it stands with the cluster of a host.
func (h *host) standing() (*cluster.Standing, error) {
	admin, err := cluster.AdminAt(etcd.Way{}, h.opts.ClientURLs, pki.Dir(h.t.TempDir()))
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return admin.Standing(ctx)
}

// set writes a value of 100 KiB.
func (h *host) set(key string, i int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return h.node.World().SetString(ctx, key, strings.Repeat(fmt.Sprintf("%08d", i), 100<<10/8))
}

// A cluster whose store is small takes far more than fits, as long as what is there at a time does.
// When it does not, the leader says who needs the room, and makes it when something is removed.
func TestTheLeaderMakesRoom(t *testing.T) {
	t.Parallel()
	const quota = 4 << 20
	var tidied atomic.Int64
	change := func(o *cluster.Options) {
		o.Quota = quota
		o.Tidy = func(context.Context, world.KV) (int, error) { return int(tidied.Add(1)), nil }
	}
	a := start(t, "a", change).ready()
	b := start(t, "b", change, a).ready()
	c := start(t, "c", change, a).ready()
	a.want("a b c")
	for i := range 100 { // 10 MiB, of which the history is all but one
		eventually(t, "a store takes a value whose history fills it", func() bool {
			err := b.set("x", i)
			if err != nil && !errors.Is(err, etcd.ErrFull) {
				t.Logf("value %d: %v", i, err)
			}
			return err == nil
		})
	}
	eventually(t, "room after all that", func() bool {
		s, err := c.standing()
		if err != nil || len(s.Alarms) > 0 || len(s.Members) != 3 {
			return false
		}
		leader := slices.IndexFunc(s.Members, func(m cluster.Member) bool { return m.State == cluster.Leads })
		return leader >= 0 && s.Members[leader].Size < quota*8/10 // who leads looks at its own first
	})
	if tidied.Load() == 0 {
		t.Error("what nobody needs was not removed")
	}
	ailing := func() string {
		for _, h := range []*host{a, b, c} {
			if what := h.node.Ailment(); what != nil && strings.Contains(what.Err.Error(), "is full") {
				return what.Err.Error()
			}
		}
		return ""
	}
	written := 0
	eventually(t, "the leader says that it is full", func() bool {
		if b.set(fmt.Sprint("y", written), 0) == nil {
			written++
		}
		return ailing() != ""
	})
	if text := ailing(); !strings.Contains(text, "it has shared values ") || strings.Count(text, "of 4.0 MiB") != 3 {
		t.Errorf("it says %s", text)
	}
	s, err := c.standing()
	if err != nil || len(s.Alarms) != 1 || len(s.Uses) == 0 || s.Uses[0].What != "shared values" || s.Uses[0].Bytes < quota/2 {
		t.Errorf("the cluster says %+v, %v", s, err)
	}
	for i := range written {
		if err := b.node.World().DeleteString(t.Context(), fmt.Sprint("y", i)); err != nil {
			t.Fatalf("removing from a full store: %v", err)
		}
	}
	a.works()
	eventually(t, "nothing ails it any more", func() bool { return ailing() == "" })
	if got, _, err := c.node.World().GetString(t.Context(), "x"); err != nil || !strings.HasPrefix(got, "00000099") {
		t.Errorf("the value that was acknowledged last is %.8s, %v", got, err)
	}
}

// The host that leads makes room, though it may not deploy: it runs a server.
func TestALeaderWithoutRolesMakesRoom(t *testing.T) {
	t.Parallel()
	tidied := make(chan error, 100)
	small := func(more func(*cluster.Options), tidy cluster.Tidier) func(*cluster.Options) {
		return func(o *cluster.Options) {
			o.Quota, o.Tidy = 2<<20, tidy
			more(o)
		}
	}
	a := start(t, "a", small(secure(t), nil)).ready()
	start(t, "b", small(invited(t, a.token(1)), func(ctx context.Context, store world.KV) (int, error) {
		_, err := store.List(ctx, "/deployed/")
		if err == nil {
			_, err = store.Commit(ctx, world.Txn{Delete: []string{"/deploy/1/payload"}})
		}
		tidied <- err
		return 1, err
	}), a).ready()
	a.want("a b")
	eventually(t, "b leads", func() bool {
		s, err := a.admin().Standing(t.Context())
		if err != nil || len(s.Members) != 2 || s.Members[1].State == cluster.Leads {
			return err == nil && len(s.Members) == 2
		}
		resp, err := a.node.Client().MemberList(t.Context())
		if err != nil {
			return false
		}
		for _, m := range resp.Members {
			if m.Name == "b" {
				a.node.Client().MoveLeader(t.Context(), m.ID) // which works if the one that leads is asked
			}
		}
		return false
	})
	for i := range 40 {
		eventually(t, "the store takes a value whose history fills it", func() bool { return a.set("x", i) == nil })
	}
	if err := <-tidied; err != nil {
		t.Errorf("removing what nobody needs: %v", err)
	}
}
