// Package world describes what the agents of a cluster share, as small interfaces: values of the
// whole cluster ([Strings]), a value of each host ([Exchange]), resources that hosts export to each
// other ([Exports]), and hosts that are picked from those that offer themselves ([Scheduler]). A
// [World] is all of these; whoever needs less asks for less.
//
// There are two implementations, and programs cannot tell which one they run on: world/mem keeps
// everything in memory, for an agent that is alone, and world/etcd uses a cluster.
// world/worldtest is what both have to pass.
package world

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// A World is the view that one agent has of what all agents share. Each Watch
// method calls emit with the present state at once and again after every change,
// from one goroutine, until ctx ends, and then returns ctx.Err().
type World interface {
	// Host is the name of this agent.
	Host() string
	Strings
	Exchange
	Exports
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
	// GetValue returns this host's value; SetValue stores and DeleteValue removes it.
	GetValue(ctx context.Context, namespace string) (value string, exists bool, err error)
	SetValue(ctx context.Context, namespace, value string) error
	DeleteValue(ctx context.Context, namespace string) error
	// WatchValues delivers the values by host name: first all there are, even if that is none,
	// and then those that change. The map is the receiver's.
	WatchValues(ctx context.Context, namespace string, emit func(changed map[string]Change)) error
}

// Everyone stands for all hosts where the name of one is expected.
const Everyone = "*"

// Exports are resources that hosts offer to each other. They outlive the agent.
type Exports interface {
	// Export stores a resource of this host, in place of what is there under the key.
	Export(ctx context.Context, key ExportKey, data string) error
	// Withdraw takes back what this host has stored, if it is there.
	Withdraw(ctx context.Context, key ExportKey) error
	// Exported lists what this host has stored, in no particular order.
	Exported(ctx context.Context) ([]ExportKey, error)
	// WatchExports delivers the resources of a kind that are meant for this host, sorted
	// by name, then by where they come from. The slice is the receiver's.
	WatchExports(ctx context.Context, kind string, emit func(list []Export)) error
}

// An ExportKey says for whom a resource is exported, a host or Everyone, and its ID.
type ExportKey struct{ To, Kind, Name string }

// Check reports why nothing can be stored under the key.
func (k ExportKey) Check() error {
	switch {
	case k.To == "" || strings.Contains(k.To, "/"):
		return fmt.Errorf("%s[%s] is exported to %q; that has to be the name of a host, or %s for all", k.Kind, k.Name, k.To, Everyone)
	case k.Kind == "" || strings.Contains(k.Kind, "/") || k.Name == "":
		return fmt.Errorf("%q %q is no kind and name of a resource that can be exported", k.Kind, k.Name)
	}
	return nil
}

// An Export is a resource that a host exports. If the same resource is exported both to a host
// and to Everyone, that host gets the former.
type Export struct{ Name, From, Data string }

// Compare orders exports by name, then by where they come from.
func (e Export) Compare(other Export) int {
	return cmp.Or(strings.Compare(e.Name, other.Name), strings.Compare(e.From, other.From))
}

// Scheduler picks hosts for a namespace from those that offer themselves. A host has at most one
// offer for a namespace.
type Scheduler interface {
	// Offer enters this host until ctx ends, and then withdraws it, unless the offer persists. It
	// returns ctx.Err(), or why the offer could not be kept up. Of several calls the latest counts.
	Offer(ctx context.Context, namespace string, opts ScheduleOptions) error
	// GetOffer returns what is stored as the offer of this host, by whomever.
	GetOffer(ctx context.Context, namespace string) (opts ScheduleOptions, exists bool, err error)
	// WatchOffer delivers the same.
	WatchOffer(ctx context.Context, namespace string, emit func(opts ScheduleOptions, exists bool)) error
	// WithdrawOffer takes back the offer of this host, if it is there. It is meant for one that
	// persists, and no call of Offer keeps up.
	WithdrawOffer(ctx context.Context, namespace string) error
	// WatchSchedule delivers the picked hosts, sorted by name.
	WatchSchedule(ctx context.Context, namespace string, emit func(hosts []string)) error
}

// ScheduleOptions say how hosts are picked for a namespace.
type ScheduleOptions struct {
	Strategy string // "rr" (default) or "alpha"
	Max      int    // hosts to pick; 0 means the default, 1, and less than that none
	Persist  bool   // the offer outlives the agent until it is withdrawn
	TTL      int    // seconds after which a silent host is dropped; 0 means the default, 10
}
