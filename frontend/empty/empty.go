// Package empty is the front end that wants nothing: an agent that runs it removes what an
// earlier graph of the same agent had, and then waits.
package empty

import (
	"context"

	"mgmt/resource"
)

// A Frontend yields one graph without resources.
type Frontend struct{}

// Run implements frontend.Frontend.
func (Frontend) Run(ctx context.Context, submit func(context.Context, resource.Delta) error) error {
	if err := submit(ctx, resource.Delta{}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}
