package engine

import (
	"context"
	"errors"
	"fmt"
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

// A job is work on one instance. The loop says what to do and then hands it to a worker, who
// fills the outcome.
type job struct {
	kind     jobKind
	cause    *Cause
	run      uint64 // the number of a run
	engine   *Engine
	vertex   *vertex
	spec     *resource.Spec
	inst     *instance // made by an openJob
	blocking bool
	public   bool // others can read the parameters of the kind
	ctx      context.Context
	cancel   context.CancelFunc // of ctx, for jobs that block
	past     *resource.Secrets  // what the vertex had before, which may still be on the machine
	noop     bool
	timeout  time.Duration
	watched  bool // the resource is to be watched
	refresh  bool // it was notified
	recv     []received
	server   resource.ID // that it is a member of
	trail    *trail      // of the vertex, if there is a note, or is to be one
	offering *offering   // nil if nothing is exported

	group    *group       // of the vertex; nil is none
	alone    bool         // it is not applied together with others
	queued   bool         // in the queue of the group
	round    int          // transactions of the group that began before its check
	again    bool         // it is to be checked again
	together *transaction // that it is a member of
	quit     bool         // it does not keep the transaction going

	cancelled bool // by the loop: the error does not count

	outcome
}

// An outcome is what became of a job.
type outcome struct {
	err       error
	changes   []resource.Change
	pending   bool // it is checked, and to be applied with its group
	applied   bool // or tried to apply
	refreshed bool
	stale     bool // the instance was left without a watch
	updated   bool
	sends     any
	own       *resource.Secrets // of the resource with what it received
	secrets   *resource.Secrets // own and past
	took      time.Duration
	ended     time.Time // when the loop was told
}

// A received is the value for one entry of Spec.Recv.
type received struct {
	param string
	value any
	err   error // there is no value

	secrets *resource.Secrets // of the sender, if the value may have some in it
}

// do does the work. If it panics, that is its error.
func (j *job) do() {
	if err := guard(j.work); err != nil {
		j.err = err
	}
}

func (j *job) work() error {
	if j.together != nil {
		j.together.do()
		return nil
	}
	j.veil()
	switch j.kind {
	case openJob:
		return j.timed(j.open)
	case runJob:
		return j.timed(j.perform)
	case updateJob:
		j.update()
	case watchJob:
		return j.inst.startWatch(j.engine, nil)
	case closeJob:
		return j.inst.close()
	}
	return nil
}

// timed calls f and notes how long it took.
func (j *job) timed(f func() error) error {
	start := time.Now()
	err := f()
	j.took = time.Since(start)
	return err
}

// veil finds out what must not be shown of what the job brings to light.
func (j *job) veil() {
	if j.kind == closeJob {
		j.secrets = j.inst.secrets.Load()
		return
	}
	j.own = j.spec.Secrets
	for _, r := range j.recv {
		if r.secrets != nil {
			j.own = j.own.Receiving(r.param, r.value, r.secrets)
		}
	}
	j.secrets = j.own.Merge(j.past)
	if j.inst != nil {
		j.inst.secrets.Store(j.secrets)
	}
}

// hide takes what must not be shown out of the outcome.
func (j *job) hide() {
	j.changes = j.secrets.HideChanges(j.changes)
	j.err = j.secrets.HideError(j.err)
}

// open makes the instance. What fails leaves nothing behind.
func (j *job) open() error {
	res := resource.Clone(j.spec.Resource)
	j.prefill(res)
	inst := &instance{vertex: j.vertex, spec: j.spec, res: res, server: j.server}
	inst.secrets.Store(j.secrets)
	if o, ok := res.(resource.Opener); ok {
		env := j.engine.env(j.spec.Key.ID, &inst.secrets)
		env.Server = j.server
		if err := o.Open(env); err != nil {
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

// perform receives, checks, applies, refreshes and sends. What is applied with a group goes
// no further than the check, if that found changes.
func (j *job) perform() error {
	ctx, cancel := bounded(j.ctx, j.timeout)
	defer cancel()
	if j.inst == nil {
		return late(ctx, j.timeout, j.exportHidden(ctx))
	}
	return late(ctx, j.timeout, j.converge(ctx))
}

// bounded returns ctx with a timeout, unless that is 0.
func bounded(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}

// late adds to an error that the timeout of ctx was the reason, if it was.
func late(ctx context.Context, timeout time.Duration, err error) error {
	if err != nil && timeout > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("timeout after %v: %w", timeout, err)
	}
	return err
}

func (j *job) converge(ctx context.Context) error {
	if len(j.recv) > 0 {
		if err := j.keepsSecrets(); err != nil {
			return err
		}
		if err := j.receive(ctx); err != nil {
			return err
		}
	}
	j.export(ctx, j.inst.res)
	if err := j.check(ctx); err != nil {
		return err
	}
	if err := j.takeNote(); err != nil {
		return err
	}
	if len(j.changes) > 0 && !j.noop {
		if j.group != nil {
			j.pending = true
			return nil
		}
		if err := j.apply(ctx); err != nil {
			return err
		}
	}
	return j.follow(ctx)
}

func (j *job) check(ctx context.Context) error {
	if r, ok := j.inst.res.(resource.Receiver); ok {
		params := make([]string, len(j.recv))
		for i := range j.recv {
			params[i] = j.recv[i].param
		}
		r.Receives(params)
	}
	changes, err := j.inst.res.Check(ctx)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	j.changes = changes
	return nil
}

func (j *job) apply(ctx context.Context) error {
	j.applied = true
	return applyError(j.inst.res.Apply(ctx, j.changes))
}

func applyError(err error) error {
	if err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	return nil
}

// follow does what comes after a check, and an apply if it was needed.
func (j *job) follow(ctx context.Context) error {
	if r, ok := j.inst.res.(resource.Refresher); ok && j.refresh && !j.noop {
		if err := r.Refresh(ctx); err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		j.refreshed = true
	}
	if s, ok := j.inst.res.(resource.Sender); ok {
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

// keepsSecrets refuses to receive secrets for a resource that others can read.
func (j *job) keepsSecrets() error {
	if !j.public {
		return nil
	}
	for _, r := range j.recv {
		if r.secrets != nil {
			return &resource.ParamError{Param: r.param, Err: fmt.Errorf("the value that is received is secret, and what a %s resource has can be read by others", j.spec.Key.Kind)}
		}
	}
	return nil
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
