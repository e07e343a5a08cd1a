package deploy

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"mgmt/deploy/sign"
	"mgmt/world"
)

// Drive brings a published deploy to its hosts, step by step, until the rollout is over or ctx ends,
// and returns how it ended. watch is called when there is news. Who ends ctx leaves
// the deploy as far as it has come.
func Drive(ctx context.Context, store world.KV, r *Record, signer *sign.Signer, opts RolloutOptions, watch func(Progress)) (Progress, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	follow := func(prefix string) <-chan map[string]world.Change {
		changes := make(chan map[string]world.Change)
		group.Go(func() {
			store.Follow(ctx, prefix, func(c map[string]world.Change) {
				select {
				case changes <- maps.Clone(c):
				case <-ctx.Done():
				}
			})
		})
		return changes
	}
	states, releases := follow(statesPrefix), follow(deployKey(r.ID, release))
	ails := make(chan string)
	if store, ok := store.(world.Ailing); ok {
		group.Go(func() { lookAfter(ctx, store, ails) })
	}
	d := &driver{store: store, record: r, signer: signer, rollout: NewRollout(&r.Manifest, opts), states: map[string]State{}}
	timer := stopped()
	defer timer.Stop()
	begun := false
	for {
		select {
		case <-ctx.Done():
			return d.last, ctx.Err()
		case c := <-states:
			d.take(c)
			begun = true
		case c := <-releases:
			d.hear(c[deployKey(r.ID, release)])
		case what := <-ails:
			d.rollout.ails = what
		case <-timer.C:
		}
		if !begun {
			continue
		}
		step, err := d.step(ctx, watch)
		if err != nil || step.Phase.Over() {
			return step.Progress, err
		}
		timer.Stop()
		if !step.Wake.IsZero() {
			timer.Reset(time.Until(step.Wake))
		}
	}
}

// ailTick is how often a store is asked what ails it while hosts are waited for: agents cannot say how
// they are if it takes no writes.
const ailTick = 2 * time.Second

// lookAfter says what ails a store, when that changes; nothing is "".
func lookAfter(ctx context.Context, store world.Ailing, say chan<- string) {
	tick := time.NewTicker(ailTick)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		what, err := store.Ails(ctx)
		text := ""
		switch {
		case err != nil: // nothing is known
			continue
		case what != nil:
			text = what.Error()
		}
		if text == last {
			continue
		}
		select {
		case say <- text:
			last = text
		case <-ctx.Done():
			return
		}
	}
}

// A driver carries out what a rollout says.
type driver struct {
	store   world.KV
	record  *Record
	signer  *sign.Signer
	rollout *Rollout
	states  map[string]State
	release *Release // that was stored last
	last    Progress
}

func (d *driver) take(changes map[string]world.Change) {
	for key, c := range changes {
		host, s, ok := parseState(key, c.Value)
		if c.Exists && ok {
			d.states[host] = s
		} else {
			delete(d.states, host)
		}
	}
}

// hear takes in what the store says of how far the deploy has come: somebody else may have withdrawn it.
// Agents that trust only some do not believe a release without a signature.
func (d *driver) hear(c world.Change) {
	if !c.Exists || d.release != nil && d.release.text == c.Value {
		return
	}
	r, err := parseRelease(d.record, []byte(c.Value), nil)
	if err != nil || r.Stage != Withdrawn || d.signer != nil && r.signer == "" {
		return
	}
	d.rollout.overruled = strings.TrimSuffix("somebody else has withdrawn it, "+r.Why, ", ")
}

// step takes steps for as long as there is something to do.
func (d *driver) step(ctx context.Context, watch func(Progress)) (Step, error) {
	for {
		before := d.last.Phase
		s := d.rollout.Step(time.Now(), d.states)
		if s.Release != nil {
			var err error
			if d.release, err = SetRelease(ctx, d.store, d.record, d.release, *s.Release, d.signer); err != nil {
				return s, err
			}
		}
		d.last = s.Progress
		watch(s.Progress)
		if s.Phase == before || s.Phase.Over() {
			return s, nil
		}
	}
}

// back says how far the hosts of a deploy that is withdrawn have come.
func (p *Progress) back() string {
	if len(p.Waiting) > 0 {
		return fmt.Sprintf("%d of %d hosts are back at what they ran before, others are still at it, like %s", p.Settled, p.Hosts, p.Waiting[0])
	}
	return fmt.Sprintf("%d of %d hosts are back at what they ran before", p.Settled, p.Hosts)
}

// Err returns why a rollout that has ended was no success; nil if it was one.
func (p *Progress) Err() error {
	switch p.Phase {
	case GivenUp:
		return fmt.Errorf("the deploy has failed: %s", p.Why)
	case Reverted:
		return fmt.Errorf("the deploy has failed and is withdrawn: %s; %s", p.Why, p.back())
	}
	return nil
}
