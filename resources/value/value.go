// Package value has the kind value, which keeps a value of any type and passes it on.
package value

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"mgmt/resource"
)

// Kind is the kind value.
var Kind = &resource.Kind{
	Name: "value",
	Doc:  "Holds a value of any type: stores it on this machine under the name of the resource, where value.get finds it, also after a restart, and sends it to other resources. It may be given in the program or received.",
	New:  func() resource.Resource { return &Resource{} },

	Publishes: true,
}

// Resource is a stored value.
type Resource struct {
	resource.Unwatched
	Any *any `mgmt:"any" doc:"The value. Unset removes what is stored."`

	env *resource.Env
}

// Sends is what a value passes on.
type Sends struct {
	Any *any `mgmt:"any" doc:"The value, or unset."`
}

func (r *Resource) Validate() error              { return nil }
func (r *Resource) Open(env *resource.Env) error { r.env = env; return nil }
func (r *Resource) Close() error                 { return nil }

// Update takes a new value.
func (r *Resource) Update(next resource.Resource) bool {
	r.Any = next.(*Resource).Any
	return true
}

func (r *Resource) value() any {
	if r.Any == nil {
		return nil
	}
	return *r.Any
}

// Check compares with what is stored.
func (r *Resource) Check(context.Context) ([]resource.Change, error) {
	have, err := r.env.Local.Value(r.env.ID.Name)
	if err != nil {
		return nil, err
	}
	want := r.value()
	if reflect.DeepEqual(have, want) {
		return nil, nil
	}
	return []resource.Change{{Param: "any", Old: text(have), New: text(want)}}, nil
}

// text writes a value as programs do, except that a string alone is bare.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "(unset)"
	case string:
		return v
	}
	return literal(v)
}

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case []any:
		return "[" + join(v, literal) + "]"
	case map[string]any:
		return "{" + join(slices.Sorted(maps.Keys(v)), func(k string) string { return strconv.Quote(k) + ": " + literal(v[k]) }) + "}"
	case [][2]any:
		return "{" + join(v, func(pair [2]any) string { return literal(pair[0]) + ": " + literal(pair[1]) }) + "}"
	}
	return fmt.Sprint(v)
}

func join[T any](list []T, text func(T) string) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = text(x)
	}
	return strings.Join(words, ", ")
}

// Apply stores the value.
func (r *Resource) Apply(context.Context, []resource.Change) error {
	_, err := r.env.Local.SetValue(r.env.ID.Name, r.value())
	return err
}

// Sends implements resource.Sender.
func (r *Resource) Sends() any { return &Sends{Any: r.Any} }
