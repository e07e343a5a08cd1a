// Package panic has the internal kind _panic, which stands for a panic statement that has not
// struck. Programs cannot write it.
package panic

import (
	"context"

	"mgmt/resource"
)

// Kind is the kind _panic.
var Kind = &resource.Kind{
	Name: "_panic",
	Doc:  "Internal: is always right.",
	New:  func() resource.Resource { return &Resource{} },
}

// Resource is always right.
type Resource struct{ resource.Unwatched }

func (*Resource) Validate() error                                  { return nil }
func (*Resource) Check(context.Context) ([]resource.Change, error) { return nil, nil }
func (*Resource) Apply(context.Context, []resource.Change) error   { return nil }
