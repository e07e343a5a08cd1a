// Package print has the kind print, which writes a message to the log.
package print

import (
	"context"

	"mgmt/resource"
)

// Kind is the kind print.
var Kind = &resource.Kind{
	Name: "print",
	Doc:  "Prints a message to the log: once, and again whenever the message changes. Printing counts as work, so it notifies.",
	Acts: true,
	New:  func() resource.Resource { return &Resource{} },
}

// Resource is a message to print.
type Resource struct {
	resource.Unwatched
	Msg         string `mgmt:"msg" doc:"The message. An empty one prints the name of the resource."`
	RefreshOnly bool   `mgmt:"refresh_only" doc:"Print only when another resource notifies this one."`

	env     *resource.Env
	printed *string // what was printed last
}

func (r *Resource) Validate() error              { return nil }
func (r *Resource) Open(env *resource.Env) error { r.env = env; return nil }
func (r *Resource) Close() error                 { return nil }

// Update takes a new message without forgetting which one was printed.
func (r *Resource) Update(next resource.Resource) bool {
	n := next.(*Resource)
	r.Msg, r.RefreshOnly = n.Msg, n.RefreshOnly
	return true
}

// Check reports a message that has not been printed.
func (r *Resource) Check(context.Context) ([]resource.Change, error) {
	if r.RefreshOnly || r.printed != nil && *r.printed == r.Msg {
		return nil, nil
	}
	return []resource.Change{{Param: "msg", New: r.text()}}, nil
}

// Apply prints: the change is shown in the log, and that is the message.
func (r *Resource) Apply(context.Context, []resource.Change) error {
	msg := r.Msg
	r.printed = &msg
	return nil
}

// Refresh prints the message of a resource that waits for notifications.
func (r *Resource) Refresh(context.Context) error {
	if r.RefreshOnly {
		r.env.Log.Info(r.text())
	}
	return nil
}

func (r *Resource) text() string {
	if r.Msg == "" {
		return r.env.ID.Name
	}
	return r.Msg
}
