package etcd

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
)

// A Use is how much of a store something needs: the keys that there are and their present values, not
// what they were before.
type Use struct {
	What  string
	Keys  int
	Bytes int64
}

// String implements fmt.Stringer.
func (u Use) String() string { return fmt.Sprintf("%s %s", u.What, Size(u.Bytes)) }

// A Size is a number of bytes.
type Size int64

// String writes it for people.
func (s Size) String() string {
	switch {
	case s < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(s)/(1<<10))
	case s < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(s)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(s)/(1<<30))
}

// others is who uses a store besides.
const others = "other programs"

// users are the prefixes of those who use a store, in their order. No range goes across two of them:
// a host may be allowed to read one and not the other.
var users = []struct{ what, prefix string }{
	{"deploys", namespace + "/deploy/"}, {"deploys", namespace + "/fs/"}, {"deploys", namespace + "/storage/"},
	{"exports", exportsPrefix}, {"exports", exporterPrefix},
	{"shared values", stringsPrefix},
	{"schedules", namespace + "/scheduler/"},
	{"certificates and tokens", namespace + "/pki/"},
	{"states of hosts", namespace + "/deployed/"}, {"states of hosts", alivePrefix}, {"states of hosts", convergedPrefix}, {"states of hosts", fencePrefix},
}

// Usage returns who uses how much of the store, who uses most first. It reads all of the store that
// this host may read, from the server that is asked, so it is for when something ails the store.
func (w *World) Usage(ctx context.Context) ([]Use, error) {
	var out []Use
	add := func(u Use) {
		at := slices.IndexFunc(out, func(o Use) bool { return o.What == u.What })
		if at < 0 {
			out, at = append(out, Use{What: u.What}), len(out)
		}
		out[at].Keys += u.Keys
		out[at].Bytes += u.Bytes
	}
	for _, u := range users {
		use, err := w.measure(ctx, u.prefix, clientv3.GetPrefixRangeEnd(u.prefix))
		if err != nil {
			return nil, err
		}
		use.What = u.what
		add(use)
	}
	below := clientv3.GetPrefixRangeEnd(namespace + "/")
	for _, r := range [][2]string{{"\x00", namespace + "/"}, {below, "\x00"}} { // "\x00" is the first key, and no end
		use, err := w.measure(ctx, r[0], r[1])
		if err != nil {
			return nil, err
		}
		use.What = others
		add(use)
	}
	out = slices.DeleteFunc(out, func(u Use) bool { return u.Keys == 0 })
	slices.SortStableFunc(out, func(a, b Use) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return out, nil
}

// Revision returns the revision of the store.
func (w *World) Revision(ctx context.Context) (int64, error) {
	resp, err := w.client.Get(ctx, alivePrefix, clientv3.WithCountOnly()) // which every host may read
	if err != nil {
		return 0, readError(alivePrefix, err)
	}
	return resp.Header.Revision, nil
}

// How much is read at once.
const (
	firstPage = 16 // keys, of which one may have a MiB
	pageBytes = 4 << 20
)

// measure sums up the keys from one to an end. What this host may not read counts as nothing.
func (w *World) measure(ctx context.Context, from, end string) (u Use, err error) {
	page := int64(firstPage)
	for {
		resp, err := w.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(page), clientv3.WithSerializable())
		if err != nil {
			if codeOf(err) == codes.PermissionDenied {
				return Use{}, nil
			}
			return u, fmt.Errorf("measuring what is stored: %w", Plain(err))
		}
		read := int64(0)
		for _, kv := range resp.Kvs {
			read += int64(len(kv.Key) + len(kv.Value))
		}
		u.Keys += len(resp.Kvs)
		u.Bytes += read
		if !resp.More || len(resp.Kvs) == 0 {
			return u, nil
		}
		from = string(resp.Kvs[len(resp.Kvs)-1].Key) + "\x00"
		page = max(firstPage, min(pageBytes*int64(len(resp.Kvs))/max(read, 1), 10*page))
	}
}
