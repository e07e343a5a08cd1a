package server

import (
	"context"
	"crypto/x509"
	"strings"
	"sync"
	"sync/atomic"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"mgmt/cluster"
	"mgmt/cluster/pki"
)

// A gate looks at each request of a client, for connections outlive the moment at which they were
// allowed: a host whose certificate is revoked is out at once. What a client may change and read
// depends on its certificate (rights.go), and so does what it may call (calls.go). One that shows
// none is to be of a user of this machine who may be here (users.go).
type gate struct {
	revoked *pki.Revocations
	own     *pki.CertificateFile // of this host; nil if the cluster has no certificates
	users   users
	hosts   hosts
}

func newGate(cfg cluster.ServerConfig) *gate {
	g := &gate{users: usersOf(cfg)}
	if cfg.TLS != nil {
		g.revoked, g.own = pki.NewRevocations(cfg.TLS.Revoked), pki.NewCertificateFile(cfg.TLS.Cert)
	}
	return g
}

// open tells the gate which server is behind it.
func (g *gate) open(s *etcdserver.EtcdServer) { g.hosts.server.Store(s) }

// roles reports whether the certificates of the cluster say what hosts may do.
func (g *gate) roles() bool {
	cert, err := g.own.Certificate()
	return err != nil || pki.HasRoles(cert)
}

func (g *gate) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.Creds(&plain{users: g.users}),
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := g.check(ctx, info.FullMethod, req); err != nil {
				return nil, err
			}
			return next(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := g.check(stream.Context(), info.FullMethod, nil); err != nil {
				return err
			}
			return next(srv, &gatedStream{ServerStream: stream, gate: g, method: info.FullMethod})
		}),
	}
}

// check returns why a client may not ask for something. Without a request it says why the client may
// not be there at all.
func (g *gate) check(ctx context.Context, method string, req any) error {
	cert := shown(ctx)
	switch {
	case cert != nil:
		if err := g.revoked.Check(cert); err != nil {
			return status.Error(codes.Unauthenticated, err.Error())
		}
	case refusal(ctx) != nil:
		return status.Error(codes.PermissionDenied, refusal(ctx).Error())
	case g.own == nil:
		return nil
	}
	r, err := g.rights(cert)
	if err != nil {
		return err
	}
	if err := r.allow(method, req); err != nil {
		return status.Error(codes.PermissionDenied, err.Error())
	}
	return nil
}

// present returns why the client of a stream is out.
func (g *gate) present(ctx context.Context) error {
	if cert := shown(ctx); cert != nil {
		if err := g.revoked.Check(cert); err != nil {
			return status.Error(codes.Unauthenticated, err.Error())
		}
	}
	return nil
}

// rights returns those of the client with a certificate. One on this machine that shows none may do
// what this host may, and what each host may do for itself: several agents may share the machine.
func (g *gate) rights(cert *x509.Certificate) (rights, error) {
	here := cert == nil
	if here {
		var err error
		if cert, err = g.own.Certificate(); err != nil {
			return rights{}, status.Errorf(codes.Unavailable, "finding out what this host may do: %v", err)
		}
	}
	r := rightsOf(cert, &g.hosts)
	r.here = here
	return r, nil
}

// shown returns the certificate of a client, nil if the connection has none.
func shown(ctx context.Context) *x509.Certificate {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return nil
	}
	return info.State.PeerCertificates[0]
}

// A gatedStream looks at each message of a stream.
type gatedStream struct {
	grpc.ServerStream
	gate   *gate
	method string
	send   sync.Mutex // is held while a message is sent: the handler and the gate both do
}

// RecvMsg implements grpc.ServerStream. A watch that is not allowed is answered here, for the
// others on the same stream go on.
func (s *gatedStream) RecvMsg(m any) error {
	for {
		if err := s.ServerStream.RecvMsg(m); err != nil {
			return err
		}
		watch, ok := m.(*etcdserverpb.WatchRequest)
		if !ok {
			return s.gate.check(s.Context(), s.method, m)
		}
		if watch.GetCreateRequest() == nil {
			return s.gate.present(s.Context())
		}
		err := s.gate.check(s.Context(), s.method, watch.GetCreateRequest())
		if status.Code(err) != codes.PermissionDenied {
			return err
		}
		if err := s.SendMsg(refusedWatch(err)); err != nil {
			return err
		}
		watch.Reset()
	}
}

// SendMsg implements grpc.ServerStream.
func (s *gatedStream) SendMsg(m any) error {
	if err := s.gate.present(s.Context()); err != nil {
		return err
	}
	s.send.Lock()
	defer s.send.Unlock()
	return s.ServerStream.SendMsg(m)
}

// refusedWatch is the answer to a watch that is not begun.
func refusedWatch(why error) *etcdserverpb.WatchResponse {
	return &etcdserverpb.WatchResponse{
		Header: &etcdserverpb.ResponseHeader{}, WatchId: clientv3.InvalidWatchID,
		Created: true, Canceled: true, CancelReason: status.Convert(why).Message(),
	}
}

// hosts is what the store of a server says of the hosts. Before it is there, it says nothing.
type hosts struct {
	server atomic.Pointer[etcdserver.EtcdServer]
}

// Serves implements register.
func (h *hosts) Serves(host string) bool {
	s := h.server.Load()
	if s == nil {
		return false
	}
	for _, m := range s.Cluster().Members() {
		if m.Name == host {
			return true
		}
	}
	return false
}

// Knows implements register.
func (h *hosts) Knows(host string) bool {
	s := h.server.Load()
	if s == nil {
		return true
	}
	key := []byte(authorityPrefix + "host/" + strings.ToLower(host))
	r, err := s.KV().Range(context.Background(), key, nil, mvcc.RangeOptions{CountOnly: true})
	return err != nil || r.Count > 0
}
