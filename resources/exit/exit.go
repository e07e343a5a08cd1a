// Package exit has the kind exit, which ends the agent.
package exit

import (
	"context"
	"fmt"

	"mgmt/resource"
)

// maxCode is the greatest exit status a resource may ask for. Those above have a meaning to
// shells.
const maxCode = 125

// Kind is the kind exit.
var Kind = &resource.Kind{
	Name: "exit",
	Doc:  "Makes the agent shut down in order and exit with a status, when it is this resource's turn.",
	Acts: true,
	New:  func() resource.Resource { return &Resource{} },
}

// Resource asks for the end of the agent.
type Resource struct {
	resource.Unwatched
	Code uint8 `mgmt:"code" doc:"The exit status, 0 to 125."`

	env *resource.Env
}

// Validate checks the status.
func (r *Resource) Validate() error {
	if r.Code > maxCode {
		return &resource.ParamError{Param: "code", Err: fmt.Errorf("is %d; the greatest exit status is %d", r.Code, maxCode)}
	}
	return nil
}

func (r *Resource) Open(env *resource.Env) error { r.env = env; return nil }
func (r *Resource) Close() error                 { return nil }

// Check reports that the agent is running.
func (r *Resource) Check(context.Context) ([]resource.Change, error) {
	return []resource.Change{{Param: "code", Note: fmt.Sprintf("exit with status %d", r.Code)}}, nil
}

// Apply asks the agent to end.
func (r *Resource) Apply(context.Context, []resource.Change) error {
	r.env.Exit(int(r.Code))
	return nil
}
