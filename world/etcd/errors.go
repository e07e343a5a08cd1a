package etcd

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Plain returns an error that reads as what went wrong, without the words that gRPC puts around it. It
// is the same error to those who look for its code.
func Plain(err error) error {
	if errors.Is(err, rpctypes.ErrNoSpace) {
		return ErrFull
	}
	s, ok := err.(interface{ GRPCStatus() *status.Status }) // as it is, not what it may wrap
	if !ok {
		return err
	}
	if _, done := err.(*callError); done {
		return err
	}
	return &callError{s.GRPCStatus()}
}

// codeOf returns the code of an error of the client.
func codeOf(err error) codes.Code {
	if known, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		return known.Code()
	}
	return status.Code(err)
}

// ErrFull is why a store takes no writes.
var ErrFull = errors.New("the store is full: it takes no writes until old deploys are removed (mgmt deploy prune) and it is compacted (mgmt cluster compact)")

// Reason returns why the store of a client is not reached, nil if it is. Calls of the client itself
// are made again until their time is over, and tell no more than that.
func Reason(ctx context.Context, client *clientv3.Client) error {
	_, err := etcdserverpb.NewClusterClient(client.ActiveConnection()).MemberList(ctx, &etcdserverpb.MemberListRequest{})
	return err
}

// Refused reports whether an error says that a store is reached, and that this client may not do there
// what it asked for.
func Refused(err error) bool { return status.Code(err) == codes.PermissionDenied }

var (
	// ErrNoQuorum is why a store that answers cannot be used.
	ErrNoQuorum = errors.New("too few of its servers run, or none leads yet")
	// ErrSilent is why a connection counts as lost on which nothing arrives.
	ErrSilent = errors.New("no server answers in time")
)

// Why returns why the store of a client does not do what it is asked.
func Why(ctx context.Context, client *clientv3.Client) error {
	switch err := Reason(ctx, client); {
	case err == nil:
		return ErrNoQuorum
	case late(err):
		return ErrSilent
	default:
		return err
	}
}

// late reports whether the time for a request was over before there was an answer.
func late(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || codeOf(err) == codes.DeadlineExceeded
}

// A callError is why a call of a client did not work.
type callError struct{ status *status.Status }

// GRPCStatus lets the client find the code.
func (e *callError) GRPCStatus() *status.Status { return e.status }

const hangsUp = "what listens there hangs up: it is no etcd, or wants TLS and a certificate"

// symptoms are parts of what gRPC says when a connection does not come about, with what they mean.
var symptoms = []struct{ part, meaning string }{
	{"looked like an HTTP/1.1 header", "what listens there is no etcd, or wants TLS: is it https, and is the port right?"},
	{"server preface: EOF", hangsUp},
	{"connection reset by peer", hangsUp},
	{"broken pipe", hangsUp},
	{"frame too large", "what listens there is no etcd, or wants TLS: is it https, and is the port right?"},
	{"unexpected HTTP status code", "what listens there is no etcd: is the port right?"},
	{"first record does not look like a TLS handshake", "what listens there takes no TLS: is it http?"},
}

// Error implements error.
func (e *callError) Error() string {
	text := e.status.Message()
	for _, s := range symptoms {
		if strings.Contains(text, s.part) {
			return s.meaning
		}
	}
	if _, cause, ok := strings.Cut(text, "connection error: desc = "); ok {
		text = strings.TrimPrefix(strings.Trim(cause, `"`), "transport: ")
	}
	for _, prefix := range []string{"Error while dialing: ", "authentication handshake failed: ", "error reading server preface: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// plainCall makes the errors of calls plain.
func plainCall(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return Plain(invoke(ctx, method, req, reply, conn, opts...))
}
