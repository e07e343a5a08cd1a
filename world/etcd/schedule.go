package etcd

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"mgmt/world"
)

// offers are the offers of this agent. While there is one it stands for election.
type offers struct {
	w *World

	mu    sync.Mutex     // guards what follows
	holds map[string]int // callers of Offer by namespace
	total int
	keep  bool               // offers that end keep their place
	stop  context.CancelFunc // ends the candidacy
	done  chan struct{}      // closed when it has ended
}

func newOffers(w *World) *offers { return &offers{w: w, holds: map[string]int{}} }

func (o *offers) stopping() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keep = true
}

// enter counts an offer. The first one begins the candidacy.
func (o *offers) enter(ns string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holds[ns]++
	o.total++
	if o.total > 1 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	before, done := o.done, make(chan struct{})
	o.stop, o.done = stop, done
	go func() {
		defer close(done)
		if before != nil {
			<-before // which resigns first
		}
		o.w.stand(ctx)
	}()
}

// leave counts an offer that ended, and reports whether it was the last one for the namespace,
// and whether it keeps its place.
func (o *offers) leave(ns string) (last, keep bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holds[ns]--
	if last = o.holds[ns] == 0; last {
		delete(o.holds, ns)
	}
	return last, o.keep
}

// retire is called after an offer was withdrawn. With the last one the candidacy ends, and is
// waited for.
func (o *offers) retire() {
	o.mu.Lock()
	o.total--
	over, stop, done := o.total == 0, o.stop, o.done
	o.mu.Unlock()
	if over {
		stop()
		<-done
	}
}

// Offer implements world.Scheduler.
func (w *World) Offer(ctx context.Context, namespace string, opts world.ScheduleOptions) error {
	if err := checkNamespace(namespace); err != nil {
		return err
	}
	if _, err := world.Pick(opts, nil, nil); err != nil {
		return err
	}
	w.offers.enter(namespace)
	defer w.offers.retire()
	switch ttl := time.Duration(opts.TTL) * time.Second; {
	case opts.Persist:
		w.persist(ctx, namespace, opts)
	case ttl <= 0 || ttl == w.opts.TTL:
		w.lease(ctx, w.session, namespace, opts)
	default:
		w.leaseApart(ctx, ttl, namespace, opts)
	}
	return ctx.Err()
}

// persist writes an offer that has no lease: it stays until it is withdrawn.
func (w *World) persist(ctx context.Context, namespace string, opts world.ScheduleOptions) {
	defer w.offers.leave(namespace)
	key := offerKey(w.opts.Host, namespace)
	for delay := retryMin; ; delay = min(2*delay, retryMax) {
		err := w.put(ctx, key, encodeOptions(opts))
		if err == nil {
			<-ctx.Done()
		}
		if ctx.Err() != nil {
			return
		}
		w.log.Debug("an offer is written once more", "error", err)
		pause(ctx, delay)
	}
}

// lease keeps up an offer on a session until ctx ends. If its withdrawal does not get through,
// it ends with the lease.
func (w *World) lease(ctx context.Context, s *session, namespace string, opts world.ScheduleOptions) {
	key := offerKey(w.opts.Host, namespace)
	if s.hold(ctx, key, encodeOptions(opts)) == nil {
		<-ctx.Done()
	}
	last, keep := w.offers.leave(namespace)
	switch {
	case !last:
		return
	case keep:
		s.keepOn(key)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	if err := s.drop(ctx, key); err != nil {
		w.log.Debug("an offer was not withdrawn; it runs out", "error", err)
	}
}

// leaseApart keeps up an offer that has its own time to live, on a session of its own.
func (w *World) leaseApart(ctx context.Context, ttl time.Duration, namespace string, opts world.ScheduleOptions) {
	s := newSession(w.client, w.log, ttl, nil)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(running)
	}()
	w.lease(ctx, s, namespace, opts)
	stop()
	<-done
}

// WatchSchedule implements world.Scheduler.
func (w *World) WatchSchedule(ctx context.Context, namespace string, emit func([]string)) error {
	if err := checkNamespace(namespace); err != nil {
		return err
	}
	last, emitted := "", false
	return w.tables.follow(ctx, span{key: schedulePrefix + namespace}, func(d delta) {
		picked := d[""].Value
		if _, ok := d[""]; emitted && (!ok || picked == last) {
			return
		}
		last, emitted = picked, true
		emit(splitHosts(picked))
	})
}

func splitHosts(picked string) []string {
	if picked == "" {
		return []string{}
	}
	return strings.Split(picked, ",")
}

// encodeOptions writes what options say, as a URL query; what they leave open is left out.
func encodeOptions(opts world.ScheduleOptions) string {
	q := url.Values{}
	if opts.Strategy != "" {
		q.Set("strategy", opts.Strategy)
	}
	if opts.Max != 0 {
		q.Set("maxCount", strconv.Itoa(opts.Max))
	}
	if opts.Persist {
		q.Set("persist", "true")
	}
	if opts.TTL != 0 {
		q.Set("sessionTTL", strconv.Itoa(opts.TTL))
	}
	return q.Encode()
}

// overlay sets in options what an offer says. Of one that cannot be read nothing is taken.
func overlay(opts *world.ScheduleOptions, offer string) {
	q, err := url.ParseQuery(offer)
	if err != nil {
		return
	}
	next := *opts
	if v := q.Get("strategy"); v != "" {
		next.Strategy = v
	}
	for name, field := range map[string]*int{"maxCount": &next.Max, "sessionTTL": &next.TTL} {
		if v := q.Get(name); v != "" {
			if *field, err = strconv.Atoi(v); err != nil {
				return
			}
		}
	}
	if v := q.Get("persist"); v != "" {
		if next.Persist, err = strconv.ParseBool(v); err != nil {
			return
		}
	}
	*opts = next
}
