package engine

import (
	"sync"

	"mgmt/resource"
)

// stop begins the orderly end: nothing is wanted any more. What runs finishes, and
// each vertex is closed as soon as it has nothing to do.
func (e *Engine) stop() {
	if e.stopping {
		return
	}
	e.final = sync.OnceValue(e.snapshot(Inquiry{}).sorted)
	e.stopping = true
	e.exports.cancel()
	for _, v := range e.vertices {
		e.dismiss(v)
	}
}

// dismiss takes what is wanted from v, which then goes as soon as it can.
func (e *Engine) dismiss(v *vertex) {
	e.withdraw(v)
	e.leave(v)
	e.setLeaving(v, false)
	if v.spec != nil {
		e.total--
	}
	v.spec = nil
	v.node = nil
	e.offer(v)
	v.dirty = false
	e.timers.stop(v.poll)
	e.stopWaiting(v)
	v.parked = ""
	delete(e.rewatch, v)
	e.touch(v)
}

// forget drops a vertex that has gone.
func (e *Engine) forget(v *vertex) {
	delete(e.vertices, v.key)
	delete(e.failures, v.key)
	e.unsettled-- // it counted because it was going
	if !e.stopping {
		e.observe(v, Event{Kind: Removed})
	}
}

// interrupt makes the end harder.
func (e *Engine) interrupt(level int) {
	if level <= e.level {
		return
	}
	e.level = level
	if level >= 2 {
		e.stop()
		e.cancelAll()
	}
	if level >= 3 {
		for _, v := range e.vertices {
			e.hurry(v)
		}
	}
}

// hurry interrupts what v is running, if its kind knows how.
func (e *Engine) hurry(v *vertex) {
	if !v.running() || v.inst == nil {
		return
	}
	i, ok := v.inst.res.(resource.Interrupter)
	if !ok || v.inst.interrupted {
		return
	}
	v.inst.interrupted = true
	e.pool.beside(i.Interrupt)
}
