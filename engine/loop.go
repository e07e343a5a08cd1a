package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A mailbox takes messages for the loop. Nobody who sends one waits.
type mailbox struct {
	signal chan struct{} // holds one element while there is something in batch

	mu    sync.Mutex // guards batch
	batch batch
}

// A batch is what has come in since the loop looked last.
type batch struct {
	wakes []*waker
	done  []*job
	calls []func()
}

func (b *batch) empty() bool { return len(b.wakes)+len(b.done)+len(b.calls) == 0 }

func (m *mailbox) wake(w *waker) {
	m.mu.Lock()
	m.batch.wakes = append(m.batch.wakes, w)
	m.mu.Unlock()
	m.ring()
}

func (m *mailbox) finished(j *job) {
	m.mu.Lock()
	m.batch.done = append(m.batch.done, j)
	m.mu.Unlock()
	m.ring()
}

// call has the loop call f.
func (m *mailbox) call(f func()) {
	m.mu.Lock()
	m.batch.calls = append(m.batch.calls, f)
	m.mu.Unlock()
	m.ring()
}

func (m *mailbox) ring() {
	select {
	case m.signal <- struct{}{}:
	default:
	}
}

// take returns what is there, in exchange for an empty batch to fill next.
func (m *mailbox) take(empty batch) batch {
	m.mu.Lock()
	defer m.mu.Unlock()
	full := m.batch
	m.batch = empty
	return full
}

func (m *mailbox) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.batch.empty()
}

// A waker turns the calls of a watch into messages. Calls that come before the loop
// has seen the last one are one event: the flag is lowered before the vertex is marked
// dirty, so that a later call always leads to a later run.
type waker struct {
	box     *mailbox
	inst    *instance
	pending atomic.Bool
	heard   atomic.Bool                   // it has been called
	first   atomic.Pointer[chan struct{}] // closed by the first call, which then counts for nothing else
}

func (w *waker) wake() {
	if !w.heard.Load() {
		w.heard.Store(true)
	}
	if first := w.first.Swap(nil); first != nil {
		close(*first)
		return
	}
	if !w.pending.Swap(true) {
		w.box.wake(w)
	}
}

// loop runs until ctx has ended and everything has been closed.
func (e *Engine) loop(ctx context.Context) {
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	ended := ctx.Done()
	var spare batch
	for {
		spare = e.turn(spare)
		if e.stopping && len(e.vertices) == 0 {
			return
		}
		alarm.Stop()
		if at, ok := e.timers.next(); ok {
			alarm.Reset(time.Until(at))
		}
		select {
		case <-e.box.signal:
		case <-alarm.C:
		case <-ended:
			e.stop()
			ended = nil
		}
	}
}

// turn handles what has come in, and hands out what follows from it. Nothing is handed
// out before everything has been handled.
func (e *Engine) turn(spare batch) batch {
	b := e.box.take(spare)
	for _, w := range b.wakes {
		w.pending.Store(false)
		e.woken(w)
	}
	for _, j := range b.done {
		e.finish(j)
	}
	for _, f := range b.calls {
		f()
	}
	e.timers.fire(time.Now())
	e.settle()
	e.retract()
	if e.audit != nil {
		e.audit()
	}
	e.pool.hand(e.jobs)
	clear(e.jobs)
	e.jobs = e.jobs[:0]
	e.progress()
	e.decide()
	return b.reset()
}

// reset empties the batch and keeps its memory unless it has become large.
func (b *batch) reset() batch {
	const large = 1 << 16
	if cap(b.wakes)+cap(b.done)+cap(b.calls) > large {
		return batch{}
	}
	clear(b.wakes)
	clear(b.done)
	clear(b.calls)
	return batch{b.wakes[:0], b.done[:0], b.calls[:0]}
}
