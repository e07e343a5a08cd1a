package cluster_test

import (
	"context"
	"strings"
	"testing"

	"mgmt/cluster"
)

// TestStandingAsksTheMemberItself has a member whose address leads to another one, like localhost
// does: that one does not answer for it.
func TestStandingAsksTheMemberItself(t *testing.T) {
	t.Parallel()
	a := start(t, "a", nil)
	a.works()
	b := start(t, "b", func(o *cluster.Options) { o.AdvertiseClientURLs = a.opts.ClientURLs }, a)
	b.works()
	eventually(t, "a leads, and b votes and does not answer at the address of a", func() bool {
		standing, err := a.admin().Standing(t.Context())
		if err != nil || len(standing.Members) != 2 {
			return false
		}
		members := standing.Members
		return members[0].State == cluster.Leads && members[1].Host == "b" && members[1].State == cluster.Silent
	})
}

// Without a majority, the servers that are left say how they are, and what cannot be done is not
// waited for.
func TestWithoutQuorum(t *testing.T) {
	t.Parallel()
	a := start(t, "a", nil)
	b := start(t, "b", nil, a)
	a.want("a b")
	admin := a.admin()
	b.kill()
	eventually(t, "a waits for a leader", func() bool {
		standing, err := admin.Standing(t.Context())
		return err == nil && len(standing.Members) == 2 && !standing.Quorate() &&
			standing.Members[0].State == cluster.Waits && standing.Members[1].State == cluster.Silent
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := admin.Compact(ctx); err == nil || !strings.Contains(err.Error(), "takes no requests: too few of its servers run") || ctx.Err() != nil {
		t.Errorf("compaction: %v, %v", err, ctx.Err())
	}
}
