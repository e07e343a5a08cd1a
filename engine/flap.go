package engine

import (
	"fmt"
	"time"

	"mgmt/resource"
)

// A resource that is repaired again and again, while nothing else is wanted of it, is
// flapping: another resource wants it otherwise, or something outside of the agent undoes
// what the agent does. That is told once, and the repairs are spaced, farther and farther,
// until it stays as it is for a while.

// flaps are what a vertex remembers of its repairs.
type flaps struct {
	row    int       // repairs, each soon after the one before
	began  time.Time // the first of the row
	last   time.Time // the latest of it
	spaced time.Duration
	next   time.Time // before that it is not repaired again
}

const (
	flapRow   = 10              // so many repairs in a row,
	flapGap   = 5 * time.Second // each so soon after the one before, are flapping
	flapFirst = time.Second     // the space after the first repair beyond, doubled each time
	flapLast  = time.Minute     // up to this
)

// A FlapError is the error of a warning that a resource is flapping.
type FlapError struct {
	Repairs int
	Span    time.Duration // in which they were made
	Rival   *resource.Key // provides the same thing, or nil
	After   *resource.Key // did something between each two of them, or nil
}

func (e *FlapError) Error() string {
	text := fmt.Sprintf("repaired %d times in %v", e.Repairs, e.Span.Round(time.Millisecond))
	switch {
	case e.Rival != nil:
		text += fmt.Sprintf(": %s is about the same thing and wants it otherwise; keep one of the two", e.Rival)
	case e.After != nil:
		text += fmt.Sprintf(", each time after %s did something", e.After)
	default:
		text += ": something outside of this agent changes it back"
	}
	return text + " (it is repaired less often until it stays as it is)"
}

// A deed is a run that changed something.
type deed struct {
	key  resource.Key
	able bool // to do anything: it is a command
	time time.Time
}

// deeds are the latest ones, in a ring.
type deeds struct {
	ring [64]deed
	next int
}

func (d *deeds) add(x deed) {
	d.ring[d.next] = x
	d.next = (d.next + 1) % len(d.ring)
}

// suspect returns who did something as often as n times since then, and may have changed
// a resource back: a command, or one of the same kind.
func (d *deeds) suspect(key resource.Key, since time.Time, n int) *resource.Key {
	counts := map[resource.Key]int{}
	for i := range d.ring {
		x := &d.ring[i]
		if x.key == key || x.time.Before(since) || !x.able && x.key.Kind != key.Kind {
			continue
		}
		if counts[x.key]++; counts[x.key] >= n {
			return &x.key
		}
	}
	return nil
}

// note notes a run of v that changed something.
func (e *Engine) note(v *vertex, j *job) {
	e.deeds.add(deed{v.key, v.kind != nil && v.kind.Blocking, j.ended})
	switch {
	case v.kind != nil && v.kind.Acts:
	case j.cause != nil && (j.cause.Kind == Wanted || j.cause.Kind == Received):
		v.flaps = nil
	default:
		e.repaired(v, j)
	}
}

// repaired counts a repair.
func (e *Engine) repaired(v *vertex, j *job) {
	f := v.flaps
	if f == nil {
		f = &flaps{}
		v.flaps = f
	}
	if j.ended.Sub(f.last) > max(flapGap, 2*f.spaced) {
		*f = flaps{began: j.ended}
	}
	f.row++
	f.last = j.ended
	if f.row < flapRow {
		return
	}
	if f.row == flapRow {
		e.observe(v, Event{Kind: Warned, Run: j.run, Cause: j.cause, Err: e.flapError(v, f)})
	}
	f.spaced = min(max(flapFirst, 2*f.spaced), flapLast)
	f.next = j.ended.Add(f.spaced)
	if v.dirty {
		e.waitUntil(v, f.next)
	}
}

func (e *Engine) flapError(v *vertex, f *flaps) error {
	err := &FlapError{Repairs: f.row, Span: f.last.Sub(f.began)}
	if v.party != nil {
		if rival := v.party.Rival(); rival != nil {
			err.Rival = &rival.Key
			return err
		}
	}
	err.After = e.deeds.suspect(v.key, f.began, f.row-1)
	return err
}

// flapping reports whether v is repaired less often than it is changed back.
func (v *vertex) flapping() bool { return v.flaps != nil && v.flaps.spaced > 0 }
