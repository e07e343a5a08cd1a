package cluster

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// lead is what a leader remembers between steps.
type lead struct {
	status  *clientv3.StatusResponse // of the server here, if it leads
	settled bool                     // nothing is to be done until something changes
	pending bool                     // a change is under way
	leaving map[string]time.Time     // since when a member is to go, by host
	shy     map[string]bool          // volunteers that have been told of, because nobody reaches them
}

const (
	// goLimit is how long a host that lost its nomination may take to go by itself.
	goLimit = 10 * time.Second
	// deadLimit is how long a host may take to come back whose session has run out. One that
	// lives does so at once.
	deadLimit = time.Second
)

// decide makes the cluster what is wanted, if the server of this host leads. It reads what it
// decides on afresh: what has been told of may be behind.
func (n *Node) decide(ctx context.Context) error {
	l := &n.state.lead
	if n.server == nil || n.state.wanted == 0 {
		*l = lead{}
		return nil
	}
	status, err := n.server.status(ctx)
	if err != nil || status.Leader != status.Header.MemberId {
		*l = lead{}
		return err
	}
	if l.status = status; l.settled {
		return nil
	}
	v, err := n.look(ctx)
	if err != nil {
		return err
	}
	l.pending, err = n.change(ctx, v)
	l.settled = err == nil && !l.pending
	return err
}

// A view is what a leader decides on.
type view struct {
	volunteers, nominated, endpoints map[string][]string
	members                          map[string]*etcdserverpb.Member // by host
	strangers                        []*etcdserverpb.Member          // of no host that is nominated
}

func (n *Node) look(ctx context.Context) (*view, error) {
	all, err := n.world.List(ctx, volunteerPrefix, nominatedPrefix, endpointsPrefix)
	if err != nil {
		return nil, err
	}
	resp, err := n.client.MemberList(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{
		volunteers: hostURLs(all[volunteerPrefix]), nominated: hostURLs(all[nominatedPrefix]),
		endpoints: hostURLs(all[endpointsPrefix]), members: map[string]*etcdserverpb.Member{},
	}
	// The host of a leader that is here is one that would serve, even if its session was lost.
	v.volunteers[n.opts.Host] = n.publicPeers()
	for _, m := range resp.Members {
		host := m.Name
		if host == "" {
			host = hostAt(v.nominated, m.PeerURLs)
		}
		if host == "" {
			v.strangers = append(v.strangers, m)
		} else {
			v.members[host] = m
		}
	}
	return v, nil
}

func hostURLs(values map[string]string) map[string][]string {
	out := map[string][]string{}
	for host, value := range values {
		if urls := splitURLs(value); len(urls) > 0 {
			out[host] = urls
		}
	}
	return out
}

// change makes one change, and reports whether it, or one made before, is under way.
func (n *Node) change(ctx context.Context, v *view) (pending bool, err error) {
	for _, act := range []func(context.Context, *view) (bool, error){n.removeLeaving, n.promote, n.nominateAgain} {
		if pending, err := act(ctx, v); pending || err != nil {
			return pending, err
		}
	}
	wanted := n.state.wanted
	if n.state.ending() {
		wanted = 0
	}
	c := Choose(n.opts.Host, slices.Collect(maps.Keys(v.members)), n.eligible(v), wanted)
	for _, host := range c.Nominate {
		n.log.Info("the cluster gets a server", "host", host)
		return true, n.nominate(ctx, host, v.volunteers[host])
	}
	for _, host := range c.Unnominate {
		switch {
		case host != n.opts.Host:
			n.log.Info("the cluster loses a server", "host", host)
		case n.state.ending():
			n.log.Warn("the cluster is shut down, for its wanted size is 0; every agent goes on with what it knew last")
		default:
			continue
		}
		if err := n.world.Delete(ctx, nominatedPrefix+host); err != nil {
			return true, err
		}
		pending = true
	}
	return pending, nil
}

// removeLeaving removes members whose agent is dead, and those that lost their nomination and do
// not go by themselves. The dead go before others come: etcd adds none while one does not answer.
func (n *Node) removeLeaving(ctx context.Context, v *view) (pending bool, err error) {
	for _, m := range v.strangers { // added, and never started
		return true, n.removeMember(ctx, m.ID)
	}
	for host, m := range v.members {
		dead, err := n.dead(ctx, v, host)
		if err != nil {
			return true, err
		}
		if host == n.opts.Host || v.nominated[host] != nil && !dead {
			delete(n.state.lead.leaving, host)
			continue
		}
		pending = true
		limit := goLimit
		if dead {
			limit = deadLimit
		}
		if n.state.lead.since(host) < limit {
			continue
		}
		n.log.Info("a server is removed from the cluster", "host", host)
		if err := n.world.Delete(ctx, nominatedPrefix+host); err != nil {
			return true, err
		}
		return true, n.removeMember(ctx, m.ID)
	}
	return pending, nil
}

// dead reports whether the session of a host has run out.
func (n *Node) dead(ctx context.Context, v *view, host string) (bool, error) {
	if v.endpoints[host] != nil || v.volunteers[host] != nil {
		return false, nil
	}
	alive, err := n.world.Alive(ctx, host)
	return !alive && err == nil, err
}

// since returns for how long a member has been about to go.
func (l *lead) since(host string) time.Duration {
	if l.leaving == nil {
		l.leaving = map[string]time.Time{}
	}
	if _, ok := l.leaving[host]; !ok {
		l.leaving[host] = time.Now()
	}
	return time.Since(l.leaving[host])
}

// promote lets learners vote that have caught up. Those whose host does not volunteer any more
// lose their nomination.
func (n *Node) promote(ctx context.Context, v *view) (pending bool, err error) {
	for host, m := range v.members {
		if !m.IsLearner {
			continue
		}
		if v.volunteers[host] == nil {
			return true, n.world.Delete(ctx, nominatedPrefix+host)
		}
		if m.Name == "" { // not started
			return true, nil
		}
		_, err := n.client.MemberPromote(ctx, m.ID)
		if err == nil {
			n.log.Info("a server of the cluster has caught up", "host", host)
		}
		return true, ignore(err, rpctypes.ErrMemberLearnerNotReady, rpctypes.ErrMemberNotLearner)
	}
	return false, nil
}

// nominateAgain completes a nomination whose member was not added, because the leader before
// died in between.
func (n *Node) nominateAgain(ctx context.Context, v *view) (pending bool, err error) {
	for host, urls := range v.nominated {
		if v.members[host] != nil {
			continue
		}
		if v.volunteers[host] == nil {
			return true, n.world.Delete(ctx, nominatedPrefix+host)
		}
		return true, n.nominate(ctx, host, urls)
	}
	return false, nil
}

// nominate tells a host first, so that it sees the member that is added as its own.
func (n *Node) nominate(ctx context.Context, host string, urls []string) error {
	if err := n.world.Put(ctx, nominatedPrefix+host, strings.Join(urls, ",")); err != nil {
		return err
	}
	_, err := n.client.MemberAddAsLearner(ctx, urls)
	return ignore(err, rpctypes.ErrPeerURLExist, rpctypes.ErrMemberExist)
}

func (n *Node) removeMember(ctx context.Context, id uint64) error {
	_, err := n.client.MemberRemove(ctx, id)
	return ignore(err, rpctypes.ErrMemberNotFound)
}

// ignore returns nil for errors that are as good as success.
func ignore(err error, those ...error) error {
	for _, e := range those {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}

// eligible returns the volunteers that the members can reach, and that can reach the members:
// either all are on one machine, or all can be reached from others. Members are.
func (n *Node) eligible(v *view) []string {
	here := slices.ContainsFunc(n.publicPeers(), isLocal)
	var out []string
	for host, urls := range v.volunteers {
		if v.members[host] != nil || slices.ContainsFunc(urls, isLocal) == here {
			out = append(out, host)
			continue
		}
		if n.state.lead.shy == nil {
			n.state.lead.shy = map[string]bool{}
		}
		if !n.state.lead.shy[host] {
			n.state.lead.shy[host] = true
			n.log.Warn("a host volunteers that the servers here cannot reach, or that cannot reach them; give both --server-urls that the other reaches",
				"host", host, "at", urls, "here", n.publicPeers())
		}
	}
	return out
}
