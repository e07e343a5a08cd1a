package etcd

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mgmt/world"
)

// offers are the offers of this agent. While there is one it stands for election.
type offers struct {
	w *World

	mu    sync.Mutex         // guards what follows
	holds map[string][]*hold // by namespace, the latest last
	total int
	keep  bool               // offers that end keep their place
	stop  context.CancelFunc // ends the candidacy
	done  chan struct{}      // closed when it has ended
}

// A hold is one call of Offer.
type hold struct {
	key, value string
	session    *session // nil if the offer persists
}

func newOffers(w *World) *offers { return &offers{w: w, holds: map[string][]*hold{}} }

func (o *offers) stopping() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keep = true
}

// begin counts an offer. The first one begins the candidacy.
func (o *offers) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
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

// enter adds a hold.
func (o *offers) enter(h *hold) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holds[h.key] = append(o.holds[h.key], h)
}

// leave removes a hold. It returns those of the same key that are left, and reports whether this
// one was the latest, and whether it keeps its place.
func (o *offers) leave(h *hold) (rest []*hold, latest, keep bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.holds[h.key]
	at := slices.Index(all, h)
	rest = slices.Concat(all[:at], all[at+1:])
	if o.holds[h.key] = rest; len(rest) == 0 {
		delete(o.holds, h.key)
	}
	return rest, at == len(rest), o.keep
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
	if err := world.CheckOffer(w.opts.Host, namespace, opts); err != nil {
		return err
	}
	w.offers.begin()
	defer w.offers.retire()
	h := &hold{key: offerKey(w.opts.Host, namespace), value: encodeOptions(opts)}
	switch ttl := time.Duration(opts.TTL) * time.Second; {
	case opts.Persist:
		w.persist(ctx, h)
	case ttl <= 0 || ttl == w.opts.TTL:
		h.session = w.session
		w.lease(ctx, h)
	default:
		w.leaseApart(ctx, ttl, h)
	}
	return ctx.Err()
}

// persist writes an offer that has no lease: it stays until it is withdrawn.
func (w *World) persist(ctx context.Context, h *hold) {
	w.offers.enter(h)
	for delay := retryMin; ; delay = min(2*delay, retryMax) {
		err := w.put(ctx, h.key, h.value)
		if err == nil {
			<-ctx.Done()
		}
		if ctx.Err() != nil {
			break
		}
		w.log.Debug("an offer is written once more", "error", err)
		pause(ctx, delay)
	}
	if rest, latest, _ := w.offers.leave(h); latest {
		w.reassert(rest)
	}
}

// reassert makes the store have the latest of some offers.
func (w *World) reassert(offers []*hold) {
	if len(offers) == 0 {
		return
	}
	h := offers[len(offers)-1]
	if h.session != nil {
		h.session.set(h.key, &held{value: h.value, settled: make(chan struct{})})
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	if err := w.put(ctx, h.key, h.value); err != nil {
		w.log.Debug("an offer is not what it was before", "error", err)
	}
}

// lease keeps up an offer on its session until ctx ends. If its withdrawal does not get through,
// it ends with the lease.
func (w *World) lease(ctx context.Context, h *hold) {
	w.offers.enter(h)
	if h.session.hold(ctx, h.key, h.value) == nil {
		<-ctx.Done()
	}
	switch rest, latest, keep := w.offers.leave(h); {
	case len(rest) > 0:
		if !slices.ContainsFunc(rest, func(r *hold) bool { return r.session == h.session }) {
			h.session.abandon(h.key)
		}
		if latest {
			w.reassert(rest)
		}
		return
	case keep:
		h.session.keepOn(h.key)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	if err := h.session.drop(ctx, h.key); err != nil {
		w.log.Debug("an offer was not withdrawn; it runs out", "error", err)
	}
}

// leaseApart keeps up an offer that has its own time to live, on a session of its own.
func (w *World) leaseApart(ctx context.Context, ttl time.Duration, h *hold) {
	h.session = newSession(w.client, &w.fence, w.log, ttl)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.session.run(running)
	}()
	w.lease(ctx, h)
	stop()
	<-done
}

// GetOffer implements world.Scheduler.
func (w *World) GetOffer(ctx context.Context, namespace string) (opts world.ScheduleOptions, exists bool, err error) {
	if err := world.CheckNamespace(namespace); err != nil {
		return opts, false, err
	}
	value, exists, err := w.get(ctx, offerKey(w.opts.Host, namespace))
	return decodeOptions(value), exists, err
}

// WatchOffer implements world.Scheduler.
func (w *World) WatchOffer(ctx context.Context, namespace string, emit func(world.ScheduleOptions, bool)) error {
	if err := world.CheckNamespace(namespace); err != nil {
		return err
	}
	return w.watchKey(ctx, offerKey(w.opts.Host, namespace), func(value string, exists bool) { emit(decodeOptions(value), exists) })
}

// WithdrawOffer implements world.Scheduler. If nobody stands for election, nobody but this host
// notices.
func (w *World) WithdrawOffer(ctx context.Context, namespace string) error {
	if err := world.CheckNamespace(namespace); err != nil {
		return err
	}
	if err := w.remove(ctx, offerKey(w.opts.Host, namespace)); err != nil {
		return err
	}
	return w.adjourn(ctx)
}

// WatchSchedule implements world.Scheduler.
func (w *World) WatchSchedule(ctx context.Context, namespace string, emit func([]string)) error {
	if err := world.CheckNamespace(namespace); err != nil {
		return err
	}
	return w.watchKey(ctx, schedulePrefix+namespace, func(picked string, _ bool) { emit(splitHosts(picked)) })
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

// decodeOptions reads what an offer says. Of one that cannot be read nothing is taken.
func decodeOptions(offer string) world.ScheduleOptions {
	q, err := url.ParseQuery(offer)
	if err != nil {
		return world.ScheduleOptions{}
	}
	opts := world.ScheduleOptions{Strategy: q.Get("strategy")}
	if v := q.Get("maxCount"); v != "" {
		if opts.Max, err = strconv.Atoi(v); err != nil {
			return world.ScheduleOptions{}
		}
		if opts.Max < 1 {
			opts.Max = -1
		}
	}
	if v := q.Get("sessionTTL"); v != "" {
		if opts.TTL, err = strconv.Atoi(v); err != nil {
			return world.ScheduleOptions{}
		}
	}
	if v := q.Get("persist"); v != "" {
		if opts.Persist, err = strconv.ParseBool(v); err != nil {
			return world.ScheduleOptions{}
		}
	}
	return opts
}
