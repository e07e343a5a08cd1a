package resource

import "context"

// A Grouper can be applied together with others of its kind, such as the packages that
// one transaction of a package manager installs. Each is checked by itself; those that
// differ are applied by one call.
type Grouper interface {
	// GroupKey says with which others of its kind it may be applied: those with the
	// same key. It is asked of the resource as the program wants it, before any value
	// is received. Of one key no two are ever applied at once, also where they are not
	// applied together. A resource with the key "" is applied like those of other kinds.
	GroupKey() string
	// ApplyGroup does what Apply does, for all members, which are two or more; the
	// receiver is one of them. It leaves in Err what went wrong with each. No member
	// depends on another.
	ApplyGroup(ctx context.Context, members []*Member)
}

// A Member is one of those that are applied together.
type Member struct {
	Resource Resource
	Changes  []Change // that its check found
	Err      error
}
