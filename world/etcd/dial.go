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
)

// Dial returns a client of the cluster that is reached through some of its client URLs. It
// connects in the background, and again whenever the connection is lost: an attempt begins at
// most dialDelay after the last one failed. tls may be nil.
func Dial(urls []string, tls *tls.Config) (*clientv3.Client, error) {
	return DialThrough(nil, urls, tls)
}

// A Dialer connects to HOST:PORT, or to unix:PATH.
type Dialer func(ctx context.Context, addr string) (net.Conn, error)

// DialThrough is [Dial] with connections that a dialer makes; nil makes them directly.
func DialThrough(dialer Dialer, urls []string, tls *tls.Config) (*clientv3.Client, error) {
	var options []grpc.DialOption
	if dialer != nil {
		options = append(options, grpc.WithContextDialer(dialer))
	}
	return dial(urls, clientv3.Config{
		DialOptions:          options,
		TLS:                  tls,
		DialKeepAliveTime:    2 * time.Second,
		DialKeepAliveTimeout: 6 * time.Second,
	})
}

// DialLocal is Dial for a cluster that is on this machine. The kernel tells when the other end of
// a connection is gone, so an idle one is not asked whether it is alive.
func DialLocal(urls []string, tls *tls.Config) (*clientv3.Client, error) {
	return dial(urls, clientv3.Config{TLS: tls})
}

func dial(urls []string, config clientv3.Config) (*clientv3.Client, error) {
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
		each = &eachAddress{TransportCredentials: credentials.NewTLS(config.TLS)}
		config.DialOptions = append(config.DialOptions, grpc.WithTransportCredentials(each))
	}
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
	client atomic.Pointer[clientv3.Client]
}

// ClientHandshake implements credentials.TransportCredentials.
func (e *eachAddress) ClientHandshake(ctx context.Context, address string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	c := e.client.Load()
	if c != nil && slices.Contains(c.Endpoints(), "http://"+address) || conn.RemoteAddr().Network() == "unix" {
		return insecure.NewCredentials().ClientHandshake(ctx, address, conn)
	}
	return e.TransportCredentials.ClientHandshake(ctx, address, conn)
}

// Clone implements credentials.TransportCredentials.
func (e *eachAddress) Clone() credentials.TransportCredentials { return e }

// dialDelay is how long a client waits between attempts to connect, at most. The default of gRPC,
// two minutes, would be how long an agent goes on alone when its cluster is back.
const dialDelay = time.Second
