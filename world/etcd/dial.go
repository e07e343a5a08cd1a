package etcd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
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
		PermitWithoutStream:  true,
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
	client, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("reaching the cluster at %q: %w", urls, err)
	}
	return client, nil
}

// dialDelay is how long a client waits between attempts to connect, at most. The default of gRPC,
// two minutes, would be how long an agent goes on alone when its cluster is back.
const dialDelay = time.Second
