package etcd

import (
	"context"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A detour keeps the first transaction that a client sends, says that nobody answered, and
// delivers it when it is told to.
type detour struct {
	deliver func() error // nil before there is one
}

func (d *detour) intercept(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if method != etcdserverpb.KV_Txn_FullMethodName || d.deliver != nil {
		return next(ctx, method, req, reply, conn, opts...)
	}
	late := context.WithoutCancel(ctx)
	d.deliver = func() error { return next(late, method, req, new(etcdserverpb.TxnResponse), conn) }
	return status.Error(codes.Unavailable, "the server that was asked is gone")
}

// A write that got no answer is done again, and when the first attempt arrives after all it does
// not undo what was written since.
func TestLateWrite(t *testing.T) {
	s, d := serve(t), &detour{}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{s.listen.String()}, DialOptions: []grpc.DialOption{grpc.WithUnaryInterceptor(d.intercept)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w := New(client, Options{Host: "a"})
	for _, value := range []string{"one", "two"} {
		if err := w.SetString(t.Context(), "x", value); err != nil {
			t.Fatal(err)
		}
	}
	if d.deliver == nil {
		t.Fatal("no write was held back")
	}
	if err := d.deliver(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := w.GetString(t.Context(), "x"); got != "two" || err != nil {
		t.Errorf("the value is %q, %v; want that of the last write", got, err)
	}
}

// What somebody else has written meanwhile is replaced.
func TestWriteAfterOthers(t *testing.T) {
	s := serve(t)
	a, b := New(s.client(t), Options{Host: "a"}), New(s.client(t), Options{Host: "b"})
	for i, w := range []*World{a, b, a, b} {
		want := []string{"1", "2", "3", ""}[i]
		write := func() error { return w.SetString(t.Context(), "x", want) }
		if want == "" {
			write = func() error { return w.DeleteString(t.Context(), "x") }
		}
		if err := write(); err != nil {
			t.Fatal(err)
		}
		if got, _, err := a.GetString(t.Context(), "x"); got != want || err != nil {
			t.Errorf("the value is %q, %v; want %q", got, err, want)
		}
		a.seen.Store(0) // as after its start
	}
}
