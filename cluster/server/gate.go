package server

import (
	"bytes"
	"context"
	"crypto/x509"
	"slices"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"mgmt/cluster/pki"
)

// A gate looks at each request of a client that shows a certificate, for connections outlive the
// moment at which they were allowed: a host whose certificate is revoked is out at once. And only
// signers may change what is stored of certificates and tokens.
type gate struct{ revoked *pki.Revocations }

func newGate(revoked string) gate { return gate{pki.NewRevocations(revoked)} }

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
	if cert == nil {
		return nil // on this machine
	}
	if err := g.revoked.Check(cert); err != nil {
		return status.Error(codes.Unauthenticated, err.Error())
	}
	if changesPKI(req) && !pki.MaySign(cert) {
		return status.Errorf(codes.PermissionDenied, "%s is not allowed to change what is stored of certificates and tokens; do it on a host that lets others in", cert.Subject.CommonName)
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

// changesPKI reports whether a request changes keys of the authority.
func changesPKI(req any) bool {
	switch r := req.(type) {
	case *etcdserverpb.PutRequest:
		return touchesPKI(r.GetKey(), nil)
	case *etcdserverpb.DeleteRangeRequest:
		return touchesPKI(r.GetKey(), r.GetRangeEnd())
	case *etcdserverpb.TxnRequest:
		return slices.ContainsFunc(r.GetSuccess(), opChangesPKI) || slices.ContainsFunc(r.GetFailure(), opChangesPKI)
	}
	return false
}

func opChangesPKI(op *etcdserverpb.RequestOp) bool {
	switch {
	case op.GetRequestPut() != nil:
		return changesPKI(op.GetRequestPut())
	case op.GetRequestDeleteRange() != nil:
		return changesPKI(op.GetRequestDeleteRange())
	case op.GetRequestTxn() != nil:
		return changesPKI(op.GetRequestTxn())
	}
	return false
}

var (
	pkiBegin = []byte("/_mgmt/pki/")
	pkiEnd   = []byte("/_mgmt/pki0")
)

// touchesPKI reports whether a key, or the range from it to an end, has keys of the authority.
func touchesPKI(key, end []byte) bool {
	switch {
	case len(end) == 0:
		return bytes.HasPrefix(key, pkiBegin)
	case len(end) == 1 && end[0] == 0: // to the last key
		return bytes.Compare(key, pkiEnd) < 0
	}
	return bytes.Compare(key, pkiEnd) < 0 && bytes.Compare(end, pkiBegin) > 0
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
