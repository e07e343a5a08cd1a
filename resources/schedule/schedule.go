// Package schedule has the kind schedule, with which a host offers itself to be picked for a
// namespace.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"mgmt/resource"
	"mgmt/world"
)

// Kind is the kind schedule.
var Kind = &resource.Kind{
	Name: "schedule",
	Doc: "Offers this host to be picked for a namespace, for as long as the resource is there. Of all hosts that do, some are picked, and world.schedule says which: " +
		"who does a job that only so many hosts are to do. A host that dies, or stops for long, is replaced. " +
		"All hosts should give the same strategy and max; where they differ, the last host by name counts. One resource for each namespace is enough on a host: of several that say different things, the first by name counts, and the others fail.",
	New: func() resource.Resource { return &Resource{} },

	Publishes: true,
}

// patience is how long the store has to answer a check or to take an offer.
const patience = 5 * time.Second

// Resource is the offer of a host.
type Resource struct {
	Namespace string  `mgmt:"namespace" doc:"What hosts are picked for, a name without /; the default is the name of the resource."`
	Strategy  *string `mgmt:"strategy" doc:"How hosts are picked: rr takes them in the order in which they came, and alpha by name, whoever was picked before. The default is rr."`
	Max       *int    `mgmt:"max" doc:"How many hosts are picked; the default is 1."`
	Persist   bool    `mgmt:"persist" doc:"Keep the offer when this host stops or dies, and when the resource goes, until it is withdrawn."`
	TTL       *int    `mgmt:"ttl" doc:"The number of seconds after which a host is replaced that is not heard of; one that restarts earlier keeps its place. The default is 10."`
	Withdraw  bool    `mgmt:"withdraw" doc:"Take the offer of this host back instead, also one that persists."`

	name   string
	claims *claims // of all resources of the agent for the namespace
	world  world.World
	offer  *offer // what this resource keeps up; nil if nothing
}

// An offer is a running call of Offer.
type offer struct {
	stop  context.CancelFunc
	ended chan struct{} // closed when it has ended, with err
	err   error
}

// SetName implements resource.Named.
func (r *Resource) SetName(name string) {
	if r.Namespace == "" {
		r.Namespace = name
	}
}

// Validate demands a namespace that hosts can be picked for, and options that go together.
func (r *Resource) Validate() error {
	wrong := func(param, format string, args ...any) error {
		return &resource.ParamError{Param: param, Err: fmt.Errorf(format, args...)}
	}
	if world.CheckNamespace(r.Namespace) != nil {
		return wrong("namespace", "is %q; it has to be a name without /", r.Namespace)
	}
	switch {
	case r.Withdraw && (r.Strategy != nil || r.Max != nil || r.Persist || r.TTL != nil):
		return wrong("withdraw", "takes the offer back, to which strategy, max, persist and ttl do not matter; leave them out")
	case r.TTL != nil && *r.TTL < 1:
		return wrong("ttl", "is %d; it has to be 1 second at least", *r.TTL)
	case r.Persist && r.TTL != nil:
		return wrong("persist", "keeps the offer for ever, so it has no ttl; leave one of them out")
	case r.Strategy != nil && *r.Strategy == "":
		return wrong("strategy", "is empty; there are %q", world.Strategies)
	}
	if err := world.CheckOffer("", r.Namespace, r.options()); err != nil {
		return &resource.ParamError{Param: "strategy", Err: err}
	}
	return nil
}

// options returns what is offered.
func (r *Resource) options() world.ScheduleOptions {
	opts := world.ScheduleOptions{Persist: r.Persist}
	if r.Strategy != nil {
		opts.Strategy = *r.Strategy
	}
	if r.Max != nil {
		opts.Max = *r.Max
		if opts.Max < 1 {
			opts.Max = -1
		}
	}
	if r.TTL != nil {
		opts.TTL = *r.TTL
	}
	return opts
}

// Open implements resource.Opener.
func (r *Resource) Open(env *resource.Env) error {
	if env.World == nil {
		return errors.New("this agent shares nothing with others; schedule needs a cluster to be picked in")
	}
	if err := world.CheckOffer(env.World.Host(), r.Namespace, world.ScheduleOptions{}); err != nil {
		return err
	}
	r.world, r.name, r.claims = env.World, env.ID.Name, claimsFor(r.Namespace, env.Shared)
	r.claim()
	return nil
}

// claim tells the other resources of the agent what this one wants.
func (r *Resource) claim() { r.claims.set(r.name, claim{r.options(), r.Withdraw}) }

// Close ends the offer, which then is withdrawn, unless it persists or the agent is about to stop.
func (r *Resource) Close() error {
	r.end()
	r.claims.drop(r.name)
	return nil
}

func (r *Resource) end() {
	if r.offer != nil {
		r.offer.end()
		r.offer = nil
	}
}

func (o *offer) end() {
	o.stop()
	<-o.ended
}

// Update takes other options: the host keeps its place.
func (r *Resource) Update(next resource.Resource) bool {
	n := next.(*Resource)
	if n.Namespace != r.Namespace {
		return false
	}
	r.Strategy, r.Max, r.Persist, r.TTL, r.Withdraw = n.Strategy, n.Max, n.Persist, n.TTL, n.Withdraw
	r.claim()
	return true
}

// Watch wakes when somebody changes what is stored of the offer, or another resource may have it.
func (r *Resource) Watch(ctx context.Context, wake func()) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	beside.Go(func() { r.claims.watch(ctx, r.name, wake) })
	return r.world.WatchOffer(ctx, r.Namespace, func(world.ScheduleOptions, bool) { wake() })
}

// Check compares with the offer that is stored. One that this resource does not keep up, such as
// that of a run before, is not enough.
func (r *Resource) Check(ctx context.Context) ([]resource.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := r.claims.check(ctx, r.name); err != nil {
		r.end()
		return nil, err
	}
	have, exists, err := r.world.GetOffer(ctx, r.Namespace)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading what this host offers for %s: %w", r.Namespace, err)
	case r.Withdraw && exists:
		return []resource.Change{{Param: "withdraw", Old: "offered", New: "withdrawn"}}, nil
	case r.Withdraw:
		return nil, nil
	case !exists:
		return []resource.Change{{Param: "namespace", Old: "not offered", New: "offered"}}, nil
	case have != r.options():
		return differences(have, r.options()), nil
	case !r.keeps():
		return []resource.Change{{Param: "namespace", Note: "an earlier offer is taken up"}}, nil
	}
	return nil, nil
}

// keeps reports whether an offer is kept up.
func (r *Resource) keeps() bool {
	if r.offer == nil {
		return false
	}
	select {
	case <-r.offer.ended:
		return false
	default:
		return true
	}
}

// differences returns what differs between two offers.
func differences(have, want world.ScheduleOptions) []resource.Change {
	var out []resource.Change
	say := func(param, before, after string) {
		if before != after {
			out = append(out, resource.Change{Param: param, Old: before, New: after})
		}
	}
	text := func(s string) string {
		if s == "" || s == "0" {
			return "(unset)"
		}
		return s
	}
	say("strategy", text(have.Strategy), text(want.Strategy))
	say("max", text(strconv.Itoa(have.Max)), text(strconv.Itoa(want.Max)))
	say("persist", strconv.FormatBool(have.Persist), strconv.FormatBool(want.Persist))
	say("ttl", text(strconv.Itoa(have.TTL)), text(strconv.Itoa(want.TTL)))
	return out
}

// Apply makes the offer, or takes it back.
func (r *Resource) Apply(ctx context.Context, _ []resource.Change) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if r.Withdraw {
		r.end()
		if err := r.world.WithdrawOffer(ctx, r.Namespace); err != nil {
			return fmt.Errorf("withdrawing this host from %s: %w", r.Namespace, err)
		}
		return nil
	}
	next := r.begin()
	if err := r.stored(ctx, next); err != nil {
		next.end()
		return fmt.Errorf("offering this host for %s: %w", r.Namespace, err)
	}
	r.end()
	r.offer = next
	return nil
}

// begin makes an offer, beside the one that there may be: the host keeps its place.
func (r *Resource) begin() *offer {
	ctx, stop := context.WithCancel(context.Background())
	o := &offer{stop: stop, ended: make(chan struct{})}
	opts := r.options()
	go func() {
		defer close(o.ended)
		o.err = r.world.Offer(ctx, r.Namespace, opts)
	}()
	return o
}

// stored waits until the store has an offer.
func (r *Resource) stored(ctx context.Context, o *offer) error {
	want := r.options()
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	there, watched := make(chan struct{}), make(chan error, 1)
	go func() {
		watched <- r.world.WatchOffer(watch, r.Namespace, func(have world.ScheduleOptions, exists bool) {
			if exists && have == want && watch.Err() == nil {
				close(there)
				cancel()
			}
		})
	}()
	defer func() {
		cancel()
		<-watched
	}()
	select {
	case <-there:
		return nil
	case <-o.ended:
		return o.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
