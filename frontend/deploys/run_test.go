package deploys

import (
	"context"
	"log/slog"
	"testing"

	"mgmt/deploy"
	"mgmt/resource"
)

// A program that has come into force has done so even if it ends at that moment, as it does when the
// agent has converged and ends.
func TestInForceAtTheEnd(t *testing.T) {
	f := &Frontend{opts: Options{Log: slog.New(slog.DiscardHandler)}}
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		g := &gate{submit: func(context.Context, resource.Delta) error { cancel(); return nil }}
		if _, err := f.start(ctx, ctx, g, &deploy.Delivery{}); err != nil {
			t.Fatal(err)
		}
	}
}
