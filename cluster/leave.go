package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
)

const (
	// leaveLimit is how long leaving may take.
	leaveLimit = 30 * time.Second
	// leaveStep is how long one try of it may take. The server here may be out of the cluster
	// already, and what it is asked stays without an answer.
	leaveStep = 2 * time.Second
	// leavePatience is how long nothing is said of it.
	leavePatience = 3 * time.Second
)

// leave takes this host out of the cluster: it hands on the lead, does not volunteer any more,
// and waits until it has been released. The last member just stops, and keeps its data.
func (n *Node) leave(ctx context.Context, events <-chan func()) {
	ctx, cancel := context.WithTimeout(ctx, leaveLimit)
	defer cancel()
	go func() {
		select {
		case <-n.hurry:
			cancel()
		case <-ctx.Done():
		}
	}()
	waits := time.AfterFunc(leavePatience, func() {
		n.log.Info("the cluster has not released the server here yet; to stop once more leaves at once, and the others replace it")
	})
	defer waits.Stop()
	if err := n.tryLeave(ctx, events); err != nil {
		n.log.Debug("the cluster was not left in order", "error", err)
	}
}

func (n *Node) tryLeave(ctx context.Context, events <-chan func()) error {
	n.opts.NoServer, n.state.leaves = true, true
	if n.server == nil {
		return n.volunteer(ctx)
	}
	for n.server != nil {
		step, done := context.WithTimeout(ctx, leaveStep)
		over, err := n.retreat(step)
		done()
		if over {
			return nil
		}
		if err != nil {
			n.log.Debug("this host is not released yet", "error", err, "asked", n.client.Endpoints())
		}
		if !n.wait(ctx, events) {
			return ctx.Err()
		}
	}
	return nil
}

// retreat takes a step towards leaving, and reports whether there is nobody left to leave to.
func (n *Node) retreat(ctx context.Context) (over bool, err error) {
	if n.state.nominated[n.opts.Host] != nil { // when all others have gone, nobody else can be asked
		if err := n.findVote(ctx); err != nil {
			return false, err
		}
		n.follow(ctx)
	}
	others, err := n.others(ctx)
	if err != nil || len(others) == 0 {
		return err == nil, err
	}
	if err := n.handOn(ctx, others); err != nil {
		return false, err
	}
	if err := n.volunteer(ctx); err != nil {
		return false, err
	}
	return false, n.serve(ctx)
}

// others are the members that vote, without that of this host.
func (n *Node) others(ctx context.Context) ([]*etcdserverpb.Member, error) {
	resp, err := n.client.MemberList(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(resp.Members, func(m *etcdserverpb.Member) bool {
		return m.Name == n.opts.Host || m.IsLearner
	}), nil
}

// handOn moves the lead, if this host has it, to the one with the lowest name of those that stay.
// If all are leaving it goes on leading, until the others have been released.
func (n *Node) handOn(ctx context.Context, others []*etcdserverpb.Member) error {
	status, err := n.server.status(ctx)
	if err != nil || status.Leader != status.Header.MemberId {
		return err
	}
	all, err := n.world.List(ctx, volunteerPrefix)
	if err != nil {
		return err
	}
	staying := slices.DeleteFunc(others, func(m *etcdserverpb.Member) bool { return all[volunteerPrefix][m.Name] == "" })
	if len(staying) == 0 {
		return n.decide(ctx)
	}
	return n.moveLead(ctx, staying)
}

// stepDown hands on the lead, if this host has it, to one that is nominated still. A leader that
// was removed and has stopped may have been the only one to know that all had agreed to it; the
// others would wait for its vote.
func (n *Node) stepDown(ctx context.Context) error {
	status, err := n.server.status(ctx)
	if err != nil || status.Leader != status.Header.MemberId {
		return err
	}
	others, err := n.others(ctx)
	if err != nil {
		return err
	}
	staying := slices.DeleteFunc(others, func(m *etcdserverpb.Member) bool { return n.state.nominated[m.Name] == nil })
	if len(staying) == 0 {
		return errors.New("none of the other servers can lead yet")
	}
	return n.moveLead(ctx, staying)
}

// moveLead hands on the lead to the one with the lowest name.
func (n *Node) moveLead(ctx context.Context, to []*etcdserverpb.Member) error {
	heir := slices.MinFunc(to, func(a, b *etcdserverpb.Member) int { return strings.Compare(a.Name, b.Name) })
	_, err := n.server.client.MoveLeader(ctx, heir.ID)
	return err
}
