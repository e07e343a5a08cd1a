package engine

import (
	"slices"
	"time"

	"mgmt/resource"
)

// A tally is what a vertex remembers of its jobs.
type tally struct {
	runs, changes, failures uint32

	opening time.Duration // of the latest instance
	latest  time.Duration // of the latest run
	total   time.Duration // of all runs
	ended   time.Time     // the latest run
	work    *Work         // the latest run that changed something
}

// Work is a run that found changes and did not fail. The changes are without their diffs, which may be large.
type Work struct {
	Run     uint64
	Time    time.Time
	Noop    bool // they were found only
	Changes []resource.Change
}

// count notes a run that has ended. Those that were cut off count for nothing.
func (t *tally) count(j *job) {
	t.runs++
	t.latest = j.took
	t.total += j.took
	t.ended = j.ended
	if j.err != nil {
		t.failures++
		return
	}
	if len(j.changes) == 0 {
		return
	}
	t.changes++
	work := &Work{Run: j.run, Time: j.ended, Noop: j.noop, Changes: slices.Clone(j.changes)}
	for i := range work.Changes {
		work.Changes[i].Diff = nil
	}
	t.work = work
}
