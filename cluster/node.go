package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/cluster/pki"
	"mgmt/world/etcd"
	"mgmt/world/peercred"
)

// DefaultWanted is how many members a cluster is to have when nobody says otherwise.
const DefaultWanted = 5

// Where a server listens when nothing else is said.
const (
	DefaultClientURL = "http://localhost:2379"
	DefaultServerURL = "http://localhost:2380"
)

// Options say how a host takes part in a cluster.
type Options struct {
	Host string
	Dir  string // where the node keeps its data; it is made if need be

	// Seeds are client URLs of the cluster to join; without any, this host begins one.
	Seeds []string
	// NoServer makes the host a client for ever. It needs seeds.
	NoServer bool
	// Fixed keeps the client at the seeds, whatever members there are. It goes with NoServer.
	Fixed bool
	// Wanted is how many members there are to be. Only who begins a cluster is asked; the
	// default is DefaultWanted.
	Wanted int

	// Where a server of this host listens, and how it is reached if that is something else.
	ClientURLs, ServerURLs                   []string
	AdvertiseClientURLs, AdvertiseServerURLs []string
	// NoNetwork makes the server listen on a socket only.
	NoNetwork bool
	// Insecure allows plain HTTP beyond this machine.
	Insecure bool
	// LocalUsers are users of this machine who reach a server here without TLS, and whose servers
	// this host takes for those of its cluster.
	LocalUsers peercred.Users
	// TLS are the files of the certificate that this host shows, as a server and as a client.
	// Without them, PKI has it.
	TLS *TLSFiles
	// PKI is where the host keeps the certificate that it has from its cluster. The first host
	// makes the authority there, and others get in by Token.
	PKI   pki.Dir
	Token *pki.Token
	// JoinPort is where a host that has the key of the authority lets others in; the default is
	// pki.DefaultPort.
	JoinPort int

	// Through reaches the store, if it is not reached directly. Seeds are addresses as seen from
	// where it leads; others cannot reach this host there, so it runs no server.
	Through etcd.Dialer

	// Tidy is what the leader calls to remove what nobody needs from a store that has little room;
	// nil removes nothing.
	Tidy Tidier
	// Quota is how large the store of a server here may become, in bytes; 0 is etcd's own limit, 2 GiB.
	Quota int64

	Launcher Launcher // starts the server; nil if there can be none
	Log      *slog.Logger
	// OnHealth is told when the connection is lost and when it is back. It must not block.
	OnHealth func(etcd.Health)
	// Fast makes elections and leases short, for tests.
	Fast bool

	managed bool   // PKI has the certificate, and TLS names its files
	besides bool   // nobody asked for the first of ClientURLs, which is for this machine
	found   net.IP // the address in the other URLs, if nobody asked for them
}

// A Node is the part of a host in a cluster.
//
// It volunteers to run a server if it began the cluster, or if the cluster is one of agents (it
// has a wanted size) and its peers have an address to reach it by: ServerURLs or
// AdvertiseServerURLs, or, when it has the certificate of its cluster and was given none, the
// address from which it reaches the others. A store that somebody else runs is left as it is.
type Node struct {
	opts   Options
	log    *slog.Logger
	memory memory

	ready   chan struct{} // closed when world can be used
	hurry   chan struct{} // closed when leaving is not to wait
	hurried sync.Once
	ailment atomic.Pointer[Ailment] // is written by the loop, and read by anybody

	// What follows belongs to Run; client and world are fixed when ready is closed.
	client *clientv3.Client
	world  *etcd.World
	server *running
	state  state
}

// New checks the options and returns a node, which does nothing before Run.
func New(opts Options) (*Node, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Wanted == 0 {
		opts.Wanted = DefaultWanted
	}
	if opts.Through != nil {
		if err := opts.through(); err != nil {
			return nil, err
		}
	}
	if opts.NoServer && len(opts.Seeds) == 0 {
		return nil, errors.New("an agent without a server needs the cluster of others: give --seeds along with --no-server")
	}
	if opts.Fixed && !opts.NoServer {
		return nil, errors.New("only a host without a server can do without looking for others: give --no-server along with --no-magic")
	}
	dir, err := filepath.Abs(opts.Dir) // the server has a working directory of its own
	if err != nil {
		return nil, fmt.Errorf("finding the directory of the cluster: %w", err)
	}
	opts.Dir = dir
	if err := opts.secure(); err != nil {
		return nil, err
	}
	if err := opts.addresses(); err != nil {
		return nil, err
	}
	n := &Node{
		opts: opts, log: opts.Log, memory: memory{opts.Dir},
		ready: make(chan struct{}), hurry: make(chan struct{}),
	}
	n.state = newState()
	if opts.Fast {
		n.state.upkeep.shortest = idleTick
	}
	return n, nil
}

// Ready is closed when World may be called.
func (n *Node) Ready() <-chan struct{} { return n.ready }

// World is what the agents share. It is nil before the node is ready.
func (n *Node) World() *etcd.World {
	select {
	case <-n.ready:
		return n.world
	default:
		return nil
	}
}

// Client returns the client of the store. It is nil before the node is ready.
func (n *Node) Client() *clientv3.Client {
	select {
	case <-n.ready:
		return n.client
	default:
		return nil
	}
}

// Hurry makes the node leave without waiting for others.
func (n *Node) Hurry() { n.hurried.Do(func() { close(n.hurry) }) }

// ttl is how long the host is taken for alive without a word.
func (n *Node) ttl() time.Duration {
	if n.opts.Fast {
		return 2 * time.Second
	}
	return etcd.DefaultTTL
}

// Run takes part in the cluster until ctx ends, and then leaves it. It returns ctx.Err() then,
// and before that an error if the host cannot take part at all.
func (n *Node) Run(ctx context.Context) error {
	defer n.stopServer()
	if err := n.admit(ctx); err != nil {
		return err
	}
	n.heed()
	if err := n.begin(ctx); err != nil {
		return err
	}
	config, err := n.clientTLS()
	if err != nil {
		return err
	}
	if n.client, err = n.opts.way().Dial(n.firstEndpoints(), config); err != nil {
		return err
	}
	defer n.client.Close()
	if err := n.identify(ctx); err != nil {
		return err
	}
	id, err := n.memory.id()
	if err != nil {
		return err
	}
	n.world = etcd.New(n.client, etcd.Options{Host: n.opts.Host, ID: id, TTL: n.ttl(), Calm: n.opts.onMachine(), Log: n.log, OnHealth: n.opts.OnHealth})
	return n.take(ctx)
}

// take keeps the session and takes part. The session ends last, for leaving needs it.
func (n *Node) take(ctx context.Context) error {
	session, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	lost := make(chan error, 1)
	go func() { lost <- n.world.Run(session) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	partDone := make(chan struct{})
	go func() {
		defer close(partDone)
		n.part(ctx)
	}()
	select {
	case <-partDone:
		stop()
		<-lost
	case err := <-lost: // another agent has the name
		n.Hurry()
		cancel(err)
		<-partDone
	}
	return context.Cause(ctx)
}

// begin starts the server of a host that has data, or that is the first.
func (n *Node) begin(ctx context.Context) error {
	if n.opts.NoServer || n.opts.Launcher == nil {
		if len(n.opts.Seeds) == 0 && (n.memory.hasData() || len(n.memory.endpoints()) == 0) {
			return ErrNoServer
		}
		return nil
	}
	data := n.memory.hasData()
	if !data && (len(n.opts.Seeds) > 0 || len(n.memory.endpoints()) > 0) {
		return nil
	}
	if err := n.checkSeeds(ctx); err != nil {
		return err
	}
	first := map[string][]string{n.opts.Host: n.opts.peers()}
	if err := n.startServer(ctx, first, !data); err != nil {
		return n.notBegun(ctx, err)
	}
	return nil
}

// notBegun says what to do about a server that does not start.
func (n *Node) notBegun(ctx context.Context, why error) error {
	switch {
	case ctx.Err() != nil:
	case errors.Is(why, ErrBusy):
		why = fmt.Errorf("%w; stop the program that listens there, or name another address by --client-urls or --server-urls", why)
	case errors.Is(why, ErrListen):
		why = fmt.Errorf("%w; name addresses of this host by --client-urls and --server-urls, and if others reach it elsewhere, where that is by --advertise-client-urls and --advertise-server-urls", why)
	case n.memory.hasData():
		return fmt.Errorf("starting the server that has its data in %s: %w; if that is damaged, move it away: this host then joins the others by --seeds as a new one", n.dataDir(), why)
	}
	return fmt.Errorf("beginning a cluster: %w", why)
}

// seedsLimit is how long a host that has data asks its seeds whether it is of their cluster.
const seedsLimit = 2 * time.Second

// checkSeeds makes sure that the data of this host is of the cluster of its seeds. If these do
// not answer, they may be waiting for this host.
func (n *Node) checkSeeds(ctx context.Context) error {
	if len(n.opts.Seeds) == 0 {
		return nil
	}
	config, err := n.clientTLS()
	if err != nil {
		return err
	}
	client, err := n.opts.way().Dial(n.opts.Seeds, config)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, seedsLimit)
	defer cancel()
	resp, err := client.MemberList(ctx)
	if err != nil {
		n.log.Debug("the seeds do not answer", "error", err)
		return nil
	}
	return n.memory.checkCluster(resp.Header.ClusterId, n.opts.Seeds)
}

// firstEndpoints are where the store is looked for: here and where it was before, or at the
// seeds. A host that has data does not ask its seeds again, for they may be of another cluster.
func (n *Node) firstEndpoints() []string {
	var out []string
	if n.server != nil {
		out = append(out, n.server.Clients()...)
	} else {
		out = append(out, n.opts.Seeds...)
	}
	for _, u := range n.memory.endpoints() {
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}

// identifyLimit is how long the store may take to say which one it is.
const identifyLimit = 5 * time.Second

// identify waits for the store to answer, and makes sure that it is the one that this host has
// data of.
func (n *Node) identify(ctx context.Context) error {
	said := reasons{}
	limit := time.Second // at first, so that a reason is known soon
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, time.Second) {
		attempt, cancel := context.WithTimeout(ctx, limit)
		resp, err := n.client.MemberList(attempt)
		cancel()
		switch {
		case err == nil:
			return n.memory.checkCluster(resp.Header.ClusterId, n.opts.Seeds)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		message, why := n.unreached(ctx)
		n.unwell(why)
		slow := errors.Is(why, etcd.ErrSilent) && limit < identifyLimit
		if !slow && said.anew(why) {
			n.log.Warn(message, "at", n.client.Endpoints(), "error", why)
		}
		limit = min(2*limit, identifyLimit)
		if n.server != nil {
			n.checkServer()
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
	}
}

// unwell tells why the store is not reached.
func (n *Node) unwell(why error) {
	if n.opts.OnHealth != nil {
		n.opts.OnHealth(etcd.Health{Err: why, Since: time.Now()})
	}
}

const refusedHost = "the cluster does not take this host"

// unreached returns what is to be said of a store that is not reached, and why it is not.
func (n *Node) unreached(ctx context.Context) (message string, why error) {
	if why := n.refusal(ctx); why != nil {
		return refusedHost, why
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	why = etcd.Why(ctx, n.client)
	if etcd.Refused(why) {
		return refusedHost, why
	}
	return "the cluster is not reached yet", why
}

// reasons are what has been said of something that is tried again and again.
type reasons map[string]bool

// maxReasons bounds them: some differ each time, by the number of a port.
const maxReasons = 5

// anew reports whether a reason is to be said.
func (r reasons) anew(why error) bool {
	if r[why.Error()] || len(r) == maxReasons {
		return false
	}
	r[why.Error()] = true
	return true
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// way returns how the host reaches the store.
func (o *Options) way() etcd.Way {
	return etcd.Way{Through: o.Through, Local: o.onMachine(), Users: o.LocalUsers}
}

// clientTLS returns how a client of this host shows itself, nil if it has no certificate.
func (n *Node) clientTLS() (*tls.Config, error) {
	if n.opts.TLS == nil {
		return nil, nil
	}
	return n.opts.TLS.Client()
}

// dataDir is where the data of the server is.
func (n *Node) dataDir() string { return filepath.Join(n.opts.Dir, "server") }
