package engine

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"mgmt/resource"
)

// start gives v a job, to be handed out at the end of the turn.
func (e *Engine) start(v *vertex, kind jobKind) *job {
	j := e.newJob()
	*j = job{kind: kind, cause: v.cause, engine: e, vertex: v, spec: v.spec, inst: v.inst, past: v.secrets, ctx: e.jobCtx,
		blocking: v.kind != nil && v.kind.Blocking, public: v.kind != nil && v.kind.Publishes, watched: v.watched()}
	v.job = j
	e.jobs = append(e.jobs, j)
	e.touch(v)
	return j
}

// newJob returns a job to be filled, which may have been another before.
func (e *Engine) newJob() *job {
	last := len(e.spareJobs) - 1
	if last < 0 {
		return new(job)
	}
	j := e.spareJobs[last]
	e.spareJobs = e.spareJobs[:last]
	return j
}

// dropJob takes back a job that nobody looks at any more.
func (e *Engine) dropJob(j *job) {
	const enough = 4096
	if len(e.spareJobs) < enough {
		*j = job{}
		e.spareJobs = append(e.spareJobs, j)
	}
}

// watched reports whether the resource is watched, rather than polled.
func (v *vertex) watched() bool { return v.meta.Poll == 0 }

func (e *Engine) open(v *vertex) {
	j := e.start(v, openJob)
	j.recv, j.server = e.values(v), v.serverID()
}

// update brings the instance up to the wanted parameters: in place if the resource can
// do that, and otherwise by another instance.
func (e *Engine) update(v *vertex) {
	if canUpdate(v) && !v.inst.stale && sameWatch(v.inst, v) && v.broken() == nil {
		e.start(v, updateJob).recv = e.values(v)
		return
	}
	e.close(v)
}

// canUpdate reports whether the resource of the instance can take the parameters of what is
// wanted, which may be an undo.
func canUpdate(v *vertex) bool {
	_, can := v.inst.res.(resource.Updater)
	return can && reflect.TypeOf(v.inst.res) == reflect.TypeOf(v.spec.Resource)
}

// close ends the watch, and closes the instance once it has ended.
func (e *Engine) close(v *vertex) {
	if d := v.inst.watch; d != nil && !d.ended {
		d.cancel()
		return
	}
	e.start(v, closeJob)
}

func (e *Engine) run(v *vertex) {
	if !e.acquire(v) {
		return
	}
	j := e.start(v, runJob)
	e.runs++
	v.run = e.runs
	j.run = v.run
	j.noop = v.meta.Noop
	j.timeout = time.Duration(v.meta.Timeout) * time.Millisecond
	j.refresh = v.refresh
	j.group, j.alone = v.group, !v.meta.AutoGroup
	j.recv = e.values(v)
	j.trail = e.leaveTrail(v)
	j.offering = v.offering()
	j.blocking = j.blocking || j.offering != nil
	for i, r := range j.recv {
		if r.err == nil {
			v.got[i] = r.value
		}
	}
	if j.blocking {
		j.ctx, j.cancel = context.WithCancel(e.jobCtx)
	}
	v.dirty = false
	v.refresh = false
}

// values are what has been sent to v so far.
func (e *Engine) values(v *vertex) []received {
	if len(v.spec.Recv) == 0 {
		return nil
	}
	out := make([]received, len(v.spec.Recv))
	for i, r := range v.spec.Recv {
		value, err := e.value(r)
		out[i] = received{r.Param, value, err, e.secretsOf(r, value)}
	}
	return out
}

// secretsOf returns the secrets in a value that is received, or nil.
func (e *Engine) secretsOf(r resource.Recv, value any) *resource.Secrets {
	sender := e.vertices[resource.Key{ID: r.From}]
	switch {
	case sender == nil:
		return nil
	case sender.secrets != nil:
		return sender.secrets
	case resource.IsSecret(sender.sends, r.Output):
		return resource.NewSecrets(nil, nil)
	}
	return nil
}

func (e *Engine) value(r resource.Recv) (any, error) {
	sender := e.vertices[resource.Key{ID: r.From}]
	switch {
	case sender == nil || sender.spec == nil:
		return nil, fmt.Errorf("its sender %s is not in the graph", r.From)
	case sender.sends == nil:
		return nil, fmt.Errorf("%s has sent nothing yet", r.From)
	}
	value, err := resource.Sent(sender.sends, r.Output)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.From, err)
	}
	return value, nil
}
