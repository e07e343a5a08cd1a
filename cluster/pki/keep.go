package pki

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// How often a renewal that failed is tried again.
const (
	firstRetry = time.Minute
	lastRetry  = time.Hour
)

// Keep calls renew whenever two thirds of the life of the host's certificate have passed, until
// ctx ends.
func Keep(ctx context.Context, dir Dir, log *slog.Logger, renew func(context.Context) error) error {
	for retry := firstRetry; ; {
		cert, err := dir.current()
		if err != nil {
			return err
		}
		end := cert.Leaf.NotAfter
		due := end.Add(-end.Sub(cert.Leaf.NotBefore) / 3)
		if err := waitUntil(ctx, due); err != nil {
			return err
		}
		if err := renew(ctx); err != nil {
			log.Warn(fmt.Sprintf("the certificate of this host could not be renewed; it is good until %s", end.Local().Format(time.DateTime)), "error", err)
			if err := wait(ctx, retry); err != nil {
				return err
			}
			retry = min(2*retry, lastRetry)
			continue
		}
		log.Info("the certificate of this host is renewed")
		retry = firstRetry
	}
}

// lookAgain is how often the clock is read: timers do not notice when it is set, and they stand
// still while a machine sleeps.
const lookAgain = 10 * time.Minute

// waitUntil waits for a time of day.
func waitUntil(ctx context.Context, due time.Time) error {
	for {
		left := time.Until(due)
		if left <= 0 {
			return ctx.Err()
		}
		if err := wait(ctx, min(left, lookAgain)); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
