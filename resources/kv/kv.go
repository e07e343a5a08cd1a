// Package kv has the kind kv, which keeps a value under a key of the store that the hosts of a
// cluster share.
package kv

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"mgmt/resource"
	"mgmt/world"
)

// Kind is the kind kv.
var Kind = &resource.Kind{
	Name: "kv",
	Doc: "Keeps a value under a key that all hosts of the cluster share. world.getval reads it; with mapped each host has a value of its own under the key, " +
		"and world.kvlookup reads them all. The store is not secret, so neither can the value be.",
	New: func() resource.Resource { return &Resource{} },

	Publishes: true,
}

// patience is how long the store has to answer a check or to take a value.
const patience = 5 * time.Second

// The ways in which skiplessthan compares, by skipcmpstyle.
const (
	asInts = iota
	asStrings
)

// Resource is a key and its value.
type Resource struct {
	Key          string  `mgmt:"key" doc:"The key; the default is the name of the resource."`
	Value        *string `mgmt:"value" doc:"The value. Unset removes the key."`
	Mapped       bool    `mgmt:"mapped" doc:"Keep the value as the one of this host, where world.kvlookup finds it, rather than as the one of the cluster."`
	SkipLessThan bool    `mgmt:"skiplessthan" doc:"Leave alone a value that is greater already, until a notification demands the exact one. One that cannot be compared is replaced."`
	SkipCmpStyle int     `mgmt:"skipcmpstyle" doc:"How skiplessthan compares: 0 as whole numbers, 1 as strings."`

	world world.World
}

// SetName implements resource.Named.
func (r *Resource) SetName(name string) {
	if r.Key == "" {
		r.Key = name
	}
}

// Validate demands a key, and a value that can be compared where that is asked for.
func (r *Resource) Validate() error {
	if r.Key == "" {
		return &resource.ParamError{Param: "key", Err: errors.New("is empty; name the key that hosts share")}
	}
	if !r.SkipLessThan {
		return nil
	}
	if r.SkipCmpStyle != asInts && r.SkipCmpStyle != asStrings {
		return &resource.ParamError{Param: "skipcmpstyle", Err: fmt.Errorf("is %d; there are 0, which compares whole numbers, and 1, which compares strings", r.SkipCmpStyle)}
	}
	if r.SkipCmpStyle == asInts && r.Value != nil {
		if _, ok := number(*r.Value); !ok {
			return &resource.ParamError{Param: "value", Err: fmt.Errorf("%q is no whole number; skiplessthan compares strings with skipcmpstyle => 1", *r.Value)}
		}
	}
	return nil
}

func number(s string) (*big.Int, bool) { return new(big.Int).SetString(s, 10) }

// Open implements resource.Opener.
func (r *Resource) Open(env *resource.Env) error {
	if env.World == nil {
		return errors.New("this agent shares no store with others; kv needs one")
	}
	r.world = env.World
	return nil
}

func (r *Resource) Close() error { return nil }

// Update takes another value of the same key.
func (r *Resource) Update(next resource.Resource) bool {
	n := next.(*Resource)
	if n.Key != r.Key || n.Mapped != r.Mapped {
		return false
	}
	r.Value, r.SkipLessThan, r.SkipCmpStyle = n.Value, n.SkipLessThan, n.SkipCmpStyle
	return true
}

// Watch wakes when the value changes in the store.
func (r *Resource) Watch(ctx context.Context, wake func()) error {
	if !r.Mapped {
		return r.world.WatchString(ctx, r.Key, func(string, bool) { wake() })
	}
	first := true
	return r.world.WatchValues(ctx, r.Key, func(changed map[string]world.Change) {
		if _, ok := changed[r.world.Host()]; ok || first {
			first = false
			wake()
		}
	})
}

// Check compares with what is stored.
func (r *Resource) Check(ctx context.Context) ([]resource.Change, error) {
	have, exists, err := r.get(ctx)
	switch {
	case err != nil:
		return nil, err
	case r.holds(have, exists), exists && r.skips(have):
		return nil, nil
	}
	c := resource.Change{Param: "value", Old: "(unset)", New: "(unset)"}
	if exists {
		c.Old = have
	}
	if r.Value != nil {
		c.New = *r.Value
	}
	return []resource.Change{c}, nil
}

// holds reports whether the store has exactly what is wanted.
func (r *Resource) holds(have string, exists bool) bool {
	if r.Value == nil || !exists {
		return exists == (r.Value != nil)
	}
	return have == *r.Value
}

// skips reports whether a value is to be left alone because it is greater.
func (r *Resource) skips(have string) bool {
	if !r.SkipLessThan || r.Value == nil {
		return false
	}
	if r.SkipCmpStyle == asStrings {
		return strings.Compare(have, *r.Value) > 0
	}
	stored, ok := number(have)
	wanted, _ := number(*r.Value)
	return ok && wanted != nil && stored.Cmp(wanted) > 0
}

// Apply stores the value, or removes the key.
func (r *Resource) Apply(ctx context.Context, _ []resource.Change) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := r.put(ctx); err != nil {
		return fmt.Errorf("storing the value of key %s: %w", r.Key, err)
	}
	return nil
}

func (r *Resource) put(ctx context.Context) error {
	switch w := r.world; {
	case r.Value == nil && r.Mapped:
		return w.DeleteValue(ctx, r.Key)
	case r.Value == nil:
		return w.DeleteString(ctx, r.Key)
	case r.Mapped:
		return w.SetValue(ctx, r.Key, *r.Value)
	default:
		return w.SetString(ctx, r.Key, *r.Value)
	}
}

func (r *Resource) get(ctx context.Context) (value string, exists bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if r.Mapped {
		value, exists, err = r.world.GetValue(ctx, r.Key)
	} else {
		value, exists, err = r.world.GetString(ctx, r.Key)
	}
	if err != nil {
		err = fmt.Errorf("reading the value of key %s: %w", r.Key, err)
	}
	return value, exists, err
}

// Refresh stores the exact value in place of a greater one.
func (r *Resource) Refresh(ctx context.Context) error {
	have, exists, err := r.get(ctx)
	if err != nil || r.holds(have, exists) {
		return err
	}
	return r.Apply(ctx, nil)
}
