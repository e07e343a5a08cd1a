// Package world is what the agents of a cluster share, as small interfaces.
//
// A single agent is a cluster of one: world/mem implements everything in memory.
// No program notices which implementation it runs on.
package world

import "context"

// A World is the view that one agent has of what all agents share. Each Watch
// method calls emit with the present state at once and again after every change,
// from one goroutine, until ctx ends, and then returns ctx.Err().
type World interface {
	// Host is the name of this agent.
	Host() string
	Strings
	Exchange
	Scheduler
}

// Strings are values of the whole cluster, each under a key.
type Strings interface {
	GetString(ctx context.Context, key string) (value string, exists bool, err error)
	SetString(ctx context.Context, key, value string) error
	DeleteString(ctx context.Context, key string) error
	WatchString(ctx context.Context, key string, emit func(value string, exists bool)) error
}

// Exchange is a value of each host under a common namespace.
type Exchange interface {
	// SetValue stores this host's value; DeleteValue removes it.
	SetValue(ctx context.Context, namespace, value string) error
	DeleteValue(ctx context.Context, namespace string) error
	// WatchValues delivers the values by host name. The map is the receiver's.
	WatchValues(ctx context.Context, namespace string, emit func(values map[string]string)) error
}

// Scheduler picks hosts for a namespace from those that offer themselves.
type Scheduler interface {
	// Offer enters this host until ctx ends, and then withdraws it. It returns
	// ctx.Err(), or why the offer could not be kept up.
	Offer(ctx context.Context, namespace string, opts ScheduleOptions) error
	// WatchSchedule delivers the picked hosts, sorted by name.
	WatchSchedule(ctx context.Context, namespace string, emit func(hosts []string)) error
}

// ScheduleOptions say how hosts are picked for a namespace.
type ScheduleOptions struct {
	Strategy string // "rr" (default) or "alpha"
	Max      int    // hosts to pick; 0 means the default, 1
	Persist  bool   // the offer outlives the agent until it is withdrawn
	TTL      int    // seconds after which a silent host is dropped; 0 means the default, 10
}
