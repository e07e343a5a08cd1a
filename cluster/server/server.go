// Package server runs etcd's server for an agent: [Launcher] runs it in the agent's own process,
// [Main] in a separate one, which the agent controls through its standard input and output.
//
// A server with certificates lets each client change only what is that client's to change: rights.go
// says which areas of keys there are and who may write them, and gate.go enforces it for every call.
// This is the only package that links the etcd server.
package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"

	"mgmt/cluster"
	"mgmt/cluster/pki"
)

// Limits of a server.
const (
	maxTxnOps   = 512
	stopLimit   = 15 * time.Second
	closeLimit  = 500 * time.Millisecond
	busyTries   = 5 // a port may be taken for a moment after a restart
	busyDelay   = 500 * time.Millisecond
	compactKeep = "5m" // how long old revisions are kept for those who were away
)

// Launcher runs servers in this process.
type Launcher struct {
	Log *slog.Logger
}

// Launch implements cluster.Launcher.
func (l Launcher) Launch(ctx context.Context, cfg cluster.ServerConfig) (cluster.Server, error) {
	g := newGate(cfg)
	ec, err := config(cfg, g, l.Log)
	if err != nil {
		return nil, fmt.Errorf("starting the server of %s: %w", cfg.Name, err)
	}
	for try := 1; ; try++ {
		s, err := start(ec, cfg, g)
		switch {
		case err == nil:
			go s.follow()
			return s, nil
		case cannotListen(err):
			return nil, fmt.Errorf("starting the server of %s: %w: %w", cfg.Name, cluster.ErrListen, err)
		case !busy(err):
			return nil, fmt.Errorf("starting the server of %s: %w", cfg.Name, err)
		case try == busyTries:
			return nil, fmt.Errorf("starting the server of %s: listening at %s: %w", cfg.Name, taken(err, cfg), cluster.ErrBusy)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(busyDelay):
		}
	}
}

// start starts etcd once, behind a gate, and with a porch where it listens for other servers.
func start(ec *embed.Config, cfg cluster.ServerConfig, g *gate) (*server, error) {
	clients, err := parse(cfg.ClientURLs)
	if err != nil {
		return nil, err
	}
	p, err := newPorch(cfg, g.users)
	if err != nil {
		return nil, err
	}
	ec.ListenPeerUrls = p.behind
	e, err := embed.StartEtcd(ec)
	if err != nil {
		p.Close()
		p.forget()
		return nil, err
	}
	g.open(e.Server)
	p.serve()
	return &server{etcd: e, porch: p, urls: clientURLs(e, clients), done: make(chan struct{})}, nil
}

func busy(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// cannotListen reports whether an address is none of this host, or not for this user.
func cannotListen(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EACCES) && isListening(err)
}

func isListening(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "listen"
}

// taken returns the address at which a server could not listen.
func taken(err error, cfg cluster.ServerConfig) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		return op.Addr.String()
	}
	return strings.Join(slices.Concat(cfg.ClientURLs, cfg.PeerURLs), " and ")
}

// config returns the configuration of etcd.
func config(cfg cluster.ServerConfig, g *gate, log *slog.Logger) (*embed.Config, error) {
	ec := embed.NewConfig()
	ec.Name, ec.Dir = cfg.Name, cfg.Dir
	ec.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger(log))
	ec.MaxTxnOps, ec.QuotaBackendBytes = maxTxnOps, cfg.Quota
	ec.EnableGRPCGateway = false // what comes through it shows the certificate of the server
	ec.AutoCompactionMode, ec.AutoCompactionRetention = embed.CompactorModePeriodic, compactKeep
	ec.ClusterState = embed.ClusterStateFlagExisting
	if cfg.New {
		ec.ClusterState = embed.ClusterStateFlagNew
		ec.InitialClusterToken = rand.Text() // tells it from all others that began at these addresses
	}
	if cfg.Fast {
		ec.UnsafeNoFsync, ec.TickMs, ec.ElectionMs = true, 10, 100
		ec.StrictReconfigCheck = false // which takes a member for healthy only after five seconds
	}
	if cfg.TLS != nil {
		info := transport.TLSInfo{
			CertFile: cfg.TLS.Cert, KeyFile: cfg.TLS.Key, TrustedCAFile: cfg.TLS.CA,
			CRLFile: cfg.TLS.Revoked, ClientCertAuth: true, MinVersion: tls.VersionTLS13,
		}
		ec.ClientTLSInfo, ec.PeerTLSInfo = info, info
		if g.roles() { // a member of the cluster could write and read everything
			ec.PeerTLSInfo.AllowedHostnames = []string{pki.PeerName}
		}
		ec.TlsMinVersion = "TLS1.3"
	}
	ec.GRPCAdditionalServerOptions = g.options()
	return ec, addresses(ec, cfg)
}

// addresses sets the URLs and the first members.
func addresses(ec *embed.Config, cfg cluster.ServerConfig) error {
	advertiseClient, advertisePeer := cfg.AdvertiseClientURLs, cfg.AdvertisePeerURLs
	if len(advertiseClient) == 0 {
		advertiseClient = cfg.ClientURLs
	}
	if len(advertisePeer) == 0 {
		advertisePeer = cfg.PeerURLs
	}
	if len(advertisePeer) == 0 { // a member that is always alone still has to name an address
		advertisePeer = []string{"http://localhost:2380"}
	}
	var err error
	for _, x := range []struct {
		to   *[]url.URL
		from []string
	}{
		{&ec.ListenClientUrls, cfg.ClientURLs}, {&ec.AdvertiseClientUrls, advertiseClient},
		{&ec.AdvertisePeerUrls, advertisePeer},
	} {
		if *x.to, err = parse(x.from); err != nil {
			return err
		}
	}
	ec.ListenClientUrls = everyLocalhost(ec.ListenClientUrls, net.DefaultResolver.LookupHost)
	members := maps.Clone(cfg.Members)
	if members == nil {
		members = map[string][]string{}
	}
	if _, ok := members[cfg.Name]; !ok {
		members[cfg.Name] = advertisePeer
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		for _, u := range members[name] {
			all = append(all, name+"="+u)
		}
	}
	ec.InitialCluster = strings.Join(all, ",")
	return nil
}

func parse(texts []string) ([]url.URL, error) {
	out := make([]url.URL, 0, len(texts))
	for _, text := range texts {
		u, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		out = append(out, *u)
	}
	return out, nil
}

// clientURLs returns where a server listens, in the order of the configuration, with the ports that
// it got. The listeners of etcd are in no order.
func clientURLs(e *embed.Etcd, urls []url.URL) []string {
	given := map[string]bool{} // ports that it was told
	for _, u := range urls {
		given[u.Port()] = true
	}
	var got []string
	for _, l := range e.Clients {
		if tcp, ok := l.Addr().(*net.TCPAddr); ok && !given[strconv.Itoa(tcp.Port)] {
			got = append(got, strconv.Itoa(tcp.Port))
		}
	}
	var out []string
	for _, u := range urls {
		if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsUnspecified() {
			u.Host = net.JoinHostPort("localhost", u.Port())
		}
		if u.Port() == "0" && len(got) > 0 {
			u.Host, got = net.JoinHostPort(u.Hostname(), got[0]), got[1:]
		}
		out = append(out, u.String())
	}
	return out
}

// A server is an etcd in this process.
type server struct {
	etcd  *embed.Etcd
	porch *porch
	urls  []string

	once sync.Once
	done chan struct{}
	err  error // set before done is closed
}

// Clients implements cluster.Server.
func (s *server) Clients() []string { return s.urls }

// Done implements cluster.Server.
func (s *server) Done() <-chan struct{} { return s.done }

// Err implements cluster.Server.
func (s *server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// follow waits for the server to end by itself. It does so without an error only when the other
// members tell it that it does not belong to them.
func (s *server) follow() {
	select {
	case <-s.done:
	case <-s.etcd.Server.StopNotify():
		s.close(cluster.ErrRemoved)
	case err := <-s.etcd.Err():
		s.close(s.cause(err))
	}
}

// cause returns why a server ended that reports an error, which may be that it stops.
func (s *server) cause(err error) error {
	select {
	case <-s.etcd.Server.StoppingNotify():
		return cluster.ErrRemoved
	default:
	}
	if err == nil {
		return errors.New("etcd stopped listening")
	}
	return err
}

// Stop implements cluster.Server.
func (s *server) Stop() { s.close(nil) }

// close ends the server once. What has stopped is on disk and has handed on the lead; etcd would
// rather wait first, for seconds, until the last client has ended its watch.
func (s *server) close(err error) {
	s.once.Do(func() {
		s.err = err
		within(stopLimit, s.etcd.Server.Stop)
		within(closeLimit, func() {
			s.etcd.Close()
			s.porch.forget()
		})
		s.porch.Close()
		close(s.done)
	})
	<-s.done
}

// within calls f and waits for it, but not for longer than a limit.
func within(limit time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}
