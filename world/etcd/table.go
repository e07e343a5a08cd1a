package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A span is what a table covers: one key, or all keys that begin with it.
type span struct {
	key    string
	prefix bool
}

func (s span) options(more ...clientv3.OpOption) []clientv3.OpOption {
	if s.prefix {
		more = append(more, clientv3.WithPrefix())
	}
	return more
}

// A delta has what changed, by the part of the key behind that of the span.
type delta map[string]Change

// tables are the parts of the store that somebody reads.
type tables struct {
	client *clientv3.Client
	log    *slog.Logger
	newest atomic.Int64 // the newest revision that has been read

	leaderless func() // is called when a watch has ended since no server leads

	mu     sync.Mutex // guards what follows, and who reads each of the tables
	open   map[span]*table
	linger bool // tables are kept a while for the next reader
}

// lingerTime is how long a table is kept that nobody reads. A program that is evaluated anew may
// end a reader and begin the same one, which should not have all read again.
const lingerTime = 3 * time.Second

// follow calls changed with all that the span has, and then with what changes, until ctx ends.
// It is called from one goroutine. What changes between two calls is told once, as it is in
// the end.
func (ts *tables) follow(ctx context.Context, s span, changed func(delta)) error {
	t, r := ts.enter(s)
	defer ts.leave(t, r)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.wake:
			changed(t.take(r))
		}
	}
}

// list reads all that a span has, and returns it with the revision behind it.
func (ts *tables) list(ctx context.Context, s span) (all delta, next int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	resp, err := ts.client.Get(ctx, s.key, s.options()...)
	if err != nil {
		return nil, 0, readError(s.key, err)
	}
	all = make(delta, len(resp.Kvs))
	for _, kv := range resp.Kvs {
		all[string(kv.Key)[len(s.key):]] = Change{Value: string(kv.Value), Exists: true}
	}
	ts.read(resp.Header.Revision)
	return all, resp.Header.Revision + 1, nil
}

// read notes a revision that has been read.
func (ts *tables) read(revision int64) {
	for {
		newest := ts.newest.Load()
		if revision <= newest || ts.newest.CompareAndSwap(newest, revision) {
			return
		}
	}
}

// reread makes all tables be read anew.
func (ts *tables) reread() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.open {
		t.reread()
	}
}

// enter adds a reader to the table of a span, which begins to be kept with its first one.
func (ts *tables) enter(s span) (*table, *reader) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.open[s]
	if t == nil {
		ctx, stop := context.WithCancel(clientv3.WithRequireLeader(context.Background()))
		t = &table{store: ts, span: s, stop: stop, done: make(chan struct{}), readers: map[*reader]bool{}}
		ts.open[s] = t
		go t.run(ctx)
	}
	if t.idle != nil {
		t.idle.Stop()
		t.idle = nil
	}
	return t, t.add()
}

// leave removes a reader. After its last one a table is kept a while, or ends and is waited for.
func (ts *tables) leave(t *table, r *reader) {
	ts.mu.Lock()
	last := t.remove(r)
	switch {
	case last && ts.linger:
		t.idle = time.AfterFunc(lingerTime, func() { ts.close(t) })
		last = false
	case last:
		delete(ts.open, t.span)
	}
	ts.mu.Unlock()
	if last {
		t.end()
	}
}

// close ends a table that has been kept for long enough, unless somebody reads it.
func (ts *tables) close(t *table) {
	ts.mu.Lock()
	unread := ts.open[t.span] == t && t.unread()
	if unread {
		delete(ts.open, t.span)
	}
	ts.mu.Unlock()
	if unread {
		t.end()
	}
}

// keep says whether tables are kept a while that nobody reads. Those that were end when they are
// not any more.
func (ts *tables) keep(linger bool) {
	ts.mu.Lock()
	ts.linger = linger
	var idle []*table
	for s, t := range ts.open {
		if !linger && t.idle != nil {
			t.idle.Stop()
			idle = append(idle, t)
			delete(ts.open, s)
		}
	}
	ts.mu.Unlock()
	for _, t := range idle {
		t.end()
	}
}

// A table is a part of the store, kept up to date.
type table struct {
	store *tables
	span  span
	stop  context.CancelFunc
	done  chan struct{} // closed when run has returned
	idle  *time.Timer   // runs while nobody reads it; guarded by the lock of the tables

	mu      sync.Mutex // guards what follows, and what the readers have not taken
	values  delta
	listed  bool   // values have been read
	stale   bool   // they are to be read anew
	unwatch func() // ends the present watch; nil if there is none
	readers map[*reader]bool
}

// A reader is one who follows a table.
type reader struct {
	pending delta
	wake    chan struct{} // has one when there is something to take
}

func (r *reader) tell() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (t *table) add() *reader {
	r := &reader{pending: delta{}, wake: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readers[r] = true
	if t.listed {
		maps.Copy(r.pending, t.values)
		r.tell()
	}
	return r
}

// end stops keeping the table.
func (t *table) end() {
	t.stop()
	<-t.done
}

// reread makes the table be read anew.
func (t *table) reread() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale = true
	if t.unwatch != nil {
		t.unwatch()
	}
}

// begin notes how to end the watch that begins, or that there is none. It reports false if all is
// to be read anew instead.
func (t *table) begin(unwatch func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unwatch = unwatch
	return !t.stale
}

// fresh reports whether what has been read may be gone on with.
func (t *table) fresh() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	stale := t.stale
	t.stale = false
	return !stale
}

// unread reports whether there are no readers.
func (t *table) unread() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.readers) == 0
}

// remove removes a reader and reports whether it was the last one.
func (t *table) remove(r *reader) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.readers, r)
	return len(t.readers) == 0
}

func (t *table) take(r *reader) delta {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := r.pending
	r.pending = delta{}
	return d
}

// replace makes the table what has been read, and tells the readers of the differences.
func (t *table) replace(values delta) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := delta{}
	for key, e := range values {
		if t.values[key] != e {
			d[key] = e
		}
	}
	for key := range t.values {
		if _, ok := values[key]; !ok {
			d[key] = Change{}
		}
	}
	first := !t.listed
	t.values, t.listed = values, true
	t.tell(d, first)
}

// change applies what a watch told of.
func (t *table) change(events []*clientv3.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := delta{}
	for _, e := range events {
		key := string(e.Kv.Key)[len(t.span.key):]
		present := Change{}
		if e.Type == mvccpb.Event_PUT {
			present = Change{Value: string(e.Kv.Value), Exists: true}
		}
		if t.values[key] == present {
			continue
		}
		d[key] = present
		t.values[key] = present
		if !present.Exists {
			delete(t.values, key)
		}
	}
	t.tell(d, false)
}

// tell adds to what the readers have to take. They are woken for nothing only when they are to
// hear that there is nothing.
func (t *table) tell(d delta, always bool) {
	if len(d) == 0 && !always {
		return
	}
	for r := range t.readers {
		maps.Copy(r.pending, d)
		r.tell()
	}
}

// The delays between tries to reach the store.
const (
	retryMin = 50 * time.Millisecond
	retryMax = 2 * time.Second
)

// run keeps the table: it reads all at one revision and watches from the next one. The client
// carries a watch over a lost connection. When the cluster has no leader the watch ends, and is
// taken up behind the last event; when the store has dropped the revisions in between, all is
// read once more, and readers get the differences.
func (t *table) run(ctx context.Context) {
	defer close(t.done)
	next := int64(0) // the revision to watch from; 0 when all is to be read first
	delay := retryMin
	for ctx.Err() == nil {
		at, err := next, error(nil)
		if !t.fresh() {
			next = 0
		}
		if next == 0 {
			next, err = t.read(ctx)
		} else {
			next, err = t.watch(ctx, next)
		}
		switch {
		case ctx.Err() != nil:
		case err == nil || next != at:
			delay = retryMin
		default:
			if errors.Is(err, rpctypes.ErrNoLeader) {
				t.store.leaderless()
			}
			t.store.log.Debug("the store is asked again", "key", t.span.key, "error", err)
			pause(ctx, delay)
			delay = min(2*delay, retryMax)
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// read reads all and returns the revision to watch from.
func (t *table) read(ctx context.Context) (next int64, err error) {
	d, next, err := t.store.list(ctx, t.span)
	if err == nil {
		t.replace(d)
	}
	return next, err
}

// watch applies events until the watch ends, and returns the revision to go on with, which is
// 0 if all has to be read.
func (t *table) watch(ctx context.Context, next int64) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !t.begin(cancel) {
		return 0, nil
	}
	defer t.begin(nil)
	for resp := range t.store.client.Watch(ctx, t.span.key, t.span.options(clientv3.WithRev(next))...) {
		err := resp.Err()
		switch {
		case resp.CompactRevision != 0 || errors.Is(err, rpctypes.ErrCompacted):
			return 0, nil
		case err != nil:
			return next, fmt.Errorf("watching %s of the cluster: %w", t.span.key, err)
		}
		if n := len(resp.Events); n > 0 { // the header may be ahead of them while the watch catches up
			t.change(resp.Events)
			next = resp.Events[n-1].Kv.ModRevision + 1
			t.store.read(next - 1)
		}
	}
	return next, fmt.Errorf("watching %s of the cluster: the watch ended", t.span.key)
}
