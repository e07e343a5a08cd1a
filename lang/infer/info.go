package infer

import (
	"mgmt/lang/types"
)

// Kinds is what inference needs to know of resources.
type Kinds interface {
	// Kind returns what is known of a resource kind, or nil.
	Kind(name string) *Kind
	// Names lists the kinds, for suggestions.
	Names() []string
}

// A Kind is the language's view of a resource kind.
type Kind struct {
	Name   string
	Fields []types.Field // a variant field takes anything
	// Optional has the fields that may be unset.
	Optional map[string]bool
	// Widths gives the Go type of number fields that are narrower than the language's
	// ("int8", "float32", …), for send and receive.
	Widths map[string]string
	// Sends are the keys the kind can send; nil if it sends nothing.
	Sends         []types.Field
	SendsOptional map[string]bool
}

// An Instance is one use of a polymorphic definition (a named function, or a
// class): its type variables bound to types. The nil Instance is code outside of
// any.
type Instance struct {
	outer *Instance
	vars  []*types.Type
}
