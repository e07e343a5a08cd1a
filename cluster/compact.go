package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world/etcd"
)

// A Shrinking is what has become of the data of a server.
type Shrinking struct {
	Host          string
	Before, After int64 // in bytes
	Quota         int64 // how large it may become
	Err           error // why it is as it was
}

// ErrStillFull is why a store takes no writes even after it has been compacted.
var ErrStillFull = errors.New("the store is full even so; remove what is not needed: old deploys with mgmt deploy prune, dead hosts with mgmt cluster forget")

// Compact makes room in the store: it gives up the history, and what servers keep of their files
// without need. If the store was full, and is not any more, it takes writes again. Servers do this
// one after the other, the one that leads last; each answers nobody meanwhile.
func (a *Admin) Compact(ctx context.Context) ([]Shrinking, error) {
	r, err := a.Standing(ctx)
	if err != nil {
		return nil, err
	}
	if !r.Quorate() {
		return nil, errNoAgreement
	}
	if err := a.forgetHistory(ctx); err != nil {
		return nil, err
	}
	var out []Shrinking
	room := true
	for _, m := range leaderLast(r.Members) {
		s := a.shrink(ctx, m)
		room = room && s.Err == nil && !over(s.After, s.Quota, fill)
		out = append(out, s)
	}
	return out, a.relieve(ctx, room)
}

// leaderLast returns members in the order in which they make room.
func leaderLast(members []Member) []Member {
	out := slices.Clone(members)
	slices.SortStableFunc(out, func(a, b Member) int { return leadsAs(a) - leadsAs(b) })
	return out
}

func leadsAs(m Member) int {
	if m.State == Leads {
		return 1
	}
	return 0
}

// forgetHistory gives up what keys were before.
func (a *Admin) forgetHistory(ctx context.Context) error {
	revision, err := etcd.New(a.client, etcd.Options{}).Revision(ctx)
	if err == nil {
		_, err = a.client.Compact(ctx, revision, clientv3.WithCompactPhysical())
	}
	if err != nil && !errors.Is(err, rpctypes.ErrCompacted) {
		return fmt.Errorf("giving up the history of the store: %w", a.slow(err))
	}
	return nil
}

// What servers say to be in use is up to date after so many commits, which are this far apart at least
// (etcd's --backend-batch-interval).
const (
	commits     = 3
	commitDelay = 100 * time.Millisecond
)

// writeDown has all servers write something down, a few times: what they say to be in use is what was
// so before that, and in a store that nobody writes to it would stay so. Without it, less room is made.
func (a *Admin) writeDown(ctx context.Context) {
	for range commits {
		lease, err := a.client.Grant(ctx, 5)
		if err != nil {
			return
		}
		a.client.Revoke(ctx, lease.ID) // or it runs out
		if sleep(ctx, commitDelay) != nil {
			return
		}
	}
}

// shrink makes the files of a server as small as they can be.
func (a *Admin) shrink(ctx context.Context, m Member) Shrinking {
	out := Shrinking{Host: m.Host, Before: m.Size, After: m.Size, Quota: m.Quota}
	if m.at == "" {
		out.Err = errors.New(Silent)
		return out
	}
	if _, err := a.client.Defragment(ctx, m.at); err != nil {
		out.Err = a.slow(err)
		return out
	}
	s, err := a.client.Status(ctx, m.at)
	if err != nil {
		out.Err = a.slow(err)
		return out
	}
	out.After = s.DbSize
	return out
}

// relieve ends the alarm of a store that was full, if there is room.
func (a *Admin) relieve(ctx context.Context, room bool) error {
	resp, err := a.client.AlarmList(ctx)
	if err != nil {
		return fmt.Errorf("asking for alarms: %w", a.slow(err))
	}
	for _, alarm := range resp.Alarms {
		switch {
		case alarm.Alarm != etcdserverpb.AlarmType_NOSPACE:
		case !room:
			return ErrStillFull
		default:
			m := &clientv3.AlarmMember{MemberID: alarm.MemberID, Alarm: alarm.Alarm}
			if _, err := a.client.AlarmDisarm(ctx, m); err != nil {
				return fmt.Errorf("ending the alarm of the store: %w", a.slow(err))
			}
		}
	}
	return nil
}
