package faults

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sys/unix"

	"mgmt/cluster/pki"
	"mgmt/world/etcd"
)

// stringsPrefix is where the store has shared values.
const stringsPrefix = "/_mgmt/strings/"

// within calls f on a thread that is in the network namespace of the host, and ends with it.
func (h *host) within(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		fd, err := unix.Open("/run/netns/"+h.space, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			done <- err
			return
		}
		defer unix.Close(fd)
		if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// dial connects from the host.
func (h *host) dial(ctx context.Context, address string) (conn net.Conn, err error) {
	err = h.within(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(address, "https://"))
		return err
	})
	return conn, err
}

// pki is the directory with the certificate of the host.
func (h *host) pki() pki.Dir { return pki.Dir(filepath.Join(h.dir, "mgmt", "pki")) }

// reach returns a client on the host that shows its certificate to some hosts.
func (h *host) reach(hosts ...*host) *clientv3.Client {
	h.lab.t.Helper()
	client, err := h.reachWith(h.pki(), hosts...)
	if err != nil {
		h.lab.t.Fatal(err)
	}
	return client
}

func (h *host) reachWith(dir pki.Dir, hosts ...*host) (*clientv3.Client, error) {
	config, err := dir.Files().Client()
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, to := range hosts {
		urls = append(urls, to.client())
	}
	return etcd.Way{Through: h.dial}.Dial(urls, config)
}

// share tries to set a shared value through the server of the host.
func (h *host) share(key, value string) error {
	client := h.reach(h)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return etcd.New(client, etcd.Options{Host: h.name}).SetString(ctx, key, value)
}

// churn sets a value so many times, and has the store forget all but the last.
func (h *host) churn(key string, times int) error {
	client := h.reach(h.lab.hosts...)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last int64
	for i := 1; i <= times; {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		resp, err := client.Put(attempt, stringsPrefix+key, fmt.Sprint(i))
		cancel()
		switch {
		case err == nil:
			last = resp.Header.Revision
			i++
		case ctx.Err() != nil:
			return err
		}
	}
	_, err := client.Compact(ctx, last)
	return err
}

// A writer sets one value after the other, from each host, and notes which were acknowledged.
type writer struct {
	stop context.CancelFunc
	all  sync.WaitGroup

	mu    sync.Mutex // guards acked
	acked []string
}

// write starts a writer. A value that is not acknowledged in time is not set again.
func (l *lab) write(run string) *writer {
	ctx, cancel := context.WithCancel(context.Background())
	w := &writer{stop: cancel}
	for _, h := range l.hosts {
		client := h.reach(l.hosts...)
		w.all.Go(func() {
			defer client.Close()
			for n := 0; ctx.Err() == nil; n++ {
				key := fmt.Sprintf("acked-%s-%s-%06d", run, h.name, n)
				attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
				_, err := client.Put(attempt, stringsPrefix+key, "x")
				cancel()
				if err == nil {
					w.mu.Lock()
					w.acked = append(w.acked, key)
					w.mu.Unlock()
				}
				pause(ctx, 20*time.Millisecond)
			}
		})
	}
	return w
}

// finish stops the writer and returns what was acknowledged.
func (w *writer) finish() []string {
	w.stop()
	w.all.Wait()
	return w.acked
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// lost returns which values the server of the host does not have.
func (h *host) lost(keys []string) ([]string, error) {
	client := h.reach(h)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	got, err := client.Get(ctx, stringsPrefix+"acked-", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, kv := range got.Kvs {
		have[strings.TrimPrefix(string(kv.Key), stringsPrefix)] = true
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return have[key] }), nil
}

// forget removes what writers have written.
func (h *host) forget() error {
	client := h.reach(h)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := client.Delete(ctx, stringsPrefix+"acked-", clientv3.WithPrefix())
	return err
}

// putValue writes a key as any client of etcd does.
func putValue(client *clientv3.Client, key, value string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := client.Put(ctx, key, value)
	return err
}
