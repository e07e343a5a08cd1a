package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"mgmt/world"
	"mgmt/world/etcd"
	"mgmt/world/handover"
	"mgmt/world/mem"
)

// A Membership makes an agent part of a cluster. It works beside the agent, which never waits for
// it. Until the store is reached, what the agent shares is kept in memory. If the host belongs to
// a cluster already, because it was given seeds or has the data of one, nothing is shared until
// then, and functions that need it wait.
type Membership struct {
	node  *Node
	log   *slog.Logger
	asked bool
	store *mem.Store // what is in memory; nil if there is a cluster
	world *handover.World

	settled   chan struct{}               // closed when the agent has settled first
	once      sync.Once                   // guards settled
	converged chan bool                   // has the last state that was not told yet
	lost      reasons                     // what has been said of the present outage; nil if there was none; belongs to onHealth
	outage    atomic.Pointer[etcd.Health] // a store that takes no writes is no outage
	full      atomic.Pointer[Ailment]     // that it takes none from this agent
	told      func(etcd.Health)           // is told, too; may be nil
}

// How long a node waits for the agent to settle first: a short time if the agent may need what
// it shares, for they would wait for each other. One that has settled may be about to end, so a
// server waits a little still.
const (
	calmLimit = 5 * time.Second
	calmPause = 300 * time.Millisecond
	joinLimit = 50 * time.Millisecond
)

// NewMembership returns the membership of a host. asked says that somebody wants this host to
// be reached, so that it is an error if it is not.
func NewMembership(opts Options, asked bool) (*Membership, error) {
	m := &Membership{asked: asked, settled: make(chan struct{}), converged: make(chan bool, 1)}
	m.told, opts.OnHealth = opts.OnHealth, m.onHealth
	m.converged <- false // until the agent says so
	var err error
	if m.node, err = New(opts); err != nil {
		return nil, err
	}
	m.log = m.node.log
	if m.node.alone() {
		m.store = mem.New()
		m.world = handover.New(opts.Host, m.store.Host(opts.Host))
	} else {
		m.world = handover.New(opts.Host, nil)
	}
	return m, nil
}

// Begins reports whether there is no cluster yet that the host belongs to, or is to join.
func (m *Membership) Begins() bool { return m.store != nil }

// World is what the agent shares.
func (m *Membership) World() world.World { return m.world }

// Settled says that the agent has nothing to do at the moment.
func (m *Membership) Settled() { m.once.Do(func() { close(m.settled) }) }

// Converged says whether the agent has had nothing to do for long enough. The cluster is told.
func (m *Membership) Converged(converged bool) {
	for {
		select {
		case m.converged <- converged:
			return
		default:
		}
		select {
		case <-m.converged: // what was not told yet is outdated
		default:
		}
	}
}

// Stopping says that the agent is about to stop, not its program to change.
func (m *Membership) Stopping() {
	if w := m.node.World(); w != nil {
		w.Stopping()
	}
}

// Hurry makes the host leave without waiting for others.
func (m *Membership) Hurry() { m.node.Hurry() }

// Run takes part until ctx ends, and then leaves the cluster. It returns an error before that if
// the agent must not go on.
func (m *Membership) Run(ctx context.Context) error {
	m.calm(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	beside.Go(func() { m.use(ctx) })
	if ctx.Err() != nil {
		return nil
	}
	err := m.take(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case !m.asked && (m.begins() || errors.Is(err, ErrBusy) || errors.Is(err, ErrNoServer)):
		m.goAlone(err)
		<-ctx.Done()
		return nil
	}
	return fmt.Errorf("taking part in the cluster: %w", err)
}

// take runs the node. That of an agent nobody has asked for finds out itself whether its addresses
// are free, which costs less than a server that cannot listen.
func (m *Membership) take(ctx context.Context) error {
	if !m.asked && m.store != nil {
		if err := m.node.opts.free(ctx); err != nil {
			return err
		}
	}
	return m.node.Run(ctx)
}

// begins reports whether a cluster was to begin here and has not: nobody can miss it.
func (m *Membership) begins() bool {
	select {
	case <-m.node.Ready():
		return false
	default:
		return m.store != nil
	}
}

// calm waits until the agent has settled first, so that the start of a server is not in its way.
func (m *Membership) calm(ctx context.Context) {
	limit, pause := joinLimit, time.Duration(0)
	if m.store != nil {
		limit, pause = calmLimit, calmPause
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-m.settled:
	case <-timer.C:
	}
	sleep(ctx, pause)
}

// goAlone keeps what the agent shares in memory.
func (m *Membership) goAlone(why error) {
	level := slog.LevelWarn
	switch {
	case errors.Is(why, ErrBusy):
		level = slog.LevelInfo
	case errors.Is(why, ErrNoServer):
		level = slog.LevelDebug
	}
	m.log.Log(context.Background(), level, "this agent goes on alone, and others cannot join it", "reason", why)
	if m.store == nil {
		m.world.Move(func() (world.World, error) { return mem.New().Host(m.world.Host()), nil })
	}
}

// use makes the store what the agent shares when it is reached, and tells it whether the agent
// has converged.
func (m *Membership) use(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-m.node.Ready():
	}
	for ctx.Err() == nil {
		err := m.world.Move(func() (world.World, error) { return m.node.World(), m.carry(ctx) })
		if err == nil {
			break
		}
		m.log.Debug("what is shared is carried over once more", "error", err)
		sleep(ctx, time.Second)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case converged := <-m.converged:
			if err := m.node.World().SetConverged(ctx, converged); err != nil && ctx.Err() == nil {
				m.log.Debug("the cluster was not told whether this agent has converged", "error", err)
			}
		}
	}
}

// carry takes what is in memory to a store that has just begun.
func (m *Membership) carry(ctx context.Context) error {
	if m.store == nil {
		return nil
	}
	return m.node.World().Adopt(ctx, m.store.Dump())
}

// onHealth says when the connection is lost, and when it is back.
func (m *Membership) onHealth(h etcd.Health) {
	m.note(h)
	if m.told != nil {
		m.told(h)
	}
	if m.lost == nil && !h.Connected && m.node.World() != nil {
		m.lost = reasons{}
	}
	switch {
	case h.Connected && m.store != nil && m.lost == nil:
		m.log.Debug("others can join this agent", "seeds", m.node.Client().Endpoints())
	case h.Connected:
		m.log.Info("the cluster is reached")
		m.lost = reasons{}
	case m.node.World() == nil: // the node says so
	case !m.lost.anew(h.Err): // it has been said
	case errors.Is(h.Err, etcd.ErrFull):
		m.log.Warn("what this agent says of itself does not reach the others", "error", h.Err)
	default:
		m.log.Warn("the cluster is not reached; what it said last stays in force", "error", h.Err)
	}
}

// note remembers an outage. What is in memory until a cluster has begun here misses nothing.
func (m *Membership) note(h etcd.Health) {
	if errors.Is(h.Err, etcd.ErrFull) {
		m.full.Store(&Ailment{h.Since, h.Err})
		m.outage.Store(nil)
		return
	}
	m.full.Store(nil)
	switch before := m.outage.Load(); {
	case h.Connected || m.store != nil && m.node.World() == nil:
		m.outage.Store(nil)
		return
	case before != nil:
		h.Since = before.Since
	}
	m.outage.Store(&h)
}

// Outage returns since when the cluster is not reached, and why; nil if it is.
func (m *Membership) Outage() (since time.Time, why error) {
	if h := m.outage.Load(); h != nil {
		return h.Since, h.Err
	}
	return time.Time{}, nil
}

// Ailment returns since when something ails the store, and what; nil if nothing is known to. The host
// that leads knows most.
func (m *Membership) Ailment() (since time.Time, what error) {
	for _, a := range []*Ailment{m.node.Ailment(), m.full.Load()} {
		if a != nil {
			return a.Since, a.Err
		}
	}
	return time.Time{}, nil
}

// alone reports whether there is no cluster yet that this host belongs to, or is to join.
func (n *Node) alone() bool {
	return len(n.opts.Seeds) == 0 && !n.memory.hasData() && len(n.memory.endpoints()) == 0
}
