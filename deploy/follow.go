package deploy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
	"mgmt/world"
)

// A Delivery is a deploy that an agent should run.
type Delivery struct {
	*Record                // nil: nothing is meant for this host
	Files   *bundle.Bundle // of the program
	Kept    bool           // it comes from the disk: the cluster has not been asked yet
}

// Options say what an agent follows.
type Options struct {
	Store world.KV
	Host  string
	// Trust is who may deploy; nil is everyone who can write to the store.
	Trust *sign.Trust
	// Dir is where the last good deploy is kept. Empty keeps none.
	Dir string
	// Next ignores the deploys that are there at first, also on disk, and waits for the next.
	Next bool
	// Once keeps the first deploy and ignores all later ones.
	Once bool
	Log  *slog.Logger // nil discards
	// Inspect returns the condition of the resources that the deploy in force asks for. If it is
	// nil, they are always settled.
	Inspect func(ctx context.Context) Condition
	// Refused is told of each deploy that is not taken; it may be nil.
	Refused func(id int64, why error)
}

// A Condition describes the resources of an agent.
type Condition struct {
	Settled bool   // nothing is left to do
	Failed  int    // resources that failed
	Trouble string // the error of one of them, or of one that is tried again
}

// A Follower finds out what an agent is to run.
type Follower struct {
	opts    Options
	log     *slog.Logger
	choice  *chooser
	keep    *keeper // or nil
	changes chan map[string]world.Change
	health  chan bool
	reports *reporter

	// What follows belongs to Run.

	run      *attempt // that is going on, or nil
	force    force    // what is in force
	kept     *kept    // what the disk had, until something is in force
	skip     int64    // with Next: the newest deploy that was there at first
	listed   bool     // the store has been read
	later    force    // what is to be tried once more, but not before retry
	retry    *time.Timer
	delay    time.Duration // of the next retry
	deadline *time.Timer   // when the agent, alone, goes back to the deploy before
	warned   int64         // the older deploy that the store was said to have
}

// force is what is in force, or is to be.
type force struct {
	known  bool    // otherwise there is none
	record *Record // nil: that nothing is meant for this host
	since  time.Time
}

// is reports whether it is this one.
func (f force) is(r *Record) bool { return f.known && same(f.record, r) }

func same(a, b *Record) bool {
	return a == b || a != nil && b != nil && a.digest() == b.digest()
}

// NewFollower returns a follower. Nothing happens before Run.
func NewFollower(opts Options) *Follower {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	f := &Follower{
		opts: opts, log: opts.Log, choice: newChooser(opts.Host, opts.Trust),
		changes: make(chan map[string]world.Change), health: make(chan bool, 1),
		reports: newReporter(opts), retry: stopped(), deadline: stopped(),
	}
	if opts.Dir != "" {
		f.keep = &keeper{dir: opts.Dir, trust: opts.Trust}
	}
	return f
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// Connected says whether the cluster can be reached. It does not block.
func (f *Follower) Connected(yes bool) {
	for {
		select {
		case f.health <- yes:
			return
		default:
		}
		select {
		case <-f.health: // was not taken, and is not so any more
		default:
		}
	}
}

// Poke says that what Inspect returns may have changed. It does not block.
func (f *Follower) Poke() { f.reports.poke() }

// Run hands deploys to deliver until ctx ends, and returns ctx.Err(). deliver returns when the
// deploy is in force, or with an error if it is of no use: then the one before stays. Its context
// ends when something else is to run. It is called again only after it has returned.
func (f *Follower) Run(ctx context.Context, deliver func(context.Context, *Delivery) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { f.opts.Store.Follow(ctx, deploysPrefix, f.pass(ctx)) })
	group.Go(func() { f.reports.write(ctx) })
	f.begin(ctx, deliver)
	for ctx.Err() == nil {
		f.step(ctx, deliver)
	}
	f.run.stop()
	group.Wait()
	return ctx.Err()
}

// pass hands changes of the store to Run.
func (f *Follower) pass(ctx context.Context) func(map[string]world.Change) {
	return func(changed map[string]world.Change) {
		select {
		case f.changes <- changed:
		case <-ctx.Done():
		}
	}
}

// begin runs the deploy that is kept on disk.
func (f *Follower) begin(ctx context.Context, deliver func(context.Context, *Delivery) error) {
	if f.keep == nil || f.opts.Next {
		return
	}
	if h, ok := f.keep.givenUp(); ok {
		f.choice.failed[h] = true
	}
	d, err := f.keep.last()
	if err == nil && d != nil && f.choice.failed[d.digest()] {
		d, err = f.keep.load(previousFile)
	}
	if err != nil {
		f.distrust(err)
	}
	if d != nil {
		f.kept, f.choice.current = d, d.Record
		f.start(ctx, d.Record, deliver)
	}
}

// step waits for something to happen, and acts on it.
func (f *Follower) step(ctx context.Context, deliver func(context.Context, *Delivery) error) {
	select {
	case <-ctx.Done():
		return
	case changed := <-f.changes:
		f.take(changed)
	case err := <-f.run.ended():
		f.finish(err)
	case yes := <-f.health:
		f.connected(yes)
		return
	case <-f.retry.C:
		f.later = force{}
	case <-f.deadline.C:
		f.goBack(ctx, deliver)
		return
	}
	f.decide(ctx, deliver)
}

// take takes in what has changed in the store.
func (f *Follower) take(changed map[string]world.Change) {
	refused := f.choice.take(changed)
	if !f.listed {
		refused = f.news(refused)
	}
	for _, r := range refused {
		f.refuse(r.ID, r.Err)
	}
	if !f.listed {
		f.listed = true
		for id := range f.choice.texts {
			f.skip = max(f.skip, id)
		}
	}
	f.delay, f.later = 0, force{}
}

// news returns the one refusal that matters of those of deploys that are older than this run of the
// agent: the newest, if it is newer than the deploy that is to run.
func (f *Follower) news(refused []Refusal) []Refusal {
	newest := f.choice.newestFor()
	refused = slices.DeleteFunc(refused, func(r Refusal) bool { return newest != nil && r.ID < newest.ID })
	return refused[max(0, len(refused)-1):]
}

func (f *Follower) refuse(id int64, err error) {
	f.log.Error("a deploy is not taken: " + err.Error())
	f.tell(id, err)
}

// tell notes for others that a deploy is not taken.
func (f *Follower) tell(id int64, err error) {
	if f.opts.Refused != nil {
		f.opts.Refused(id, err)
	}
	f.reports.refused(id, err)
}

// decide begins what is to run, if it does not run yet.
func (f *Follower) decide(ctx context.Context, deliver func(context.Context, *Delivery) error) {
	if !f.listed || f.opts.Once && f.force.record != nil {
		return
	}
	want := f.want()
	if f.run != nil {
		if same(f.run.record, want) {
			return
		}
		f.finish(f.run.stop())
	}
	if !f.force.is(want) && !f.later.is(want) {
		f.start(ctx, want, deliver)
	}
}

// want returns what is to run.
func (f *Follower) want() *Record {
	want, err := f.choice.choose()
	if err != nil && want.ID != f.warned {
		f.warned = want.ID
		f.log.Error(fmt.Sprintf("deploy %d goes on: %v; to take that, stop the agent and remove %s", want.ID, err, f.opts.Dir))
		if older := f.choice.newestFor(); older != nil {
			f.tell(older.ID, err)
		}
	}
	if f.opts.Next && want != nil && want.ID <= f.skip {
		return nil
	}
	return want
}

// connected notes whether the cluster is reached. An agent that loses it right after a deploy may
// have to go back by itself.
func (f *Follower) connected(yes bool) {
	r := f.force.record
	switch {
	case yes:
		f.deadline.Stop()
	case r != nil && r.RevertAlone > 0 && f.keep != nil && time.Since(f.force.since) < probation:
		f.deadline.Reset(time.Duration(r.RevertAlone) * time.Second)
	}
}

// probation is how long the loss of the cluster is put down to a deploy.
const probation = 5 * time.Minute

// goBack goes back to the deploy before the current one, because of which the cluster is lost.
func (f *Follower) goBack(ctx context.Context, deliver func(context.Context, *Delivery) error) {
	from := f.force.record
	if from == nil || f.run != nil {
		return
	}
	before, err := f.keep.load(previousFile)
	if err == nil && before == nil {
		err = errors.New("there is none before it")
	}
	if err == nil {
		err = f.keep.goBack(from)
	}
	if err != nil {
		f.log.Error(fmt.Sprintf("the cluster is lost since deploy %d, which cannot be undone: %v", from.ID, err))
		return
	}
	f.log.Warn(fmt.Sprintf("the cluster is lost since deploy %d; deploy %d is put back in force", from.ID, before.ID))
	f.tell(from.ID, errors.New("the agent lost the cluster when it ran it, and went back by itself"))
	f.choice.failed[from.digest()] = true
	f.kept, f.choice.current = before, before.Record
	f.start(ctx, before.Record, deliver)
}
