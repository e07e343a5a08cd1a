package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world"
)

const (
	// DefaultTTL is how long the cluster takes an agent for alive that is not heard of.
	DefaultTTL = 10 * time.Second
	// writeTimeout is how long a write may take before it is an error.
	writeTimeout = 10 * time.Second
	// releaseTimeout is how long leaving may take. What is not said then runs out by itself.
	releaseTimeout = 2 * time.Second
)

// Options say who an agent is.
type Options struct {
	Host string // the name of the agent
	// ID tells this agent from another one of the same name. It is to be the same after a
	// restart. Empty means that the name is not claimed.
	ID  string
	TTL time.Duration // of the session; the default is DefaultTTL
	// Calm keeps the agent for alive much longer, without a word of it, until another one is there.
	Calm bool
	Log  *slog.Logger // the default discards
	// OnHealth is told when the connection is lost, when the reason is another one, and when it is
	// back, by one call after the other. It must not block.
	OnHealth func(Health)
}

// A World is the view of one agent. Its methods may be called before Run and wait for it where
// they need the session.
type World struct {
	opts    Options
	client  *clientv3.Client
	log     *slog.Logger
	tables  *tables
	session *session
	offers  *offers
	fence   fence
	seen    atomic.Int64 // the newest revision of the store that an answer had

	telling   sync.Mutex    // is held while OnHealth is told
	exporting sync.RWMutex  // is held for writing while something is exported again
	another   chan struct{} // has one when the store is another one

	mu      sync.Mutex // guards what follows
	health  Health
	cluster uint64                     // the number of the cluster that was met last
	exports map[world.ExportKey]string // what the store was given
}

// New returns the view of an agent through a client, which stays the caller's.
func New(client *clientv3.Client, opts Options) *World {
	if opts.TTL == 0 {
		opts.TTL = DefaultTTL
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	w := &World{opts: opts, client: client, log: opts.Log, another: make(chan struct{}, 1), exports: map[world.ExportKey]string{}}
	w.health.Since = time.Now()
	if opts.Host != "" {
		w.fence.key = fencePrefix + opts.Host
	}
	w.tables = &tables{client: client, log: opts.Log, open: map[span]*table{}, leaderless: func() { w.report(ErrNoQuorum) }}
	ttl := opts.TTL
	if opts.Calm && opts.ID != "" {
		ttl = calmTTL
	}
	w.session = newSession(client, &w.fence, opts.Log, ttl)
	w.session.report, w.session.met = w.report, w.met
	w.offers = newOffers(w)
	return w
}

// Host implements world.World.
func (w *World) Host() string { return w.opts.Host }

// Run keeps the agent present in the cluster until ctx ends. It returns ctx.Err(), or
// ErrNameTaken if another agent has the name.
func (w *World) Run(ctx context.Context) error {
	w.tables.keep(true)
	defer w.tables.keep(false)
	if w.opts.ID == "" {
		return w.session.run(ctx)
	}
	if err := w.claim(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { w.watchConnection(ctx) })
	beside.Go(func() { w.exportAgain(ctx) })
	guarded := make(chan struct{})
	go func() {
		defer close(guarded)
		cancel(w.guard(ctx))
	}()
	if w.opts.Calm {
		stirred := make(chan struct{})
		go func() {
			defer close(stirred)
			w.stir(ctx)
		}()
		defer func() { <-stirred }()
	}
	w.session.run(ctx)
	<-guarded
	beside.Wait()
	return context.Cause(ctx)
}

// Stopping says that the agent is about to stop, not the program to change: offers that end
// from here on keep their place until the session has run out, so that a restart changes
// nothing.
func (w *World) Stopping() { w.offers.stopping() }

// SetConverged tells the cluster whether this agent is settled.
func (w *World) SetConverged(ctx context.Context, converged bool) error {
	return w.session.hold(ctx, convergedPrefix+w.opts.Host, fmt.Sprint(converged))
}

// WatchConverged delivers, of the agents that are alive, whether they are settled.
func (w *World) WatchConverged(ctx context.Context, emit func(map[string]bool)) error {
	all := map[string]bool{}
	return w.tables.follow(ctx, span{convergedPrefix, true}, func(d delta) {
		for host, e := range d {
			if e.Exists {
				all[host] = e.Value == "true"
			} else {
				delete(all, host)
			}
		}
		emit(maps.Clone(all))
	})
}

// ErrNameTaken is why an agent is refused whose name another one has.
var ErrNameTaken = errors.New("another agent of this name is in the cluster")

// claim waits until no other agent that is alive has the name. One that died without a word
// keeps it until its lease has run out.
func (w *World) claim(ctx context.Context) error {
	deadline := time.Now().Add(w.opts.TTL + w.opts.TTL/2)
	for ctx.Err() == nil {
		owner, _, err := w.get(ctx, alivePrefix+w.opts.Host)
		switch {
		case err == nil && (owner == "" || owner == w.opts.ID):
			return nil
		case err == nil && time.Now().After(deadline):
			return w.taken()
		case err != nil:
			w.report(err)
		}
		pause(ctx, w.opts.TTL/10)
	}
	return ctx.Err()
}

// guard takes the name and watches over it: of two agents that take it at the same moment, the
// one that was first finds it taken.
func (w *World) guard(ctx context.Context) error {
	key := alivePrefix + w.opts.Host
	if err := w.session.hold(ctx, key, w.opts.ID); err != nil {
		return ctx.Err()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	w.tables.follow(ctx, span{key: key}, func(d delta) {
		if e := d[""]; e.Exists && e.Value != w.opts.ID {
			cancel(w.taken())
		}
	})
	return context.Cause(ctx)
}

// calmTTL is the TTL of an agent that nobody is there to miss.
const calmTTL = time.Hour

// stir ends the calm as soon as another agent is there.
func (w *World) stir(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.tables.follow(ctx, span{alivePrefix, true}, func(d delta) {
		for host, e := range d {
			if e.Exists && host != w.opts.Host {
				w.session.setTTL(w.opts.TTL)
				cancel()
			}
		}
	})
}

func (w *World) taken() error {
	return fmt.Errorf("joining the cluster as %s: %w; give one of them another name with --hostname", w.opts.Host, ErrNameTaken)
}

func (w *World) get(ctx context.Context, key string) (value string, exists bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := w.client.Get(ctx, key)
	if err != nil {
		return "", false, readError(key, err)
	}
	w.saw(resp.Header)
	if len(resp.Kvs) == 0 {
		return "", false, nil
	}
	return string(resp.Kvs[0].Value), true, nil
}

func readError(key string, err error) error {
	return fmt.Errorf("reading %s of the cluster: %w", strings.TrimPrefix(key, namespace), Plain(err))
}
