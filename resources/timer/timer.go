// Package timer has the kind timer, which wakes periodically.
package timer

import (
	"context"
	"errors"
	"time"

	"mgmt/resource"
)

// Kind is the kind timer.
var Kind = &resource.Kind{
	Name: "timer",
	Doc:  "Wakes every so many seconds. By itself a tick is no work and notifies nobody; with tick_is_work it is. A notification starts the interval anew.",
	Acts: true,
	New:  func() resource.Resource { return &Resource{} },
}

// Resource is a timer.
type Resource struct {
	Interval   uint32 `mgmt:"interval" doc:"Seconds between two ticks; at least 1."`
	TickIsWork bool   `mgmt:"tick_is_work" doc:"Count a tick as work, so that it notifies the resources that listen."`

	restart chan struct{} // holds a notification that the watch has not seen
	ticks   chan struct{} // holds a tick that was not worked off
}

// Validate demands an interval.
func (r *Resource) Validate() error {
	if r.Interval == 0 {
		return &resource.ParamError{Param: "interval", Err: errors.New("is 0; a timer needs at least one second")}
	}
	return nil
}

// Open implements resource.Opener.
func (r *Resource) Open(*resource.Env) error {
	r.restart, r.ticks = make(chan struct{}, 1), make(chan struct{}, 1)
	return nil
}

func (r *Resource) Close() error { return nil }

// Watch wakes at every tick.
func (r *Resource) Watch(ctx context.Context, wake func()) error {
	interval := time.Duration(r.Interval) * time.Second
	tick := time.NewTicker(interval)
	defer tick.Stop()
	wake()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.restart:
			tick.Reset(interval)
		case <-tick.C:
			select {
			case r.ticks <- struct{}{}:
			default:
			}
			wake()
		}
	}
}

// Check reports a tick, if ticks are work.
func (r *Resource) Check(context.Context) ([]resource.Change, error) {
	select {
	case <-r.ticks:
		if r.TickIsWork {
			return []resource.Change{{Param: "interval", Note: "tick"}}, nil
		}
	default:
	}
	return nil, nil
}

func (r *Resource) Apply(context.Context, []resource.Change) error { return nil }

// Refresh starts the interval anew.
func (r *Resource) Refresh(context.Context) error {
	select {
	case r.restart <- struct{}{}:
	default:
	}
	return nil
}
