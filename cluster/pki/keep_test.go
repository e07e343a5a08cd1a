package pki

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestKeepRenewsInTime(t *testing.T) {
	dir := Dir(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		authority, err := Found(dir, "first", nil)
		if err != nil {
			t.Fatal(err)
		}
		signer := &Signer{Authority: authority, Store: &memory{}}
		ctx, cancel := context.WithTimeout(t.Context(), 100*24*time.Hour)
		defer cancel()
		renewals, failures := 0, 0
		err = Keep(ctx, dir, slog.New(slog.DiscardHandler), func(ctx context.Context) error {
			if failures < 5 {
				failures++
				return errors.New("no signer")
			}
			renewals++
			if err := dir.Files().Check("first", time.Now()); err != nil {
				t.Errorf("too late: %v", err)
			}
			return signer.Recertify(ctx, dir, nil)
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
		}
		if renewals != 5 || failures != 5 {
			t.Errorf("got %d renewals and %d failures in 100 days, want 5 and 5", renewals, failures)
		}
	})
}
