// Package noop has the kind noop, which does nothing: a place for edges to meet.
package noop

import (
	"context"

	"mgmt/resource"
)

// Kind is the kind noop.
var Kind = &resource.Kind{
	Name: "noop",
	Doc:  "Does nothing and is always right. It serves as a common end of edges; a notification that reaches it is logged.",
	New:  func() resource.Resource { return &Resource{} },
}

// Resource is a noop.
type Resource struct {
	resource.Unwatched
	Comment string `mgmt:"comment" doc:"Free text."`

	env *resource.Env
}

func (r *Resource) Validate() error                                  { return nil }
func (r *Resource) Open(env *resource.Env) error                     { r.env = env; return nil }
func (r *Resource) Close() error                                     { return nil }
func (r *Resource) Check(context.Context) ([]resource.Change, error) { return nil, nil }
func (r *Resource) Apply(context.Context, []resource.Change) error   { return nil }

// Refresh logs that a notification came.
func (r *Resource) Refresh(context.Context) error {
	r.env.Log.Info("notified")
	return nil
}
