//go:build !linux

package uevent

import "context"

// Follow calls read at once and then once a minute, until ctx ends or read fails.
func Follow(ctx context.Context, _ string, read func() error) error { return everyMinute(ctx, read) }
