package etcd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A session is a lease and the keys that hang on it. What it should hold is a map that anyone
// changes; run makes the store so, also after the lease was lost.
type session struct {
	client *clientv3.Client
	fence  *fence // of the agent
	log    *slog.Logger
	report func(error)              // how renewing went, nil when it did
	met    func(*pb.ResponseHeader) // who granted or renewed the lease

	mu      sync.Mutex // guards what follows
	ttl     time.Duration
	wanted  map[string]*held
	outlive map[string]bool // keys that stay after the end of the session
	wake    chan struct{}   // has one when wanted has changed
	soon    chan struct{}   // has one when the lease is to be renewed at once
}

// held is a key of a session.
type held struct {
	value   string
	gone    bool          // it is to be deleted
	written bool          // the store has it so, under the present lease
	settled chan struct{} // closed when it has been written
}

func newSession(client *clientv3.Client, fence *fence, log *slog.Logger, ttl time.Duration) *session {
	return &session{
		client: client, fence: fence, log: log, ttl: ttl,
		report: func(error) {}, met: func(*pb.ResponseHeader) {},
		wanted: map[string]*held{}, outlive: map[string]bool{}, wake: make(chan struct{}, 1), soon: make(chan struct{}, 1),
	}
}

// hold puts a key for as long as the session runs, and waits until the store has it.
func (s *session) hold(ctx context.Context, key, value string) error {
	return s.want(ctx, key, &held{value: value, settled: make(chan struct{})})
}

// drop deletes a key, and waits until the store has done so.
func (s *session) drop(ctx context.Context, key string) error {
	return s.want(ctx, key, &held{gone: true, settled: make(chan struct{})})
}

func (s *session) want(ctx context.Context, key string, h *held) error {
	settled := s.set(key, h)
	select {
	case <-ctx.Done():
		return fmt.Errorf("writing %s to the cluster: %w", key, ctx.Err())
	case <-settled:
		return nil
	}
}

// set makes a key wanted and returns what is closed when the store has it so.
func (s *session) set(key string, h *held) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.wanted[key]; old != nil && !old.written {
		close(old.settled) // replaced before it was written
	}
	s.wanted[key] = h
	s.signal()
	return h.settled
}

// setTTL changes how long the store keeps the keys without a word of the agent: they move to
// another lease, and the one before runs out with nothing on it.
func (s *session) setTTL(ttl time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ttl = ttl
	s.signal()
}

func (s *session) currentTTL() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ttl
}

// requestLimit is how long one request may take: a lease with that TTL outlives some that fail.
func requestLimit(ttl time.Duration) time.Duration { return min(ttl/3, writeTimeout) }

// errTTL is why a session begins once more that is well: with another TTL.
var errTTL = errors.New("the TTL has changed")

// errLeaseLost is why a session begins once more.
var errLeaseLost = errors.New("the lease has run out")

// run keeps the session until ctx ends, and then ends the lease.
func (s *session) run(ctx context.Context) error {
	delay := retryMin
	for ctx.Err() == nil {
		lease, err := s.grant(ctx)
		if err == nil {
			granted := time.Now()
			err = s.keep(ctx, lease)
			if time.Since(granted) > s.currentTTL() { // not one that is lost at once, again and again
				delay = retryMin
			}
			if ctx.Err() != nil {
				s.release(lease)
			}
		}
		if ctx.Err() != nil {
			break
		}
		if errors.Is(err, errTTL) {
			continue
		}
		if !errors.Is(err, errLeaseLost) { // says so who is reached
			s.report(err)
		}
		s.log.Debug("the session with the cluster begins once more", "error", err)
		pause(ctx, delay)
		delay = min(2*delay, retryMax)
	}
	return ctx.Err()
}

func (s *session) grant(ctx context.Context) (clientv3.LeaseID, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := s.client.Grant(ctx, int64(s.currentTTL()/time.Second))
	if err != nil {
		return 0, fmt.Errorf("beginning a session with the cluster: %w", Plain(err))
	}
	s.met(resp.ResponseHeader)
	return resp.ID, nil
}

// release ends the lease. If some keys are to outlive the session, it deletes the others and lets
// the lease run out.
func (s *session) release(lease clientv3.LeaseID) {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	if err := s.end(ctx, lease); err != nil {
		s.log.Debug("the session was not ended; it runs out", "error", err)
	}
}

func (s *session) end(ctx context.Context, lease clientv3.LeaseID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.outlive) == 0 {
		_, err := s.client.Revoke(ctx, lease)
		return err
	}
	var ops []clientv3.Op
	for key := range s.wanted {
		if !s.outlive[key] {
			ops = append(ops, clientv3.OpDelete(key))
		}
	}
	_, err := s.client.Txn(ctx).Then(ops...).Commit()
	return err
}

// abandon leaves a key to another session, which holds it.
func (s *session) abandon(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.wanted[key]; h != nil && !h.written {
		close(h.settled)
	}
	delete(s.wanted, key)
}

// keepOn lets a key stay after the end of the session until its lease runs out.
func (s *session) keepOn(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outlive[key] = true
}

// keep renews a lease and writes the keys that are wanted on it, until it is lost.
func (s *session) keep(ctx context.Context, lease clientv3.LeaseID) error {
	s.forget()
	s.report(nil)
	ttl := s.currentTTL()
	tick := time.NewTicker(ttl / 3)
	defer tick.Stop()
	deadline := time.Now().Add(ttl)
	var unwritten error // why a key that is wanted is not in the store
	delay := retryMin
	for {
		if s.currentTTL() != ttl {
			return errTTL
		}
		failed := unwritten != nil
		switch unwritten = s.write(ctx, lease); {
		case errors.Is(unwritten, errLeaseLost):
			return unwritten
		case unwritten != nil && ctx.Err() == nil:
			s.report(unwritten)
			pause(ctx, delay)
			delay = min(2*delay, time.Second)
			s.signal()
		case unwritten == nil && failed:
			delay = retryMin
			s.report(nil)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.wake:
			continue
		case <-s.soon:
		case <-tick.C:
		}
		err := s.renew(ctx, lease)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			deadline = time.Now().Add(ttl)
		case errors.Is(err, errLeaseLost), time.Now().After(deadline):
			return err
		}
		s.report(cmp.Or(err, unwritten))
	}
}

// renewSoon makes the lease be renewed without waiting for its time.
func (s *session) renewSoon() {
	select {
	case s.soon <- struct{}{}:
	default:
	}
}

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *session) renew(ctx context.Context, lease clientv3.LeaseID) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit(s.currentTTL()))
	defer cancel()
	resp, err := s.client.KeepAliveOnce(ctx, lease)
	if errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return errLeaseLost
	}
	if err != nil {
		return fmt.Errorf("renewing the session with the cluster: %w", Plain(err))
	}
	s.met(resp.ResponseHeader)
	return nil
}

// forget makes all keys be written under a new lease.
func (s *session) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.wanted {
		if h.written {
			h.written, h.settled = false, make(chan struct{})
		}
	}
}

// write makes the store have what is wanted.
func (s *session) write(ctx context.Context, lease clientv3.LeaseID) error {
	s.mu.Lock()
	todo := maps.Clone(s.wanted)
	maps.DeleteFunc(todo, func(_ string, h *held) bool { return h.written })
	s.mu.Unlock()
	for key, h := range todo {
		op := clientv3.OpPut(key, h.value, clientv3.WithLease(lease))
		if h.gone {
			op = clientv3.OpDelete(key)
		}
		if err := s.do(ctx, key, op); err != nil {
			return err
		}
		s.wrote(key, h)
	}
	return nil
}

func (s *session) do(ctx context.Context, key string, op clientv3.Op) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit(s.currentTTL()))
	defer cancel()
	for {
		resp, err := s.fence.commit(ctx, s.client, nil, []clientv3.Op{op})
		switch {
		case errors.Is(err, rpctypes.ErrLeaseNotFound):
			return errLeaseLost
		case err != nil:
			return fmt.Errorf("writing %s to the cluster: %w", key, Plain(err))
		case resp.Succeeded:
			return nil
		}
	}
}

// wrote notes that the store has a key as wanted, unless something else is wanted meanwhile.
func (s *session) wrote(key string, h *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted[key] != h {
		return
	}
	h.written = true
	close(h.settled)
	if h.gone {
		delete(s.wanted, key)
	}
}
