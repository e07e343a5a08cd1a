// Package uevent tells when the kernel adds or removes a device or module.
package uevent

import (
	"context"
	"time"
)

// everyMinute is for where the kernel lets nobody listen, as in some containers.
func everyMinute(ctx context.Context, read func() error) error {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		if err := read(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
