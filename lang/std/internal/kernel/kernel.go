// Package kernel tells when the kernel has news: [FollowEvents] when a device or module
// comes or goes, [FollowFile] when the content of one of its own files changes.
package kernel

import (
	"context"
	"time"
)

// everyMinute calls read at once and then once a minute. It is for where the kernel lets
// nobody listen, as in some containers.
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
