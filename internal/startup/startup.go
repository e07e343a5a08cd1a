// Package startup makes the start of a program with many packages cheap. While it is imported,
// packages are initialized on one processor; Done, called by an init function of package main,
// which is the last of all, gives the program the others.
//
// Package variables of the etcd server register some 200 metrics, each through a channel and a
// goroutine of its own. With more than one processor each of these wakes a thread that finds
// nothing left to do: a tenth of what a short command takes.
//
// A heap that is small is also collected often while it grows, which frees next to nothing; so
// the first collection comes later than it would.
package startup

import (
	"os"
	"runtime"
	"runtime/debug"
)

// before is how many processors there were. This package imports little, so its variables are
// initialized among the first.
var before = runtime.GOMAXPROCS(1)

// Done ends the start: the program has the processors that it would have had without this
// package, and follows changes of their number as it would have.
func Done() {
	deferCollection()
	if os.Getenv("GOMAXPROCS") != "" {
		runtime.GOMAXPROCS(before)
		return
	}
	runtime.SetDefaultGOMAXPROCS()
}

// While nothing has been collected, the heap may grow to 4 MiB times growth / 100.
const (
	growth      = 400
	usualGrowth = 100
)

// deferCollection makes the first collection come when the heap has 16 MiB, not 4. Those that
// follow come when they usually do. A user who has said when keeps that.
func deferCollection() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth)
	runtime.AddCleanup(new([64]byte), func(int) { debug.SetGCPercent(usualGrowth) }, 0)
}
