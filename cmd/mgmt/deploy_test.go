package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"mgmt/deploy"
	"mgmt/world"
)

// An unreached store answers nobody.
type unreached struct{ world.KV }

func (unreached) List(ctx context.Context, _ string) (map[string]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestInterruptedPublishing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := publish(ctx, unreached{}, deploy.Plan{}, &streams{out: io.Discard, err: io.Discard})
	if r != nil || err == nil || !strings.HasPrefix(err.Error(), "interrupted ") {
		t.Errorf("got %v, %v; want that it was interrupted", r, err)
	}
}
