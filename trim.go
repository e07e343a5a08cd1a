package mgmt

import (
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Loading a program takes more memory than running it, and the Go runtime is slow to return to the
// system what it does not need. An agent that has had nothing to do for trimDelay returns it, at
// most every trimEvery.
const (
	trimDelay = 2 * time.Second
	trimEvery = 10 * time.Minute
)

// rest is told how many resources are unsettled, and returns memory in a quiet moment.
func (a *Agent) rest(unsettled int) {
	switch {
	case unsettled > 0 && a.trim != nil && a.trim.Stop():
		a.trimmed = time.Time{} // it has not happened
	case unsettled > 0 || time.Since(a.trimmed) < trimEvery:
	case a.trim == nil:
		a.trim = time.AfterFunc(trimDelay, trim)
		a.trimmed = time.Now()
	default:
		a.trim.Reset(trimDelay)
		a.trimmed = time.Now()
	}
}

// trim returns memory to the system, unless an agent of this process has done so within trimEvery.
func trim() {
	now, last := time.Now().UnixNano(), trimmedLast.Load()
	if time.Duration(now-last) >= trimEvery && trimmedLast.CompareAndSwap(last, now) {
		debug.FreeOSMemory()
	}
}

// trimmedLast is when memory was returned, in nanoseconds since 1970. Agents in one process
// share their memory.
var trimmedLast atomic.Int64
