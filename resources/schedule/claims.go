package schedule

import (
	"context"
	"fmt"
	"sync"
	"time"

	"mgmt/world"
)

// claims are what the resources of an agent want to offer for one namespace. A host has one offer for
// it, so of those that differ the first by name counts, and the others fail: each would undo what the
// other one has stored, for ever.
type claims struct {
	namespace string

	mu      sync.Mutex       // guards what follows
	of      map[string]claim // by the name of the resource
	changed chan struct{}    // closed when they change
}

// A claim is what one resource wants.
type claim struct {
	opts     world.ScheduleOptions
	withdraw bool
}

// claimsKey is that of the claims of an agent among what its resources share.
type claimsKey struct{ namespace string }

// claimsFor returns the claims of the resources that share something.
func claimsFor(namespace string, shared func(any, func() any) any) *claims {
	return shared(claimsKey{namespace}, func() any {
		return &claims{namespace: namespace, of: map[string]claim{}, changed: make(chan struct{})}
	}).(*claims)
}

// set notes what a resource wants.
func (c *claims) set(resource string, want claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[resource] = want
	c.tell()
}

// drop notes that a resource wants nothing any more.
func (c *claims) drop(resource string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, resource)
	c.tell()
}

// tell wakes those who wait for a change.
func (c *claims) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// rival returns the resource that counts in place of another one, or "", and what is closed when that
// may have changed.
func (c *claims) rival(resource string) (rival string, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := resource
	for name := range c.of {
		first = min(first, name)
	}
	if c.of[first] == c.of[resource] {
		first = ""
	}
	return first, c.changed
}

// parting is how long a resource that is about to go may count still: a program that is changed may
// have another one in its place.
const parting = time.Second

// check returns why a resource does not count.
func (c *claims) check(ctx context.Context, resource string) error {
	timer := time.NewTimer(parting)
	defer timer.Stop()
	for {
		rival, changed := c.rival(resource)
		if rival == "" {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return fmt.Errorf("schedule[%s] and schedule[%s] say different things about what this host offers for %q, and there is one offer only: that of schedule[%s] counts; give both the same options, or leave one out",
				rival, resource, c.namespace, rival)
		}
	}
}

// watch calls wake when another resource may count, until ctx ends.
func (c *claims) watch(ctx context.Context, resource string, wake func()) {
	last, changed := c.rival(resource)
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		var rival string
		if rival, changed = c.rival(resource); rival != last {
			last = rival
			wake()
		}
	}
}
