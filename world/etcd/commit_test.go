package etcd

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mgmt/world"
)

// through returns a client whose calls go through an interceptor.
func (s *server) through(t *testing.T, intercept grpc.UnaryClientInterceptor) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{s.listen.String()}, DialOptions: []grpc.DialOption{grpc.WithUnaryInterceptor(intercept)},
	})
	must(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

// A transaction whose answers are lost is carried out once, and what it returns is how that went.
func TestCommitWithoutAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t)
	direct := New(s.client(t), Options{}).KV()
	for _, test := range []struct {
		what    string
		arrives []bool // each of the first attempts, whose answers are lost
		other   bool   // somebody else has been faster
		want    bool
	}{
		{"answered", nil, false, true},
		{"the answer is lost", []bool{true}, false, true},
		{"the request is lost", []bool{false}, false, true},
		{"both, one after the other", []bool{false, true}, false, true},
		{"somebody else is faster", nil, true, false},
		{"the same, and the answer is lost", []bool{true}, true, false},
		{"the same, and the request is lost", []bool{false}, true, false},
	} {
		attempts, missing := 0, test.arrives
		w := New(s.through(t, func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if method != etcdserverpb.KV_Txn_FullMethodName {
				return next(ctx, method, req, reply, conn, opts...)
			}
			if attempts++; len(missing) == 0 {
				return next(ctx, method, req, reply, conn, opts...)
			}
			arrives := missing[0]
			if missing = missing[1:]; arrives {
				if err := next(ctx, method, req, reply, conn, opts...); err != nil {
					return err
				}
			}
			return status.Error(codes.Unavailable, "the server that was asked is gone")
		}), Options{})
		key := "/deploy/" + test.what
		if test.other {
			_, err := direct.Commit(t.Context(), world.Txn{Put: map[string]string{key: "theirs"}})
			must(t, err)
		}
		txn := world.Txn{If: []world.Condition{world.Absent(key)}, Put: map[string]string{key: "ours", key + "/x": "y"}, Mark: key}
		if done, err := w.KV().Commit(t.Context(), txn); done != test.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", test.what, done, err, test.want)
		}
		if least := min(len(test.arrives)+1, 2); !test.want && attempts < least {
			t.Errorf("%s: %d attempts, want %d", test.what, attempts, least)
		}
		got, err := direct.Get(t.Context(), key)
		must(t, err)
		if want := map[bool]string{true: "ours", false: "theirs"}[test.want]; got[key] != want {
			t.Errorf("%s: there is %q, want %q", test.what, got[key], want)
		}
		w = New(s.client(t), Options{}) // an attempt that arrives after all
		if done, err := w.KV().Commit(t.Context(), txn); done || err != nil {
			t.Errorf("%s: it is carried out once more: %v, %v", test.what, done, err)
		}
	}
}

// One that does no harm when it is carried out twice is sent again, too, and who sends it reads nothing
// meanwhile that only some may read.
func TestRepeatableCommitWithoutAnswer(t *testing.T) {
	t.Parallel()
	s, attempts := serve(t), 0
	w := New(s.through(t, func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if r, ok := req.(*etcdserverpb.RangeRequest); ok && string(r.GetKey()) != alivePrefix {
			return status.Errorf(codes.PermissionDenied, "%s is not read by all", r.GetKey())
		}
		if method == etcdserverpb.KV_Txn_FullMethodName {
			if attempts++; attempts == 1 {
				return status.Error(codes.Unavailable, "the server that was asked is gone")
			}
		}
		return next(ctx, method, req, reply, conn, opts...)
	}), Options{})
	done, err := w.KV().Commit(t.Context(), world.Txn{Put: map[string]string{"/storage/x": "1"}, Delete: []string{"/storage/y"}})
	if !done || err != nil || attempts != 2 {
		t.Errorf("after %d attempts: %v, %v", attempts, done, err)
	}
}

// A transaction with conditions does not wait for the answer of a leader that died: etcd waits
// for that for five seconds, and two elections.
func TestCommitWhenTheLeaderDies(t *testing.T) {
	t.Parallel()
	all := serveThree(t)
	first := leaderOf(t, all)
	follower := "http://" + all[(first+1)%3].Clients[0].Addr().String()
	client, err := Dial([]string{follower}, nil)
	must(t, err)
	defer client.Close()
	store := New(client, Options{}).KV()
	number := 0
	commit := func() time.Duration {
		t.Helper()
		number++
		begin, key := time.Now(), fmt.Sprint("/deploy/", number)
		done, err := store.Commit(t.Context(), world.Txn{If: []world.Condition{world.Absent(key)}, Put: map[string]string{key: "x"}, Mark: key})
		if err != nil || !done {
			t.Fatalf("deploy %d: %v, %v", number, done, err)
		}
		return time.Since(begin)
	}
	commit()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		all[first].Server.HardStop() // it does not hand on the lead
	}()
	slowest := time.Duration(0)
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		slowest = max(slowest, commit())
	}
	<-stopped
	if t.Logf("the slowest took %v", slowest); slowest >= 5*time.Second {
		t.Error("that is as long as etcd waits")
	}
	got, err := store.List(t.Context(), "/deploy/")
	must(t, err)
	if len(got) != number {
		t.Errorf("there are %d of %d", len(got), number)
	}
}

// What keeps a store from taking writes is known.
func TestAils(t *testing.T) {
	s := serve(t)
	store := New(s.client(t), Options{}).KV().(world.Ailing)
	if what, err := store.Ails(t.Context()); what != nil || err != nil {
		t.Errorf("a store that is well: %v, %v", what, err)
	}
	_, err := etcdserverpb.NewMaintenanceClient(s.client(t).ActiveConnection()).Alarm(t.Context(), &etcdserverpb.AlarmRequest{
		Action: etcdserverpb.AlarmRequest_ACTIVATE, Alarm: etcdserverpb.AlarmType_NOSPACE,
	})
	must(t, err)
	if what, err := store.Ails(t.Context()); what != ErrFull || err != nil {
		t.Errorf("a store that is full: %v, %v", what, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if what, err := store.Ails(ctx); what != nil || err == nil {
		t.Errorf("a store that does not answer: %v, %v", what, err)
	}
}
