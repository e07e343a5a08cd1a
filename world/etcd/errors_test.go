package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mgmt/world/etcd"
)

func TestPlain(t *testing.T) {
	plain := errors.New("not of gRPC")
	if got := etcd.Plain(plain); got != plain {
		t.Errorf("got %v", got)
	}
	if got := etcd.Plain(nil); got != nil {
		t.Errorf("no error became %v", got)
	}
	if got := etcd.Plain(fmt.Errorf("put: %w", rpctypes.ErrNoSpace)); !errors.Is(got, etcd.ErrFull) || strings.Contains(got.Error(), "etcdserver") {
		t.Errorf("a full store makes %v", got)
	}
	for text, want := range map[string]string{
		"a is not allowed": "a is not allowed",
		`connection error: desc = "transport: Error while dialing: dial tcp 192.0.2.1:2379: connect: no route to host"`: "dial tcp 192.0.2.1:2379: connect: no route to host",
		`connection error: desc = "transport: authentication handshake failed: tls: expired certificate"`:               "tls: expired certificate",
	} {
		got := etcd.Plain(etcd.Plain(status.Error(codes.Unavailable, text)))
		if got.Error() != want || status.Code(got) != codes.Unavailable {
			t.Errorf("got %q with code %v, want %q", got, status.Code(got), want)
		}
	}
}

// TestReason: who names a wrong address is told what is there instead.
func TestReason(t *testing.T) {
	for _, test := range []struct{ greeting, want string }{
		{"", "hangs up"},
		{"HTTP/1.1 400 Bad Request\r\n\r\n", "no etcd"},
		{"HTTP/1.0 501 Unsupported method ('PRI')\r\nServer: other\r\nConnection: close\r\n\r\n<!DOCTYPE HTML>", "no etcd"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(conn, test.greeting)
				conn.Close()
			}
		}()
		client, err := etcd.Dial([]string{"http://" + l.Addr().String()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := etcd.Reason(ctx, client); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "rpc error") {
			t.Errorf("something that says %q: got %v, want %q in it", test.greeting, err, test.want)
		}
	}
}
