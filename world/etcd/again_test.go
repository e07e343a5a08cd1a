package etcd

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mgmt/world"
)

// A write goes to the next server when the one that was asked is being stopped, and no other
// failure is hidden.
func TestAgain(t *testing.T) {
	stopped := status.Error(codes.Unknown, "raft: stopped")
	other := errors.New("no space")
	for _, test := range []struct {
		name  string
		fails []error // of the first calls
		want  error
		calls int
	}{
		{"done", nil, nil, 1},
		{"leaving", []error{stopped, rpctypes.ErrStopped}, nil, 3},
		{"other", []error{stopped, other}, other, 2},
		{"for good", []error{stopped, stopped, stopped, stopped, stopped, stopped, stopped, stopped}, stopped, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				calls := 0
				err := again(ctx, func() error {
					calls++
					if calls <= len(test.fails) {
						return test.fails[calls-1]
					}
					return nil
				})
				if err != test.want || calls != test.calls {
					t.Errorf("got %v after %d calls, want %v after %d", err, calls, test.want, test.calls)
				}
			})
		})
	}
}

// A write that is not answered is done once more, unless it has been carried out.
func TestInsist(t *testing.T) {
	refused := status.Error(codes.PermissionDenied, "no")
	dropped := status.Error(codes.Unknown, "raft proposal dropped")
	for _, test := range []struct {
		name   string
		lost   int   // as many writes are not answered
		fail   error // of the next one
		landed bool  // what was not answered was carried out
		want   error
		writes int
	}{
		{"answered", 0, nil, false, nil, 1},
		{"refused", 0, refused, false, refused, 1},
		{"lost", 1, nil, false, nil, 2},
		{"lost twice", 2, nil, false, nil, 3},
		{"lost, then refused", 1, refused, false, refused, 2},
		{"carried out all the same", 1, nil, true, nil, 1},
		{"dropped", 0, dropped, false, nil, 2},
		{"no leader", 0, rpctypes.ErrNoLeader, false, nil, 2},
		{"its leader failed", 0, rpctypes.ErrTimeoutDueToLeaderFail, false, nil, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, writes := time.Now(), 0
				err := insist(t.Context(), func(ctx context.Context) error {
					writes++
					switch {
					case writes <= test.lost:
						<-ctx.Done()
						return ctx.Err()
					case writes == test.lost+1:
						return test.fail
					}
					return nil
				}, func(context.Context) (bool, error) { return test.landed, nil })
				took := (1<<test.lost-1)*answerLimit + time.Duration(test.writes-1)*retryMin
				if err != test.want || writes != test.writes || time.Since(begin) != took {
					t.Errorf("got %v after %d writes and %v, want %v after %d and %v", err, writes, time.Since(begin), test.want, test.writes, took)
				}
			})
		})
	}
}

// Nobody insists for longer than the caller waits, and why is said.
func TestInsistEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*answerLimit/2)
		defer cancel()
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		err := insist(ctx, hang, func(ctx context.Context) (bool, error) { return false, hang(ctx) })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that the deadline has passed", err)
		}
	})
}

// What a transaction has done does not keep it from being carried out once more, or it is not.
func TestRepeatable(t *testing.T) {
	put := map[string]string{"a": "1"}
	for _, test := range []struct {
		what string
		txn  world.Txn
		want bool
	}{
		{"no conditions", world.Txn{Put: put, Delete: []string{"b"}}, true},
		{"another key", world.Txn{If: []world.Condition{world.Equals("c", "1"), world.Exists("d"), world.Absent("e")}, Put: put}, true},
		{"it exists", world.Txn{If: []world.Condition{world.Exists("a")}, Put: put}, true},
		{"it is new", world.Txn{If: []world.Condition{world.Absent("a")}, Put: put}, false},
		{"it is replaced", world.Txn{If: []world.Condition{world.Equals("a", "0")}, Put: put}, false},
		{"it stays", world.Txn{If: []world.Condition{world.Equals("a", "1")}, Put: put}, true},
		{"it is deleted", world.Txn{If: []world.Condition{world.Exists("a")}, Delete: []string{"a"}}, false},
		{"the last of that value is deleted", world.Txn{If: []world.Condition{world.Equals("a", "1")}, Delete: []string{"a"}}, false},
		{"it is gone already", world.Txn{If: []world.Condition{world.Absent("a")}, Delete: []string{"a"}}, true},
	} {
		if got := repeatable(test.txn); got != test.want {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
}
