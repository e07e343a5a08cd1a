package stdcore

import (
	"context"
	"fmt"
	"math"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

var history = &funcs.Function{
	Name:   "history",
	Doc:    "Returns value as it was index milliseconds ago, or the oldest that is remembered while it has not been watched for so long. A negative index is an error.",
	Sigs:   table.Sig("func(value ?1, index int) ?1"),
	Follow: true,
	Source: runHistory,
}

func runHistory(ctx context.Context, call *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	past, changes := &past{}, call.Changes
	timer := time.NewTimer(math.MaxInt64)
	defer timer.Stop()
	for {
		if args != nil {
			index := args[1].(types.Int)
			if index < 0 {
				return fmt.Errorf("index %d is negative", index)
			}
			past.record(time.Now(), args[0], delay(index))
		}
		v, wait := past.at(time.Now())
		emit(v, nil)
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			args = nil
		case next, more := <-changes:
			if args = next; !more {
				changes = nil
			}
		}
	}
}

// delay turns milliseconds into a duration, the longest there is if need be.
func delay(ms types.Int) time.Duration {
	if ms > math.MaxInt64/types.Int(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(ms) * time.Millisecond
}

// past remembers a value over the time that it is delayed by.
type past struct {
	delay   time.Duration
	samples []sample // oldest first
}

// A sample is a value and when it began.
type sample struct {
	since time.Time
	value types.Value
}

// record notes that the value is v from now on. Another delay forgets everything.
func (p *past) record(now time.Time, v types.Value, delay time.Duration) {
	if p.delay != delay {
		p.delay, p.samples = delay, nil
	}
	n := len(p.samples)
	// Of values that follow each other faster than a thousandth of the delay only the
	// last is kept, so that a busy source costs no memory.
	if n > 1 && now.Sub(p.samples[n-1].since) < delay/1000 {
		p.samples[n-1].value = v
		return
	}
	p.samples = append(p.samples, sample{now, v})
}

// at returns the delayed value, and after how long it changes.
func (p *past) at(now time.Time) (types.Value, time.Duration) {
	for len(p.samples) > 1 {
		if wait := p.samples[1].since.Add(p.delay).Sub(now); wait > 0 {
			return p.samples[0].value, wait
		}
		p.samples = p.samples[1:]
	}
	return p.samples[0].value, math.MaxInt64
}
