package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mgmt/deploy/bundle"
)

// An attempt brings a deploy into force.
type attempt struct {
	record *Record // nil: that nothing is meant for this host
	kept   bool    // its files come from the disk
	cancel context.CancelFunc
	done   chan error // has one in the end

	files *bundle.Bundle // when done
}

// errFetch is why a deploy cannot be run for now.
var errFetch = errors.New("its files cannot be read")

// start begins an attempt. The files come from the disk, where it has them, or from the store.
func (f *Follower) start(ctx context.Context, r *Record, deliver func(context.Context, *Delivery) error) {
	ctx, cancel := context.WithCancel(ctx)
	a := &attempt{record: r, cancel: cancel, done: make(chan error, 1)}
	f.run = a
	f.later = force{}
	f.retry.Stop()
	var have map[bundle.Hash]bundle.Blob
	if kept := f.kept; kept != nil {
		if same(kept.Record, r) {
			a.files = kept.files
		}
		if f.force.is(kept.Record) { // otherwise nobody has looked at what the disk has
			have = kept.files.Blobs
		}
	}
	a.kept = a.files != nil
	go func() { a.done <- f.bring(ctx, a, have, deliver) }()
}

// bring brings a deploy into force. Chunks that have are not read again.
func (f *Follower) bring(ctx context.Context, a *attempt, have map[bundle.Hash]bundle.Blob, deliver func(context.Context, *Delivery) error) error {
	if a.record == nil {
		return deliver(ctx, &Delivery{})
	}
	d := &Delivery{Record: a.record, Files: a.files, Kept: a.kept}
	if d.Files == nil {
		var err error
		if d.Files, err = fetch(ctx, f.opts.Store, &a.record.Manifest, have); err != nil {
			return fmt.Errorf("%w: %w", errFetch, err)
		}
		a.files = d.Files
	}
	return deliver(ctx, d)
}

// ended has the outcome when the attempt has ended. The attempt may be nil.
func (a *attempt) ended() <-chan error {
	if a == nil {
		return nil
	}
	return a.done
}

// stop ends an attempt, which may be nil, and returns its outcome.
func (a *attempt) stop() error {
	if a == nil {
		return nil
	}
	a.cancel()
	return <-a.done
}

// The delays between attempts to read the files of a deploy.
const (
	retryMin = 100 * time.Millisecond
	retryMax = 30 * time.Second
)

// finish takes in how an attempt has ended.
func (f *Follower) finish(err error) {
	a := f.run
	f.run = nil
	a.cancel()
	switch {
	case err == nil:
		f.inForce(a)
	case errors.Is(err, context.Canceled):
	case errors.Is(err, errFetch) || a.record == nil:
		f.delay = min(max(2*f.delay, retryMin), retryMax)
		f.later = force{known: true, record: a.record}
		f.retry.Reset(f.delay)
		if a.record != nil && f.delay > patience { // before, it may just be the connection
			f.refuse(a.record.ID, err)
		} else {
			f.log.Debug("a deploy is tried once more", "error", err)
		}
	case a.kept:
		f.distrust(fmt.Errorf("deploy %d, which is on disk, is of no use: %w", a.record.ID, err))
	default:
		f.choice.failed[a.record.digest()] = true
		f.refuse(a.record.ID, fmt.Errorf("deploy %d is refused: %w", a.record.ID, err))
	}
}

// distrust notes that what the disk has is of no use. The cluster may have the same deploy in order.
func (f *Follower) distrust(err error) {
	f.kept, f.keep.broken = nil, true
	f.log.Warn("the agent waits for the cluster", "error", err)
}

// inForce notes what is in force, and keeps it on disk.
func (f *Follower) inForce(a *attempt) {
	again := f.kept != nil && same(f.kept.Record, a.record)
	f.force = force{known: true, record: a.record, since: time.Now()}
	if again { // it came into force before the agent was restarted
		f.force.since = a.record.At
	}
	f.choice.current, f.delay = a.record, 0
	if a.record == nil {
		f.reports.took(0)
		return
	}
	f.reports.took(a.record.ID)
	f.kept = &kept{a.record, a.files}
	if f.keep == nil || again {
		return
	}
	if err := f.keep.save(f.kept); err != nil {
		f.log.Warn(err.Error())
	}
}
