package cluster

import (
	"cmp"
	"time"
)

// What is full, in percent of the quota of a server.
const (
	tightAt = 80 // from here on the leader makes room
	fill    = 90 // with less than this, a store takes writes again that was full
	gainAt  = 10 // is what smaller files of a server have to bring, for it answers nobody meanwhile
)

// over reports whether a size is so many percent of a quota, or more.
func over(size, quota int64, percent int64) bool { return quota > 0 && size*100 >= quota*percent }

// A strain is how badly a store needs room.
type strain int

const (
	roomy strain = iota
	tight        // it is about to be full
	full         // it takes no writes
)

// strainOf returns the strain of a store. alarm says that it takes no writes.
func strainOf(alarm bool, members ...Member) strain {
	if alarm {
		return full
	}
	for _, m := range members {
		if over(m.Size, m.Quota, tightAt) {
			return tight
		}
	}
	return roomy
}

// hasRoom reports whether servers can take writes again. Those that do not answer do not count: one
// that is full raises the alarm again when it is back.
func hasRoom(members []Member) bool {
	for _, m := range members {
		if over(m.Size, m.Quota, fill) {
			return false
		}
	}
	return true
}

// worthwhile reports whether the files of a server are to be made smaller. What a server says to be in
// use is out of date while nothing is written, so it does not count in a store that is full.
func worthwhile(m Member, s strain) bool {
	return s != roomy && over(m.Size, m.Quota, tightAt) && (s == full || over(m.Size-m.InUse, m.Quota, gainAt))
}

// maxLag is by how many changes a server may be behind the one that leads when another one stops
// answering for a while.
const maxLag = 1000

// behind reports whether a server has to catch up first.
func behind(members []Member) bool {
	last := uint64(0)
	for _, m := range members {
		last = max(last, m.applied)
	}
	for _, m := range members {
		if m.at != "" && m.State != Learns && m.applied+maxLag < last {
			return true
		}
	}
	return false
}

// nextToShrink returns the server whose files are to be made smaller next, of those that have not
// been yet, or nil. A server answers nobody meanwhile. So there is never more than one: who decides is
// the host that leads, and it leads still; and unless the store takes no writes anyway, all others
// answer.
func nextToShrink(members []Member, host string, s strain, done map[string]bool) *Member {
	leads := false
	for _, m := range members {
		leads = leads || m.Host == host && m.State == Leads
		if s != full && m.State != Leads && m.State != Follows {
			return nil
		}
	}
	if !leads {
		return nil
	}
	for _, m := range leaderLast(members) {
		if m.at != "" && !done[m.Host] && worthwhile(m, s) {
			return &m
		}
	}
	return nil
}

// Pauses between attempts to make room that did not help.
const (
	pauseMin = 10 * time.Second
	pauseMax = 10 * time.Minute
)

// upkeep is what the leader remembers of looking after the store. It does nothing by itself.
type upkeep struct {
	shortest time.Duration // pause; 0 is pauseMin
	busy     bool          // it is being looked after
	pause    time.Duration // that follows the last attempt; 0 if there was none
	last     time.Time     // when that ended
	revision int64         // of the store, at its end
}

// due reports whether room is to be made. A store that takes no writes changes only when something
// is removed; then the pause is short.
func (u *upkeep) due(now time.Time, s strain, revision int64) bool {
	pause := u.pause
	if s == full && revision != u.revision {
		pause = min(pause, cmp.Or(u.shortest, pauseMin))
	}
	return !u.busy && s != roomy && !now.Before(u.last.Add(pause))
}

// ended notes the end of an attempt, and how the store is since.
func (u *upkeep) ended(now time.Time, s strain, revision int64) {
	u.busy, u.last, u.revision = false, now, revision
	u.pause = min(max(2*u.pause, cmp.Or(u.shortest, pauseMin)), pauseMax)
	if s == roomy {
		u.pause = 0
	}
}
