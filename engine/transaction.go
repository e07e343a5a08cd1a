package engine

import (
	"context"
	"time"

	"mgmt/resource"
)

// A transaction is the work on several vertices of a group, by one worker. Their jobs
// are one job for the pool, that of the first of them.
type transaction struct {
	group   *group
	members []*job
	ctx     context.Context
	cancel  context.CancelFunc
	timeout time.Duration
	live    int // members that are not cancelled; the loop's
}

// transact begins a transaction. It is cancelled when all its members are.
func (e *Engine) transact(g *group, members []*job) {
	t := &transaction{group: g, members: members, timeout: members[0].timeout, live: len(members)}
	t.ctx, t.cancel = context.WithCancel(e.jobCtx)
	for _, j := range members {
		j.queued = false
		j.together = t
		j.again = j.round != g.begun
		j.cancel = func() { t.quit(j) }
		e.touch(j.vertex)
	}
	g.begun++
	g.going = t
	e.jobs = append(e.jobs, members[0])
}

// quit takes one member's interest in going on away.
func (t *transaction) quit(j *job) {
	if j.quit {
		return
	}
	j.quit = true
	t.live--
	if t.live == 0 {
		t.cancel()
	}
}

// concluded draws the conclusions from a transaction that is over.
func (e *Engine) concluded(t *transaction) {
	g := t.group
	g.going = nil
	var secrets *resource.Secrets // an error of all may tell what is secret of one
	for _, j := range t.members {
		secrets = secrets.Merge(j.secrets)
	}
	for _, j := range t.members {
		j.err = secrets.HideError(j.err)
		e.conclude(j)
	}
	e.look(g)
	e.dropGroup(g)
}

// do checks again what has waited for another transaction, applies what differs, and
// refreshes and asks each.
func (t *transaction) do() {
	start := time.Now()
	ctx, cancel := bounded(t.ctx, t.timeout)
	defer cancel()
	t.checkAgain(ctx)
	applyAll(ctx, t.different())
	for _, j := range t.members {
		if j.err == nil {
			j.err = guard(func() error { return j.follow(ctx) })
		}
		j.err = late(ctx, t.timeout, j.err)
	}
	took := time.Since(start)
	for _, j := range t.members {
		j.took += took
	}
}

func (t *transaction) checkAgain(ctx context.Context) {
	for _, j := range t.members {
		if j.again {
			j.err = guard(func() error { return j.check(ctx) })
		}
	}
}

// different returns those that have to be applied.
func (t *transaction) different() []*job {
	differ := make([]*job, 0, len(t.members))
	for _, j := range t.members {
		if j.err == nil && len(j.changes) > 0 {
			differ = append(differ, j)
		}
	}
	return differ
}

// applyAll applies one by itself, and more together.
func applyAll(ctx context.Context, jobs []*job) {
	switch len(jobs) {
	case 0:
	case 1:
		jobs[0].err = guard(func() error { return jobs[0].apply(ctx) })
	default:
		applyGroup(ctx, jobs)
	}
}

func applyGroup(ctx context.Context, jobs []*job) {
	members := make([]*resource.Member, len(jobs))
	for i, j := range jobs {
		j.applied = true
		members[i] = &resource.Member{Resource: j.inst.res, Changes: j.changes}
	}
	err := guard(func() error {
		jobs[0].inst.res.(resource.Grouper).ApplyGroup(ctx, members)
		return nil
	})
	for i, j := range jobs {
		j.err = applyError(members[i].Err)
		if err != nil {
			j.err = err
		}
	}
}
