package etcd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"mgmt/world/peercred"
)

// Dial returns a client of the cluster that is reached through some of its client URLs. It
// connects in the background, and again whenever the connection is lost: an attempt begins at
// most dialDelay after the last one failed. tls may be nil.
func Dial(urls []string, tls *tls.Config) (*clientv3.Client, error) {
	return Way{}.Dial(urls, tls)
}

// A Dialer connects to HOST:PORT, or to unix:PATH.
type Dialer func(ctx context.Context, addr string) (net.Conn, error)

// A Way is how a cluster is reached. The zero value reaches it directly.
type Way struct {
	// Through makes the connections, if they are not direct.
	Through Dialer
	// Local says that the cluster is on this machine. The kernel tells when the other end of a
	// connection is gone, so an idle one is not asked whether it is alive.
	Local bool
	// Users are those of this machine whose servers are taken for the cluster when they listen
	// without TLS at a loopback address, besides root, services and the user of this process:
	// every user can listen there while the cluster does not.
	Users peercred.Users
}

// Dial is [Dial] by a certain way.
func (w Way) Dial(urls []string, tls *tls.Config) (*clientv3.Client, error) {
	config := clientv3.Config{TLS: tls}
	if !w.Local {
		config.DialKeepAliveTime, config.DialKeepAliveTimeout = 2*time.Second, 6*time.Second
	}
	plain := credentials.TransportCredentials(&known{insecure.NewCredentials(), w.Users})
	if w.Through != nil {
		config.DialOptions = append(config.DialOptions, grpc.WithContextDialer(w.Through))
		plain = insecure.NewCredentials()
	}
	return dial(urls, config, plain)
}

func dial(urls []string, config clientv3.Config, plain credentials.TransportCredentials) (*clientv3.Client, error) {
	if len(urls) == 0 {
		return nil, fmt.Errorf("reaching the cluster: no addresses are given")
	}
	config.Endpoints = urls
	config.DialTimeout = 5 * time.Second
	config.Logger = zap.NewNop() // what matters comes back as errors
	config.DialOptions = append(config.DialOptions, grpc.WithConnectParams(grpc.ConnectParams{
		Backoff:           backoff.Config{BaseDelay: dialDelay / 10, Multiplier: 2, Jitter: 0.2, MaxDelay: dialDelay},
		MinConnectTimeout: 2 * time.Second,
	}))
	config.DialOptions = append(config.DialOptions, grpc.WithChainUnaryInterceptor(plainCall))
	var each *eachAddress
	if config.TLS != nil {
		each = &eachAddress{TransportCredentials: credentials.NewTLS(config.TLS), plain: plain}
		plain = each
	}
	config.DialOptions = append(config.DialOptions, grpc.WithTransportCredentials(plain))
	client, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("reaching the cluster at %q: %w", urls, err)
	}
	if each != nil {
		each.client.Store(client)
	}
	return client, nil
}

// eachAddress makes a client use TLS for each of its addresses but http URLs and sockets: the
// server of a host is reached without, and those of others with. A client of etcd alone treats all
// addresses as the first one.
type eachAddress struct {
	credentials.TransportCredentials
	plain  credentials.TransportCredentials
	client atomic.Pointer[clientv3.Client]
}

// ClientHandshake implements credentials.TransportCredentials.
func (e *eachAddress) ClientHandshake(ctx context.Context, address string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	c := e.client.Load()
	if c != nil && slices.Contains(c.Endpoints(), "http://"+address) || conn.RemoteAddr().Network() == "unix" {
		return e.plain.ClientHandshake(ctx, address, conn)
	}
	return e.TransportCredentials.ClientHandshake(ctx, address, conn)
}

// Clone implements credentials.TransportCredentials.
func (e *eachAddress) Clone() credentials.TransportCredentials { return e }

// dialDelay is how long a client waits between attempts to connect, at most. The default of gRPC,
// two minutes, would be how long an agent goes on alone when its cluster is back.
const dialDelay = time.Second
