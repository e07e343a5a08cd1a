package etcd

import (
	"context"
	"errors"
	"slices"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
)

// A fence is a key of an agent that its writes want to find as it was. After an attempt that got no
// answer, the next one puts the fence elsewhere, together with what it writes. From then on the one
// before finds another fence than it wants, however late it arrives.
type fence struct {
	key string // empty if the agent has no name; then there is none

	mu sync.Mutex // guards place
	place
}

// A place is where a fence stands.
type place struct {
	revision      int64  // that put it there; 0 is none
	lost, settled uint64 // attempts that got no answer, and how many of them the fence has shut out
}

// commit carries out operations if some conditions hold, and the fence is where it was. If it is not, its
// place is known then.
func (f *fence) commit(ctx context.Context, client *clientv3.Client, conditions []clientv3.Cmp, ops []clientv3.Op) (*clientv3.TxnResponse, error) {
	if f.key == "" {
		return client.Txn(ctx).If(conditions...).Then(ops...).Commit()
	}
	at := f.look()
	conditions = append(slices.Clone(conditions), clientv3.Compare(clientv3.ModRevision(f.key), "=", at.revision))
	send := func(ops []clientv3.Op) (*clientv3.TxnResponse, error) {
		return client.Txn(ctx).If(conditions...).Then(ops...).Else(clientv3.OpGet(f.key)).Commit()
	}
	moved := at.lost > at.settled
	var resp *clientv3.TxnResponse
	var err error
	if moved {
		resp, err = send(append(slices.Clone(ops), clientv3.OpPut(f.key, "")))
	}
	if !moved || errors.Is(Plain(err), ErrFull) { // a full store takes what is removed still, but no fence
		moved = false
		resp, err = send(ops)
	}
	switch {
	case err != nil:
		if unanswered(err) || errors.Is(err, context.Canceled) || codeOf(err) == codes.Canceled {
			f.lose()
		}
	case !resp.Succeeded:
		f.learn(resp)
	case moved:
		f.put(resp.Header.Revision, at.lost)
	}
	return resp, err
}

func (f *fence) look() place {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.place
}

// lose notes an attempt that got no answer.
func (f *fence) lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost++
}

// put notes that the fence was put elsewhere, which shuts out attempts that had been lost.
func (f *fence) put(revision int64, lost uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revision, f.settled = max(f.revision, revision), max(f.settled, lost)
}

// learn notes where the fence is: an attempt that was lost may have put it there after all, or the agent
// before it was started anew.
func (f *fence) learn(resp *clientv3.TxnResponse) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revision = 0
	for _, kv := range resp.Responses[0].GetResponseRange().GetKvs() {
		f.revision = kv.ModRevision
	}
}
