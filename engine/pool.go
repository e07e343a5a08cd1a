package engine

import (
	"sync"
	"time"
)

// A pool runs jobs: quick ones by a few workers, in the order in which they come, and
// each of those that block in a goroutine of its own.
//
// A job that was to be quick may hang all the same, such as one that touches a file
// server that is gone. So when jobs wait and none has been begun for stuckTime, there
// is one worker more, up to maxWorkers. It goes when there is nothing left to do.
type pool struct {
	box *mailbox
	all sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	some   sync.Cond  // there are jobs, or it is over
	jobs   []*job
	head   int // of jobs
	idle   int // workers that wait
	closed bool
	begun  int         // jobs, ever
	spare  int         // workers beyond those that stay
	relief *time.Timer // runs while jobs wait; nil otherwise
}

const (
	stuckTime  = 250 * time.Millisecond
	maxWorkers = 256
)

func newPool(workers int, box *mailbox) *pool {
	p := &pool{box: box}
	p.some.L = &p.mu
	for range workers {
		p.all.Go(func() { p.work(true) })
	}
	return p
}

// hand takes the jobs.
func (p *pool) hand(jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	quick := 0
	for _, j := range jobs {
		if j.blocking {
			p.all.Go(func() { p.do(j) })
			continue
		}
		p.jobs = append(p.jobs, j)
		quick++
	}
	for range min(quick, p.idle) {
		p.some.Signal()
	}
	if p.idle < quick && p.relief == nil {
		p.expectWorkers()
	}
}

// expectWorkers sees to it that the jobs that wait are begun. The caller holds mu.
func (p *pool) expectWorkers() {
	begun := p.begun
	p.relief = time.AfterFunc(stuckTime, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.relief = nil
		if p.head == len(p.jobs) {
			return
		}
		if p.begun == begun && p.spare < maxWorkers {
			p.spare++
			p.all.Go(func() { p.work(false) })
		}
		p.expectWorkers()
	})
}

func (p *pool) do(j *job) {
	j.do()
	p.box.finished(j)
}

// beside runs f in a goroutine of its own. A panic in it has no consequences.
func (p *pool) beside(f func()) {
	p.all.Go(func() {
		defer func() { _ = recover() }()
		f()
	})
}

// work does jobs until it is over, or, if the worker does not stay, until there are none.
func (p *pool) work(stay bool) {
	for {
		j := p.next(stay)
		if j == nil {
			return
		}
		p.do(j)
	}
}

// next waits for a job. It returns nil when the worker is to end.
func (p *pool) next(stay bool) *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.head == len(p.jobs) {
		if !stay {
			p.spare--
			return nil
		}
		if p.closed {
			return nil
		}
		p.idle++
		p.some.Wait()
		p.idle--
	}
	p.begun++
	j := p.jobs[p.head]
	p.jobs[p.head] = nil
	p.head++
	if p.head == len(p.jobs) {
		p.jobs, p.head = p.jobs[:0], 0
	}
	return j
}

// stop waits until all that was handed in is done.
func (p *pool) stop() {
	p.mu.Lock()
	p.closed = true
	if p.relief != nil {
		p.relief.Stop()
	}
	p.some.Broadcast()
	p.mu.Unlock()
	p.all.Wait()
}
