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
