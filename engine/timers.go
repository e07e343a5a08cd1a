package engine

import (
	"container/heap"
	"time"
)

// timers are functions to call later, in one heap.
type timers struct{ heap timerHeap }

// A timer is an entry of the heap. A nil timer may be stopped.
type timer struct {
	at    time.Time
	call  func()
	index int // in the heap; -1 when it is not there
}

// at has call called by the loop at that time.
func (t *timers) at(at time.Time, call func()) *timer {
	entry := &timer{at: at, call: call}
	heap.Push(&t.heap, entry)
	return entry
}

func (t *timers) stop(entry *timer) {
	if entry != nil && entry.index >= 0 {
		heap.Remove(&t.heap, entry.index)
	}
}

// next returns when the earliest entry is due.
func (t *timers) next() (time.Time, bool) {
	if len(t.heap) == 0 {
		return time.Time{}, false
	}
	return t.heap[0].at, true
}

// fire calls everything that is due.
func (t *timers) fire(now time.Time) {
	for len(t.heap) > 0 && !t.heap[0].at.After(now) {
		heap.Pop(&t.heap).(*timer).call()
	}
}

type timerHeap []*timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is for container/heap.
func (h *timerHeap) Push(x any) {
	entry := x.(*timer)
	entry.index = len(*h)
	*h = append(*h, entry)
}

// Pop is for container/heap.
func (h *timerHeap) Pop() any {
	old := *h
	entry := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	entry.index = -1
	return entry
}
