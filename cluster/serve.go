package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world/etcd"
)

// running is the server of this host, with a client that asks it and no other.
type running struct {
	Server
	client *clientv3.Client
}

// status asks the server itself.
func (r *running) status(ctx context.Context) (*clientv3.StatusResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	remote := clientv3.RetryMaintenanceClient(r.client, r.client.ActiveConnection())
	resp, err := remote.Status(ctx, &etcdserverpb.StatusRequest{})
	return (*clientv3.StatusResponse)(resp), err
}

// startServer starts the server of this host. members and fresh count for nothing if it has data.
func (n *Node) startServer(ctx context.Context, members map[string][]string, fresh bool) error {
	if n.opts.NoNetwork {
		members = nil
	}
	if !n.memory.hasData() {
		if err := n.memory.putAside(); err != nil {
			return fmt.Errorf("making room for the data of the server: %w", err)
		}
	}
	advertise := n.opts.AdvertiseClientURLs
	if len(advertise) == 0 {
		advertise = public(n.opts.ClientURLs)
	}
	s, err := n.launch(ctx, ServerConfig{
		Name: n.opts.Host, Dir: n.dataDir(), Members: members, New: fresh,
		ClientURLs: n.opts.ClientURLs, PeerURLs: n.opts.ServerURLs,
		AdvertiseClientURLs: advertise, AdvertisePeerURLs: n.opts.AdvertiseServerURLs,
		Quota: n.opts.Quota, TLS: n.opts.TLS, LocalUsers: n.opts.LocalUsers, Fast: n.opts.Fast,
	})
	if err != nil {
		return err
	}
	config, err := n.clientTLS()
	if err != nil {
		s.Stop()
		return err
	}
	client, err := etcd.Way{Local: true, Users: n.opts.LocalUsers}.Dial(s.Clients()[:1], config)
	if err != nil {
		s.Stop()
		return err
	}
	n.server, n.state.votes, n.state.published = &running{s, client}, false, false
	return nil
}

// launch starts a server. If the address for this machine that nobody asked for is taken, it does
// without that.
func (n *Node) launch(ctx context.Context, cfg ServerConfig) (Server, error) {
	s, err := n.opts.Launcher.Launch(ctx, cfg)
	if !n.opts.besides || !errors.Is(err, ErrBusy) || !errors.Is(listenable(ctx, cfg.ClientURLs[0]), ErrBusy) {
		return s, err
	}
	n.log.Info("another program listens at "+cfg.ClientURLs[0]+"; the server here does without that address", "clients", cfg.ClientURLs[1:])
	cfg.ClientURLs = cfg.ClientURLs[1:]
	return n.opts.Launcher.Launch(ctx, cfg)
}

// stopServer stops the server of this host, if it has one.
func (n *Node) stopServer() {
	if n.server != nil {
		n.server.client.Close()
		n.server.Stop()
		n.server, n.state.votes, n.state.published = nil, false, false
	}
}

// serverDone is closed when the server has ended by itself.
func (n *Node) serverDone() <-chan struct{} {
	if n.server == nil {
		return nil
	}
	return n.server.Done()
}

// checkServer looks after a server that ended by itself. If its member was removed, its data
// goes aside; otherwise it starts once more when this host is nominated still.
func (n *Node) checkServer() {
	select {
	case <-n.server.Done():
	default:
		return
	}
	err := n.server.Err()
	n.stopServer()
	if !errors.Is(err, ErrRemoved) {
		n.log.Warn("the server of the cluster here has ended", "error", err)
		return
	}
	n.log.Info("the cluster goes on without the server here", "data", n.dataDir()+".removed")
	if err := n.memory.putAside(); err != nil {
		n.log.Warn("the data of a member that was removed is in the way", "error", err)
	}
}

// serve makes this host run a server if, and only if, it is nominated.
func (n *Node) serve(ctx context.Context) error {
	_, nominated := n.state.nominated[n.opts.Host]
	switch {
	case nominated && n.server == nil && n.state.volunteers:
		return n.join(ctx)
	case !nominated && n.server != nil:
		return n.release(ctx)
	case n.server != nil && !n.state.published:
		return n.publish(ctx)
	}
	return nil
}

// join starts the server as a member that the leader has added. Until it has, there is nothing
// to do.
func (n *Node) join(ctx context.Context) error {
	if n.memory.hasData() { // it is a member already
		return n.startNominated(ctx, map[string][]string{n.opts.Host: n.opts.peers()})
	}
	resp, err := n.client.MemberList(ctx)
	if err != nil {
		return err
	}
	members, added := map[string][]string{}, false
	for _, m := range resp.Members {
		if m.Name == n.opts.Host { // it ran, and knows no more how it voted
			n.log.Warn("the data of the server here is gone; it leaves the cluster and joins once more", "data", n.dataDir())
			if err := n.removeMember(ctx, m.ID); err != nil {
				return err
			}
			return n.world.Delete(ctx, nominatedPrefix+n.opts.Host)
		}
		name := n.hostOf(m)
		if name == "" {
			return fmt.Errorf("the member at %q has no name yet", m.PeerURLs)
		}
		added = added || name == n.opts.Host
		members[name] = m.PeerURLs
	}
	if !added {
		return nil
	}
	return n.startNominated(ctx, members)
}

// startNominated starts the server of a nominee. One that does not start stands in the way of
// others, so the host volunteers no more for a while.
func (n *Node) startNominated(ctx context.Context, members map[string][]string) error {
	if err := n.startServer(ctx, members, false); err != nil {
		n.state.broken = time.Now()
		n.log.Warn("this host was nominated, but its server does not start; it does not volunteer for a while", "error", err)
		return n.volunteer(ctx)
	}
	n.log.Info("this host runs a server of the cluster", "clients", n.server.Clients())
	return nil
}

// hostOf returns the host of a member. One that has not been started has no name yet, but the
// addresses that its host volunteered.
func (n *Node) hostOf(m *etcdserverpb.Member) string {
	if m.Name != "" {
		return m.Name
	}
	return hostAt(n.state.nominated, m.PeerURLs)
}

func hostAt(hosts map[string][]string, urls []string) string {
	for host, theirs := range hosts {
		if len(theirs) == len(urls) && len(without(theirs, urls)) == 0 {
			return host
		}
	}
	return ""
}

// publish tells where clients reach the server, when it has caught up and votes.
func (n *Node) publish(ctx context.Context) error {
	if err := n.findVote(ctx); err != nil || !n.state.votes {
		return err
	}
	urls := n.opts.AdvertiseClientURLs
	if len(urls) == 0 {
		urls = public(n.server.Clients())
	}
	if err := n.world.Hold(ctx, endpointsPrefix+n.opts.Host, strings.Join(urls, ",")); err != nil {
		return err
	}
	n.state.published = true
	return nil
}

// findVote finds out whether the server of this host votes, until it does.
func (n *Node) findVote(ctx context.Context) error {
	if n.state.votes {
		return nil
	}
	status, err := n.server.status(ctx)
	if err == nil {
		n.state.votes = !status.IsLearner
	}
	return err
}

// release stops the server of a host that is not nominated any more. If others go on, its member
// is removed first, and its data put aside.
func (n *Node) release(ctx context.Context) error {
	if err := n.world.Drop(ctx, endpointsPrefix+n.opts.Host); err != nil {
		return err
	}
	delete(n.state.endpoints, n.opts.Host)
	n.state.votes, n.state.published = false, false
	if len(n.state.nominated) == 0 {
		n.stopServer()
		return nil
	}
	n.follow(ctx)
	if err := n.stepDown(ctx); err != nil {
		return err
	}
	if err := n.removeSelf(ctx); err != nil {
		return err
	}
	n.stopServer()
	n.log.Info("this host runs no server of the cluster any more")
	return n.memory.putAside()
}

// removeSelf removes the member of this host, if there is one still.
func (n *Node) removeSelf(ctx context.Context) error {
	resp, err := n.client.MemberList(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(resp.Members, func(m *etcdserverpb.Member) bool { return m.Name == n.opts.Host })
	if i < 0 {
		return nil
	}
	return n.removeMember(ctx, resp.Members[i].ID)
}
