package etcd

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

// electionTTL is, in seconds, how soon after its death another host picks in the place of the
// elected one.
const electionTTL = 1

// candidates is how many hosts stand for election at once. Each of them costs the store a lease that
// is renewed all the time, so all others wait until there is a place.
const candidates = 3

// stand stands for election until ctx ends, and picks while elected. When the session of the
// election is lost it begins once more.
func (w *World) stand(ctx context.Context) {
	delay := retryMin
	for again := false; ctx.Err() == nil; again = true {
		places, err := w.places(ctx, again)
		if err == nil {
			err = w.term(ctx, places)
		}
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, errFull):
			delay = retryMin
		default:
			w.log.Debug("the scheduler stands for election once more", "error", err)
			pause(ctx, delay)
			delay = min(2*delay, retryMax)
		}
	}
	late, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	if err := w.adjourn(late); err != nil {
		w.log.Debug("what is scheduled was not looked at once more", "error", err)
	}
}

// errFull is why a host does not stand: others were faster.
var errFull = errors.New("there are enough candidates")

// places waits until there are places for candidates, and returns those that are free. Who has
// waited before takes its time, since many may be waiting; it finds no place if others are faster.
func (w *World) places(ctx context.Context, again bool) ([]string, error) {
	if again {
		if err := w.watchPlaces(ctx, func(free []string) bool { return len(free) > 0 }); err != nil {
			return nil, err
		}
		pause(ctx, rand.N(jitter))
	}
	var now []string
	err := w.watchPlaces(ctx, func(free []string) bool {
		now = free
		return again || len(free) > 0
	})
	if err == nil && len(now) == 0 {
		err = errFull
	}
	return now, err
}

// jitter is how long at most a host waits before it takes a place that has become free. Other
// candidates are there meanwhile.
const jitter = 500 * time.Millisecond

// watchPlaces follows which places are free until enough says so.
func (w *World) watchPlaces(ctx context.Context, enough func(free []string) bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	taken := map[string]bool{}
	w.tables.follow(ctx, span{candidatesPrefix, true}, func(d delta) {
		for place, e := range d {
			taken[place] = e.Exists
		}
		var free []string
		for i := range candidates {
			if place := strconv.Itoa(i); !taken[place] {
				free = append(free, place)
			}
		}
		if enough(free) {
			cancel(errEnough)
		}
	})
	if err := context.Cause(ctx); !errors.Is(err, errEnough) {
		return err
	}
	return nil
}

var errEnough = errors.New("enough is known")

// term is one candidacy, in one of some places, and what comes of it.
func (w *World) term(ctx context.Context, places []string) error {
	lease, err := w.client.Grant(ctx, electionTTL)
	if err != nil {
		return err
	}
	s, err := concurrency.NewSession(w.client, concurrency.WithLease(lease.ID))
	if err != nil {
		return err
	}
	defer w.resign(s)
	if err := w.occupy(ctx, places[rand.IntN(len(places))], lease.ID); err != nil {
		return err
	}
	elected, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the session ends before this function does, by resign or by being lost
		<-s.Done()
		cancel()
	}()
	if err := concurrency.NewElection(s, electionPrefix).Campaign(elected, w.opts.Host); err != nil {
		return err
	}
	return newPicker(w).run(elected)
}

// occupy takes a place among the candidates, for as long as the lease lasts.
func (w *World) occupy(ctx context.Context, place string, lease clientv3.LeaseID) error {
	key := candidatesPrefix + place
	resp, err := w.client.Txn(ctx).
		If(clientv3.Compare(clientv3.CreateRevision(key), "=", 0)).
		Then(clientv3.OpPut(key, w.opts.Host, clientv3.WithLease(lease))).
		Commit()
	if err == nil && !resp.Succeeded {
		err = errFull
	}
	return err
}

// adjourn is called after this host has taken an offer back, and does not stand for election. If
// nobody does, it picks once more, since nobody else notices.
func (w *World) adjourn(ctx context.Context) error {
	resp, err := w.client.Get(ctx, electionPrefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil || resp.Count > 0 {
		return err
	}
	p := newPicker(w)
	for prefix, apply := range p.tables() {
		d, _, err := w.tables.list(ctx, span{prefix, true})
		if err != nil {
			return err
		}
		p.listed++
		apply(d)
	}
	return p.pick(ctx)
}

// resign ends the session of an election, so that the next host is elected at once.
func (w *World) resign(s *concurrency.Session) {
	s.Orphan()
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	if _, err := w.client.Revoke(ctx, s.Lease()); err != nil {
		w.log.Debug("the election was not left; its session runs out", "error", err)
	}
}
