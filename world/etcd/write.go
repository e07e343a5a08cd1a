package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// lateLimit is how long a write that has begun goes on after it was called off.
const lateLimit = 500 * time.Millisecond

// finishing returns the context of a write. A write that is called off when it has begun may
// reach the store all the same, and later than one that follows; so its end is waited for a while.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		return ctx, func() {}
	}
	write, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(lateLimit, cancel) })
	return write, func() {
		stop()
		cancel()
	}
}

// again carries out a write, one that may be done twice, until a server answers that does not
// leave at the moment.
func again(ctx context.Context, write func() error) error {
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		err := write()
		if !leaving(err) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// leaving reports whether a write failed since the server that was asked is being stopped. What
// raft says of that is no error of the protocol.
func leaving(err error) bool {
	return err != nil && (errors.Is(err, rpctypes.ErrStopped) || status.Convert(err).Message() == "raft: stopped")
}

// answerLimit is how long the answer to a write is waited for before its key is looked at. Then it
// is twice as long each time, so that a slow cluster does not get more to do.
const answerLimit = time.Second

// insist carries out a write, one that may be done twice, until it is answered or done says that
// it has been carried out.
//
// A write that a server hands on to a leader that dies is lost, and the server says nothing of it
// for seven seconds. done reads, and reads are answered as soon as there is another leader.
func insist(ctx context.Context, write func(context.Context) error, done func(context.Context) (bool, error)) error {
	return patiently(ctx, answerLimit, write, done)
}

// patiently is insist for a write whose first answer may take longer than others'.
func patiently(ctx context.Context, limit time.Duration, write func(context.Context) error, done func(context.Context) (bool, error)) error {
	for ; ; limit *= 2 {
		attempt, cancel := context.WithTimeout(ctx, limit)
		err := again(attempt, func() error { return write(attempt) })
		cancel()
		if err == nil || ctx.Err() != nil || !unanswered(err) {
			return err
		}
		if ok, failed := done(ctx); ok || failed != nil {
			return failed
		}
		pause(ctx, retryMin)
	}
}

// unanswered reports whether nobody knows what became of a request.
func unanswered(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	code := codeOf(err)
	return code == codes.DeadlineExceeded || code == codes.Unavailable || status.Convert(err).Message() == "raft proposal dropped"
}

// fenced carries out operations on a key that has not changed since the newest revision this agent
// knows of; if it has, that one is known then. So an attempt that got no answer and arrives late
// does not undo what was written after it. What was deleted has no revision: that is what the fence
// is for.
func (w *World) fenced(ctx context.Context, key string, ops ...clientv3.Op) error {
	for {
		resp, err := w.fence.commit(ctx, w.client, []clientv3.Cmp{clientv3.Compare(clientv3.ModRevision(key), "<", w.seen.Load()+1)}, ops)
		if err != nil {
			return err
		}
		w.saw(resp.Header)
		if resp.Succeeded {
			return nil
		}
	}
}

// saw notes the revision of the store at an answer.
func (w *World) saw(h *pb.ResponseHeader) {
	for {
		seen := w.seen.Load()
		if h.Revision <= seen || w.seen.CompareAndSwap(seen, h.Revision) {
			return
		}
	}
}

// put writes a key, unless it has the value.
func (w *World) put(ctx context.Context, key, value string) error {
	ctx, cancel := finishing(ctx)
	defer cancel()
	err := insist(ctx, func(ctx context.Context) error {
		return w.fenced(ctx, key, clientv3.OpTxn(
			[]clientv3.Cmp{clientv3.Compare(clientv3.Value(key), "=", value)}, nil, []clientv3.Op{clientv3.OpPut(key, value)}))
	}, func(ctx context.Context) (bool, error) { return w.has(ctx, key, value) })
	if err != nil {
		return writeError(key, err)
	}
	return nil
}

func (w *World) remove(ctx context.Context, key string) error {
	ctx, cancel := finishing(ctx)
	defer cancel()
	err := insist(ctx, func(ctx context.Context) error {
		return w.fenced(ctx, key, clientv3.OpDelete(key))
	}, func(ctx context.Context) (bool, error) { return w.lacks(ctx, key) })
	if err != nil {
		return removeError(key, err)
	}
	return nil
}

// has reports whether a key has a value.
func (w *World) has(ctx context.Context, key, value string) (bool, error) {
	got, exists, err := w.get(ctx, key)
	return exists && got == value, err
}

// lacks reports whether there are none of some keys.
func (w *World) lacks(ctx context.Context, keys ...string) (bool, error) {
	for _, key := range keys {
		if _, exists, err := w.get(ctx, key); exists || err != nil {
			return false, err
		}
	}
	return true, nil
}

func writeError(key string, err error) error {
	return fmt.Errorf("writing %s to the cluster: %w", strings.TrimPrefix(key, namespace), Plain(err))
}

func removeError(key string, err error) error {
	return fmt.Errorf("deleting %s of the cluster: %w", strings.TrimPrefix(key, namespace), Plain(err))
}
