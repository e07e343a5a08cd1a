//go:build !linux

package kernel

import "context"

// FollowEvents calls read at once and then once a minute, until ctx ends or read fails.
func FollowEvents(ctx context.Context, _ string, read func() error) error {
	return everyMinute(ctx, read)
}

// FollowFile calls read at once and then once a minute, until ctx ends or read fails.
func FollowFile(ctx context.Context, _ string, read func() error) error {
	return everyMinute(ctx, read)
}
