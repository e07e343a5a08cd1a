package cluster

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mgmt/world"
	"mgmt/world/etcd"
)

// Keys, below the namespace of the store.
const (
	volunteerPrefix = "/volunteer/"
	nominatedPrefix = "/nominated/"
	endpointsPrefix = "/endpoints/"
	wantedKey       = world.SizeKey
)

// state is what the store says, as far as the node has been told, and what it is doing about
// it.
type state struct {
	nominated map[string][]string // peer URLs by host
	endpoints map[string][]string // client URLs by host
	wanted    int                 // 0 if the store is not one of agents
	none      bool                // no servers are wanted any more
	mayEnd    bool                // that shuts the cluster down

	volunteers bool      // this host does
	broken     time.Time // when its server failed to start
	votes      bool      // its server does, so it can be asked
	published  bool      // its endpoints are in the store
	leaves     bool      // this host is about to leave

	lead   lead
	upkeep upkeep
	tends  chan strain // begins to look after the store; has room for the one that may be under way
}

func newState() state {
	return state{nominated: map[string][]string{}, endpoints: map[string][]string{}, tends: make(chan strain, 1)}
}

// How often a node looks whether something changed that no key tells of: who leads, whether a
// server caught up.
const (
	idleTick = time.Second
	busyTick = 100 * time.Millisecond
)

// brokenPause is how long a host does not volunteer whose server failed to start.
const brokenPause = 20 * time.Second

// part takes part until ctx ends, and then leaves. It is one loop, so that there is never more
// than one change under way here.
func (n *Node) part(ctx context.Context) {
	close(n.ready)
	events := make(chan func())
	follows, stop := context.WithCancel(context.WithoutCancel(ctx))
	var followers sync.WaitGroup
	defer followers.Wait()
	defer stop()
	for prefix, apply := range map[string]func(map[string]etcd.Change){
		nominatedPrefix: n.onNominated, endpointsPrefix: n.onEndpoints, wantedKey: n.onWanted, volunteerPrefix: n.onVolunteer,
	} {
		followers.Go(func() {
			n.world.Follow(follows, prefix, func(changes map[string]etcd.Change) {
				select {
				case events <- func() { apply(changes) }:
				case <-follows.Done():
				}
			})
		})
	}
	followers.Go(func() { n.guard(follows) })
	followers.Go(func() { n.tending(follows, n.state.tends, events) })
	if !n.open(ctx, events) {
		return
	}
	for n.wait(ctx, events) {
		n.step(ctx)
	}
	n.leave(context.WithoutCancel(ctx), events)
}

// open waits for what the store says at first, and introduces a host that began the cluster. It
// reports false if ctx ended.
func (n *Node) open(ctx context.Context, events <-chan func()) bool {
	for range 4 {
		select {
		case <-ctx.Done():
			return false
		case event := <-events:
			event()
		}
	}
	for n.server != nil && ctx.Err() == nil {
		if err := n.introduce(ctx); err == nil {
			break
		} else {
			n.log.Debug("this host is not introduced yet", "error", err)
		}
		sleep(ctx, busyTick)
	}
	n.step(ctx)
	return ctx.Err() == nil
}

// wait waits until there is something to do. It reports false when ctx has ended.
func (n *Node) wait(ctx context.Context, events <-chan func()) bool {
	tick := idleTick
	switch {
	case n.busy():
		tick = busyTick
	case n.calm() && !n.opts.Fast:
		tick = tendTick
	}
	timer := time.NewTimer(tick)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case event := <-events:
		event()
	case <-n.serverDone():
		n.checkServer()
	case <-timer.C:
	}
	return true
}

// busy reports whether something is expected that no key will tell of.
func (n *Node) busy() bool {
	_, nominated := n.state.nominated[n.opts.Host]
	return n.state.lead.pending || nominated != (n.server != nil) || n.server != nil && !n.state.published
}

// calm reports whether keys and the server tell of all that may happen, but for how full the store
// becomes: there is no other member that could come to lead. One that leaves waits for the others to be gone, which no key tells of.
func (n *Node) calm() bool {
	s := &n.state
	return n.server != nil && !s.leaves && s.published && s.lead.settled && s.broken.IsZero() &&
		len(s.nominated) == 1 && s.nominated[n.opts.Host] != nil
}

// step brings this host one step closer to what the store says.
func (n *Node) step(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	for _, act := range []func(context.Context) error{n.volunteer, n.serve, n.follow, n.decide, n.tend} {
		if err := act(ctx); err != nil {
			n.log.Debug("a step of the cluster is taken once more", "error", err)
		}
	}
}

// stepLimit is how long one step may take.
const stepLimit = 10 * time.Second

// volunteer makes the key of this host say whether it would run a server.
func (n *Node) volunteer(ctx context.Context) error {
	s := &n.state
	healthy := s.broken.IsZero() || time.Since(s.broken) > brokenPause
	would := s.wanted > 0 && !s.ending() && !n.opts.NoServer && n.opts.Launcher != nil && len(n.publicPeers()) > 0 && healthy
	if would == s.volunteers {
		return nil
	}
	var err error
	if would {
		err = n.world.Hold(ctx, volunteerPrefix+n.opts.Host, strings.Join(n.publicPeers(), ","))
	} else {
		err = n.world.Drop(ctx, volunteerPrefix+n.opts.Host)
	}
	if err == nil {
		s.volunteers = would
	}
	return err
}

// publicPeers are the peer URLs that are told to others. A server on sockets has none that they
// could use, but counts all the same.
func (n *Node) publicPeers() []string {
	if n.opts.NoNetwork {
		return []string{"unix://servers.sock:0"}
	}
	return n.opts.peers()
}

// introduce writes the keys of a host whose server is the only member.
func (n *Node) introduce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	members, err := n.client.MemberList(ctx)
	if err != nil || len(members.Members) > 1 {
		return err
	}
	if n.state.wanted == 0 { // or the cluster was shut down
		if err := n.world.Delete(ctx, world.ShutdownKey); err != nil {
			return err
		}
		if err := n.world.Put(ctx, wantedKey, strconv.Itoa(n.opts.Wanted)); err != nil {
			return err
		}
		n.state.wanted, n.state.none, n.state.mayEnd = n.opts.Wanted, false, false
	}
	n.state.nominated[n.opts.Host] = n.publicPeers()
	return n.world.Put(ctx, nominatedPrefix+n.opts.Host, strings.Join(n.publicPeers(), ","))
}

// follow keeps the client at the members, this host's own first.
func (n *Node) follow(context.Context) error {
	var all []string
	if n.server != nil && n.state.votes {
		all = append(all, n.server.Clients()...)
	}
	for _, host := range slices.Sorted(maps.Keys(n.state.endpoints)) {
		for _, u := range n.state.endpoints[host] {
			// With a certificate, others are never reached without TLS, whatever they say; without
			// one, by nothing else.
			if isSecure(u) == (n.opts.TLS != nil) && !slices.Contains(all, u) {
				all = append(all, u)
			}
		}
	}
	if len(all) == 0 || n.opts.Fixed { // a store that agents do not run, or none that it could go to
		return nil
	}
	if !slices.Equal(all, n.client.Endpoints()) {
		n.client.SetEndpoints(all...)
	}
	return n.memory.setEndpoints(all)
}

// onNominated is told of the nominees. One that lost its data takes its nomination back, to be
// nominated once more.
func (n *Node) onNominated(changes map[string]etcd.Change) {
	apply(n.state.nominated, changes)
	n.state.lead.settled = false
}

func (n *Node) onEndpoints(changes map[string]etcd.Change) { apply(n.state.endpoints, changes) }

// onVolunteer is told of those who volunteer; the leader looks at them afresh.
func (n *Node) onVolunteer(map[string]etcd.Change) { n.state.lead.settled = false }

// ending reports whether the cluster is to be shut down.
func (s *state) ending() bool { return s.none && s.mayEnd }

// onWanted is told of the wanted size, and of whether one of 0 counts. Both are told of at once.
func (n *Node) onWanted(changes map[string]etcd.Change) {
	s := &n.state
	if c, ok := changes[strings.TrimPrefix(world.ShutdownKey, wantedKey)]; ok {
		s.mayEnd = c.Exists
	}
	if c, ok := changes[""]; ok {
		n.setWanted(c)
	}
	s.lead.settled = false
}

func (n *Node) setWanted(c etcd.Change) {
	s := &n.state
	wanted, err := strconv.Atoi(strings.TrimSpace(c.Value))
	switch s.none = false; {
	case !c.Exists:
		s.wanted = 0
	case err != nil || wanted < 0:
		n.log.Warn("the wanted size of the cluster is not a number above 0, and ignored", "key", wantedKey, "value", c.Value)
	case wanted > 0:
		s.wanted = wanted
	default:
		if s.none = true; !s.mayEnd {
			n.log.Warn("the wanted size of the cluster is 0, and ignored; it is shut down with the resource config:etcd and allow_size_shutdown", "key", wantedKey)
		}
	}
}

// apply changes lists of URLs by host. An empty list counts as none.
func apply(to map[string][]string, changes map[string]etcd.Change) {
	for host, c := range changes {
		if urls := splitURLs(c.Value); len(urls) > 0 {
			to[host] = urls
		} else {
			delete(to, host)
		}
	}
}

func splitURLs(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}
