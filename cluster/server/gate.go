package server

import (
	"context"
	"crypto/x509"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"mgmt/cluster/pki"
)

// A gate looks at each request of a client, for connections outlive the moment at which they were
// allowed: a host whose certificate is revoked is out at once. What a client may change depends on
// its certificate (rights.go).
type gate struct {
	revoked *pki.Revocations
	own     string // the file with the certificate of this host
}

func newGate(own, revoked string) gate { return gate{pki.NewRevocations(revoked), own} }

func (g gate) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := g.check(ctx, req); err != nil {
				return nil, err
			}
			return next(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := g.check(stream.Context(), nil); err != nil {
				return err
			}
			return next(srv, &gatedStream{stream, g})
		}),
	}
}

// check returns why a client may not ask for something.
func (g gate) check(ctx context.Context, req any) error {
	cert := shown(ctx)
	if cert != nil {
		if err := g.revoked.Check(cert); err != nil {
			return status.Error(codes.Unauthenticated, err.Error())
		}
	}
	for c := range changes(req) {
		if err := g.allow(cert, c); err != nil {
			return err
		}
	}
	return nil
}

// allow returns why the client with a certificate may not make a change. One on this machine that
// shows none may do what this host may, and what each host may do for itself: several agents may
// share the machine.
func (g gate) allow(cert *x509.Certificate, c change) error {
	here := cert == nil
	if here {
		var err error
		if cert, err = pki.ReadCertificate(g.own); err != nil {
			return status.Errorf(codes.Unavailable, "finding out what this host may change: %v", err)
		}
	}
	r := rightsOf(cert)
	r.here = here
	if err := r.check(c); err != nil {
		return status.Error(codes.PermissionDenied, err.Error())
	}
	return nil
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
	gate gate
}

// RecvMsg implements grpc.ServerStream.
func (s *gatedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return s.gate.check(s.Context(), nil)
}

// SendMsg implements grpc.ServerStream.
func (s *gatedStream) SendMsg(m any) error {
	if err := s.gate.check(s.Context(), nil); err != nil {
		return err
	}
	return s.ServerStream.SendMsg(m)
}
