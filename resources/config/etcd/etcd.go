// Package etcd has the kind config:etcd, which says how many servers the cluster has that the agent
// belongs to.
package etcd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mgmt/resource"
	"mgmt/world"
)

// Kind is the kind config:etcd.
var Kind = &resource.Kind{
	Name: "config:etcd",
	Doc: "Says how many servers the cluster is to have that this host belongs to, in place of --ideal-cluster-size, which only counts when a cluster begins. " +
		"It is an error while the agent is alone, or in a store that agents do not run. All hosts that say it should say the same.",
	New: func() resource.Resource { return &Resource{} },

	Publishes: true,
}

// patience is how long the store has to answer.
const patience = 5 * time.Second

// Resource is the size of the cluster.
type Resource struct {
	IdealClusterSize  *uint16 `mgmt:"idealclustersize" doc:"The number of servers, if so many hosts would run one. More than 7 make a cluster slower, not safer."`
	AllowSizeShutdown bool    `mgmt:"allow_size_shutdown" doc:"Let a size of 0 shut the cluster down: its servers end, and every agent goes on with what it knew last. The first server keeps its data, and a start of its agent begins from it, with the size of --ideal-cluster-size."`

	kv world.KV
}

// Validate demands a size, and that one of 0 is meant.
func (r *Resource) Validate() error {
	switch {
	case r.IdealClusterSize == nil:
		return &resource.ParamError{Param: "idealclustersize", Err: errors.New("is not given; say how many servers the cluster is to have")}
	case *r.IdealClusterSize == 0 && !r.AllowSizeShutdown:
		return &resource.ParamError{Param: "idealclustersize", Err: errors.New("is 0, which shuts the cluster down; if that is meant, give allow_size_shutdown => true along with it")}
	}
	return nil
}

// errAlone is why there is no size to set.
var errAlone = errors.New("there is no cluster whose size could be set: this agent is alone, or its store is not run by agents")

// Open implements resource.Opener.
func (r *Resource) Open(env *resource.Env) error {
	keyed, ok := env.World.(world.Keyed)
	if !ok {
		return errAlone
	}
	r.kv = keyed.KV()
	return nil
}

// Close implements resource.Opener.
func (r *Resource) Close() error { return nil }

// Update takes another size.
func (r *Resource) Update(next resource.Resource) bool {
	n := next.(*Resource)
	r.IdealClusterSize, r.AllowSizeShutdown = n.IdealClusterSize, n.AllowSizeShutdown
	return true
}

// Watch wakes when somebody changes the size, and when there comes to be a cluster.
func (r *Resource) Watch(ctx context.Context, wake func()) error {
	return r.kv.Follow(ctx, world.SizeKey, func(map[string]world.Change) { wake() })
}

// Check compares with the size that is stored.
func (r *Resource) Check(ctx context.Context) ([]resource.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stored, err := r.kv.Get(ctx, world.SizeKey, world.ShutdownKey)
	if err != nil {
		return nil, fmt.Errorf("reading the wanted size of the cluster: %w", err)
	}
	have, exists := stored[world.SizeKey]
	if !exists {
		return nil, errAlone
	}
	var out []resource.Change
	if strings.TrimSpace(have) != r.size() {
		out = append(out, resource.Change{Param: "idealclustersize", Old: have, New: r.size()})
	}
	if _, allowed := stored[world.ShutdownKey]; allowed != r.AllowSizeShutdown {
		out = append(out, resource.Change{Param: "allow_size_shutdown", Old: strconv.FormatBool(allowed), New: strconv.FormatBool(r.AllowSizeShutdown)})
	}
	return out, nil
}

// size returns the size as it is stored.
func (r *Resource) size() string { return strconv.Itoa(int(*r.IdealClusterSize)) }

// Apply stores the size.
func (r *Resource) Apply(ctx context.Context, _ []resource.Change) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	t := world.Txn{
		If:  []world.Condition{world.Exists(world.SizeKey)},
		Put: map[string]string{world.SizeKey: r.size()},
	}
	if r.AllowSizeShutdown {
		t.Put[world.ShutdownKey] = "true"
	} else {
		t.Delete = []string{world.ShutdownKey}
	}
	done, err := r.kv.Commit(ctx, t)
	if err == nil && !done {
		err = errAlone
	}
	if err != nil {
		return fmt.Errorf("setting the wanted size of the cluster: %w", err)
	}
	return nil
}
