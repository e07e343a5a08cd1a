package engine

import (
	"slices"
	"strconv"
	"strings"
)

// A sema is a counting semaphore of the engine.
type sema struct {
	size    int
	free    int
	waiting []*vertex // in the order in which they came; some may have left
}

// semaSize is the number after the last colon of a semaphore's id, or 1.
func semaSize(id string) int {
	if n, err := strconv.Atoi(id[strings.LastIndexByte(id, ':')+1:]); err == nil && n > 0 {
		return n
	}
	return 1
}

// semaList returns the semaphores in sorted order and each once.
func semaList(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// acquire takes all semaphores of v or none. If it takes none, v is parked at the
// first that is not free; release queues it again.
func (e *Engine) acquire(v *vertex) bool {
	for _, id := range v.meta.Sema {
		s := e.semas[id]
		if s == nil {
			s = &sema{size: semaSize(id)}
			s.free = s.size
			e.semas[id] = s
		}
		if s.free == 0 {
			s.waiting = append(s.waiting, v)
			v.parked = id
			e.touch(v)
			return false
		}
	}
	for _, id := range v.meta.Sema {
		e.semas[id].free--
	}
	v.held = v.meta.Sema
	return true
}

// release gives the semaphores of v back.
func (e *Engine) release(v *vertex) {
	for _, id := range v.held {
		e.semas[id].free++
		e.released = append(e.released, id)
	}
	v.held = nil
}

// unpark lets one go on that waits for a semaphore that has been released, and reports
// whether there may be more. That one is run at once rather than only queued, so that
// as many are let go as can have the semaphore, and no fewer.
func (e *Engine) unpark() bool {
	for len(e.released) > 0 {
		last := len(e.released) - 1
		id := e.released[last]
		s := e.semas[id]
		if s == nil || s.free == 0 || len(s.waiting) == 0 {
			e.released = e.released[:last]
			if s != nil && s.free == s.size {
				delete(e.semas, id) // nobody has to do with it any more
			}
			continue
		}
		v := s.waiting[0]
		s.waiting[0] = nil
		s.waiting = s.waiting[1:]
		if v.parked != id {
			continue // it has left, and may have come again
		}
		v.parked = ""
		if v.job == nil && v.canAdvance() {
			e.advance(v)
		}
		return true
	}
	return false
}
