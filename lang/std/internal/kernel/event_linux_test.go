package kernel

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestFollow asks the kernel to report the loopback interface once more.
func TestFollowEvents(t *testing.T) {
	if socket, err := listen(); err != nil {
		t.Skipf("the kernel lets nobody listen: %v", err)
	} else {
		socket.Close()
	}
	const lo = "/sys/class/net/lo/uevent"
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	calls := 0
	err := FollowEvents(ctx, "net", func() error {
		if calls++; calls == 3 {
			cancel()
			return nil
		}
		return os.WriteFile(lo, []byte("change"), 0)
	})
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		t.Skipf("cannot make an event: %v", err)
	}
	if err != context.Canceled || calls != 3 {
		t.Errorf("it returned %v after %d calls, want 3", err, calls)
	}
}

func TestFollowEventsReturnsTheErrorOfRead(t *testing.T) {
	want := errors.New("unreadable")
	if err := FollowEvents(t.Context(), "cpu", func() error { return want }); err != want {
		t.Errorf("got %v", err)
	}
}

func TestEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		calls := 0
		err := everyMinute(ctx, func() error { calls++; return nil })
		if err != context.DeadlineExceeded || calls != 3 {
			t.Errorf("it returned %v after %d calls, want 3", err, calls)
		}
	})
}
