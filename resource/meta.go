package resource

import "math"

// Meta are the parameters that every resource has.
type Meta struct {
	Noop       bool     `mgmt:"noop"`       // check only
	Retry      int16    `mgmt:"retry"`      // retries after an error; -1 is for ever
	RetryReset bool     `mgmt:"retryreset"` // a success restores the retries
	Delay      int64    `mgmt:"delay"`      // milliseconds between retries
	Timeout    int64    `mgmt:"timeout"`    // milliseconds for one check and apply; 0 is unlimited
	Poll       int32    `mgmt:"poll"`       // seconds between checks instead of a watch; negative is once
	Limit      float64  `mgmt:"limit"`      // events a second
	Burst      int64    `mgmt:"burst"`      // events allowed in a burst
	Reset      bool     `mgmt:"reset"`      // forget used retries when the resource is replaced
	Sema       []string `mgmt:"sema"`       // semaphores to hold: id or id:count
	Rewatch    bool     `mgmt:"rewatch"`    // start again at the next graph if the watch had failed
	Realize    bool     `mgmt:"realize"`    // run once before a graph swap may remove it
	Dollar     bool     `mgmt:"dollar"`     // the name may begin with $
	Hidden     bool     `mgmt:"hidden"`     // in the graph but never run
	Export     []string `mgmt:"export"`     // hosts that may collect it; * is all
	Reverse    bool     `mgmt:"reverse"`    // undo on removal
	AutoEdge   bool     `mgmt:"autoedge"`
	AutoGroup  bool     `mgmt:"autogroup"`
}

// DefaultMeta returns the parameters of a resource that sets none.
func DefaultMeta() Meta {
	return Meta{Limit: math.Inf(1), AutoEdge: true, AutoGroup: true}
}
