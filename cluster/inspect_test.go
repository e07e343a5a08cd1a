package cluster_test

import (
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
