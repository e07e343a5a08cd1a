package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"mgmt/resource"
)

// A jobKind is a step in the life of an instance.
type jobKind uint8

const (
	openJob jobKind = iota
	runJob
	updateJob
	watchJob // start a watch that had ended
	closeJob
)

// A job is work on one instance. The loop fills the upper part, a worker the lower one.
type job struct {
	kind     jobKind
	cause    string
	engine   *Engine
	vertex   *vertex
	spec     *resource.Spec
	inst     *instance // made by an openJob
	blocking bool
	ctx      context.Context
	cancel   context.CancelFunc // of ctx, for jobs that block
	noop     bool
	timeout  time.Duration
	watched  bool // the resource is to be watched
	refresh  bool // it was notified
	recv     []received

	cancelled bool // by the loop: the error does not count

	err       error
	changes   []resource.Change
	applied   bool // or tried to apply
	refreshed bool
	stale     bool // the instance was left without a watch
	updated   bool
	sends     any
	took      time.Duration
}

// A received is the value for one entry of Spec.Recv.
type received struct {
	param string
	value any
	err   error // there is no value
}

// A PanicError is a panic in the code of a kind.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// do does the work. A panic in it is an error of it.
func (j *job) do() {
	defer func() {
		if p := recover(); p != nil {
			j.err = &PanicError{p, debug.Stack()}
		}
	}()
	switch j.kind {
	case openJob:
		j.err = j.open()
	case runJob:
		start := time.Now()
		j.err = j.run()
		j.took = time.Since(start)
	case updateJob:
		j.update()
	case watchJob:
		j.err = j.inst.startWatch(j.engine, nil)
	case closeJob:
		j.err = j.inst.close()
	}
}

// open makes the instance. What fails leaves nothing behind.
func (j *job) open() error {
	res := resource.Clone(j.spec.Resource)
	j.prefill(res)
	inst := &instance{vertex: j.vertex, spec: j.spec, res: res}
	if o, ok := res.(resource.Opener); ok {
		if err := o.Open(j.engine.env(j.spec.Key.ID)); err != nil {
			return fmt.Errorf("open: %w", err)
		}
	}
	if !j.watched {
		inst.up = true
		j.inst = inst
		return nil
	}
	if err := inst.startWatch(j.engine, nil); err != nil {
		return errors.Join(err, inst.close())
	}
	j.inst = inst
	return nil
}

// prefill sets the parameters to received that were sent already, so that a resource
// does not begin with values that are about to be overwritten. What does not fit will
// be reported when it runs.
func (j *job) prefill(res resource.Resource) {
	for _, r := range j.recv {
		if r.err == nil {
			_, _ = resource.Receive(res, r.param, r.value)
		}
	}
}

func (j *job) update() {
	next := resource.Clone(j.spec.Resource)
	j.prefill(next)
	j.updated = j.inst.res.(resource.Updater).Update(next)
}

// run receives, checks, applies, refreshes and sends.
func (j *job) run() error {
	ctx := j.ctx
	if j.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.timeout)
		defer cancel()
	}
	err := j.converge(ctx)
	if err != nil && j.timeout > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("timeout after %v: %w", j.timeout, err)
	}
	return err
}

func (j *job) converge(ctx context.Context) error {
	if len(j.recv) > 0 {
		if err := j.receive(ctx); err != nil {
			return err
		}
	}
	res := j.inst.res
	changes, err := res.Check(ctx)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	j.changes = changes
	if len(changes) > 0 && !j.noop {
		j.applied = true
		if err := res.Apply(ctx, changes); err != nil {
			return fmt.Errorf("apply: %w", err)
		}
	}
	if r, ok := res.(resource.Refresher); ok && j.refresh && !j.noop {
		if err := r.Refresh(ctx); err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		j.refreshed = true
	}
	if s, ok := res.(resource.Sender); ok {
		j.sends = s.Sends()
	}
	return nil
}

// receive gives the resource the values that were sent to it. A resource never has a
// parameter that is not valid, and as its watch may depend on any of them it is
// started again, unless the resource takes the values by itself.
func (j *job) receive(ctx context.Context) error {
	res := j.inst.res
	next := resource.Clone(j.spec.Resource)
	resource.CopyParams(next, res)
	changed := false
	var errs []error
	for _, r := range j.recv {
		if r.err != nil {
			errs = append(errs, &resource.ParamError{Param: r.param, Err: r.err})
			continue
		}
		c, err := resource.Receive(next, r.param, r.value)
		if err != nil {
			errs = append(errs, err)
		}
		changed = changed || c
	}
	if err := errors.Join(errs...); err != nil || !changed {
		return err
	}
	if err := next.Validate(); err != nil {
		return fmt.Errorf("received values: %w", err)
	}
	if u, ok := res.(resource.Updater); ok && u.Update(next) {
		return nil
	}
	return j.rewatch(ctx, next)
}

// rewatch puts the parameters of next in force between one watch and another. When
// that fails the resource is left without a watch, and has to be replaced.
func (j *job) rewatch(ctx context.Context, next resource.Resource) error {
	err := j.inst.endWatch(ctx)
	if err == nil {
		resource.CopyParams(j.inst.res, next)
		if j.watched {
			err = j.inst.startWatch(j.engine, ctx)
		}
	}
	j.stale = err != nil
	return err
}
