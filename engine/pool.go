package engine

import "sync"

// A pool runs jobs: quick ones by a fixed number of workers, in the order in which
// they come, and each of those that block in a goroutine of its own.
type pool struct {
	box *mailbox
	all sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	some   sync.Cond  // there are jobs, or it is over
	jobs   []*job
	head   int // of jobs
	idle   int // workers that wait
	closed bool
}

func newPool(workers int, box *mailbox) *pool {
	p := &pool{box: box}
	p.some.L = &p.mu
	for range workers {
		p.all.Go(p.work)
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

func (p *pool) work() {
	for {
		j := p.next()
		if j == nil {
			return
		}
		p.do(j)
	}
}

// next waits for a job. It returns nil when it is over.
func (p *pool) next() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.head == len(p.jobs) {
		if p.closed {
			return nil
		}
		p.idle++
		p.some.Wait()
		p.idle--
	}
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
	p.some.Broadcast()
	p.mu.Unlock()
	p.all.Wait()
}
