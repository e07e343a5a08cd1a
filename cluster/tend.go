package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world"
	"mgmt/world/etcd"
)

// A Tidier removes deploys that nobody needs any more, and returns how many there were.
type Tidier func(ctx context.Context, store world.KV) (removed int, err error)

// An Ailment is what ails the store of a cluster, as the host knows that leads it.
type Ailment struct {
	Since time.Time
	Err   error
}

const (
	// tendTick is how often a host that nothing happens to looks how full its server is.
	tendTick = 5 * time.Second
	// tendLimit is how long making room may take.
	tendLimit = 10 * time.Minute
	// lagLimit is how long a server may take to catch up before the next one makes its files smaller.
	lagLimit = time.Minute
)

// Ailment returns what ails the store, nil if nothing does or if the server of another host leads.
func (n *Node) Ailment() *Ailment { return n.ailment.Load() }

// ail notes what ails the store.
func (n *Node) ail(err error) {
	before := n.ailment.Load()
	switch {
	case err == nil:
		n.ailment.Store(nil)
	case before == nil:
		n.ailment.Store(&Ailment{time.Now(), err})
	default:
		n.ailment.Store(&Ailment{before.Since, err})
	}
}

// tend has the store looked after that this host leads, if it is time to. That goes on beside the
// loop, for it takes as long as the store is large.
func (n *Node) tend(context.Context) error {
	u, status := &n.state.upkeep, n.state.lead.status
	if status == nil {
		n.ail(nil)
		return nil
	}
	s := strainOf(hasAlarm(status), Member{Size: status.DbSize, Quota: status.DbSizeQuota})
	if s == roomy && !u.busy {
		*u = upkeep{shortest: u.shortest}
		n.ail(nil)
	}
	if u.due(time.Now(), s, status.Header.Revision) {
		u.busy = true
		n.state.tends <- s
	}
	return nil
}

// hasAlarm reports whether a server says that the store takes no writes.
func hasAlarm(status *clientv3.StatusResponse) bool {
	return slices.ContainsFunc(status.Errors, func(text string) bool {
		return strings.Contains(text, etcdserverpb.AlarmType_NOSPACE.String())
	})
}

// tending looks after the store whenever the loop says so, and tells it how that ended.
func (n *Node) tending(ctx context.Context, wanted <-chan strain, events chan<- func()) {
	for {
		var s strain
		select {
		case <-ctx.Done():
			return
		case s = <-wanted:
		}
		left, revision, err := n.makeRoom(ctx, s)
		if ctx.Err() != nil {
			return
		}
		ended := func() {
			n.state.upkeep.ended(time.Now(), left, revision)
			n.ail(err)
		}
		select {
		case events <- ended:
		case <-ctx.Done():
		}
	}
}

// makeRoom makes room in the store, and returns how it is then, at which revision, and what ails it
// still.
func (n *Node) makeRoom(ctx context.Context, s strain) (strain, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, tendLimit)
	defer cancel()
	if s == full {
		n.log.Warn("the store is full and takes no writes; room is made in it")
	} else {
		n.log.Info("the store is nearly full; room is made in it")
	}
	n.tidy(ctx)
	a := &Admin{client: n.client}
	err := a.forgetHistory(ctx)
	if err == nil && s == tight {
		a.writeDown(ctx)
	}
	members, revision, failed := n.shrinkAll(ctx, a, s)
	alarm := s == full
	if alarm && failed == nil && hasRoom(members) {
		failed = a.relieve(ctx, true)
		alarm = failed != nil
	}
	left := strainOf(alarm, members...)
	if failed == nil && left == roomy {
		n.log.Info("the store has room again", "servers", sizes(members))
		return roomy, revision, nil
	}
	if err == nil {
		err = failed
	}
	err = n.complaint(ctx, members, left, err)
	n.log.Warn(err.Error())
	return max(left, tight), revision, err
}

// tidy removes what nobody needs any more.
func (n *Node) tidy(ctx context.Context) {
	if n.opts.Tidy == nil {
		return
	}
	removed, err := n.opts.Tidy(ctx, n.world.KV())
	if err != nil {
		n.log.Warn("what nobody needs is not removed from the store", "error", err)
	}
	if removed > 0 {
		n.log.Info("old deploys are removed from the store", "number", removed)
	}
}

// shrinkAll makes the files of servers smaller, one after the other, and returns how they are then.
func (n *Node) shrinkAll(ctx context.Context, a *Admin, s strain) (members []Member, revision int64, err error) {
	done := map[string]bool{}
	waits := time.Now().Add(lagLimit)
	for {
		resp, err := n.client.MemberList(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("asking how full the servers are: %w", a.slow(err))
		}
		members = a.askAll(ctx, resp.Members)
		if behind(members) && time.Now().Before(waits) {
			if err := sleep(ctx, busyTick); err != nil {
				return nil, 0, err
			}
			continue
		}
		m := nextToShrink(members, n.opts.Host, s, done)
		if m == nil {
			break
		}
		done[m.Host] = true
		out := a.shrink(ctx, *m)
		if out.Err != nil {
			return nil, 0, fmt.Errorf("making the files of the server on %s smaller: %w", m.Host, out.Err)
		}
		n.log.Info("the files of a server of the cluster are smaller", "host", m.Host, "before", etcd.Size(out.Before), "after", etcd.Size(out.After))
		if s == full && over(out.After, out.Quota, fill) { // the others have the same
			members = a.askAll(ctx, resp.Members)
			break
		}
		waits = time.Now().Add(lagLimit)
	}
	revision, err = n.world.Revision(ctx)
	return members, revision, err
}

// complaint says what ails a store that has too little room: who uses it, and why that is so.
func (n *Node) complaint(ctx context.Context, members []Member, s strain, why error) error {
	text := "the store is nearly full"
	if s == full {
		text = "the store is full and takes no writes"
	}
	uses, err := n.world.Usage(ctx)
	if why == nil {
		why = err
	}
	if why != nil {
		return fmt.Errorf("%s, and making room fails: %w", text, why)
	}
	var parts []string
	for _, u := range uses {
		parts = append(parts, u.String())
	}
	return fmt.Errorf("%s: it has %s; its servers: %s; remove what is not needed, like old deploys (mgmt deploy prune --keep 3), or run the agents with a larger --store-quota", text, strings.Join(parts, ", "), sizes(members))
}

// sizes says how full servers are.
func sizes(members []Member) string {
	var parts []string
	for _, m := range members {
		if m.at == "" {
			parts = append(parts, m.Host+" "+Silent)
		} else {
			parts = append(parts, fmt.Sprintf("%s %s of %s", m.Host, etcd.Size(m.Size), etcd.Size(m.Quota)))
		}
	}
	return strings.Join(parts, ", ")
}
