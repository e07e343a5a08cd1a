package etcd

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"mgmt/world/worldtest"
)

// A member is one of several servers.
type member struct {
	*embed.Etcd
	stop func() // may be called again
}

// serveThree starts an etcd of three members, which ends with the test.
func serveThree(t *testing.T) []member {
	t.Helper()
	var peers []url.URL
	var names []string
	for i := range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close() // all ports are found before any is used
		peers = append(peers, url.URL{Scheme: "http", Host: l.Addr().String()})
		names = append(names, fmt.Sprintf("m%d=%s", i, peers[i].String()))
		must(t, l.Close())
	}
	var all []member
	for i, peer := range peers {
		cfg := embed.NewConfig()
		cfg.Name, cfg.InitialCluster = fmt.Sprint("m", i), strings.Join(names, ",")
		cfg.Dir = filepath.Join(t.TempDir(), "data")
		cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
		cfg.UnsafeNoFsync = true
		cfg.ListenClientUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
		cfg.AdvertiseClientUrls = cfg.ListenClientUrls
		cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
		cfg.TickMs, cfg.ElectionMs = 20, 200
		e, err := embed.StartEtcd(cfg)
		must(t, err)
		m := member{e, sync.OnceFunc(e.Close)}
		t.Cleanup(m.stop)
		all = append(all, m)
	}
	for _, e := range all {
		select {
		case <-e.Server.ReadyNotify():
		case <-time.After(patience):
			t.Fatal("etcd is not ready")
		}
	}
	return all
}

// leaderOf returns which of some members leads.
func leaderOf(t *testing.T, all []member) int {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for i, e := range all {
			if e.Server.Leader() == e.Server.MemberID() {
				return i
			}
		}
	}
	t.Fatal("none leads")
	return 0
}

// While the lead moves, and when the one who leads goes without a word, whoever watches is told of
// each change once at most, of none late, and of the last one.
func TestLeaderChanges(t *testing.T) {
	t.Parallel()
	all := serveThree(t)
	var urls []string
	for _, e := range all {
		urls = append(urls, "http://"+e.Clients[0].Addr().String())
	}
	connect := func(host string, endpoints ...string) *World {
		client, err := Dial(endpoints, nil)
		must(t, err)
		t.Cleanup(func() { client.Close() })
		w := New(client, Options{Host: host})
		run(t, w)
		return w
	}
	first := leaderOf(t, all)
	writer, reader := connect("a", urls...), connect("b", urls[first], urls[(first+1)%3], urls[(first+2)%3])
	got := observe(t, func(ctx context.Context, emit func(map[string]string)) error {
		return reader.WatchValues(ctx, "n", worldtest.Values(emit))
	})
	await(t, got, "no values", func(m map[string]string) bool { return len(m) == 0 })
	const last = 200
	for i := range last + 1 {
		switch i {
		case 50:
			from, to := all[first], all[(first+1)%3]
			client, err := clientv3.New(clientv3.Config{Endpoints: urls[first : first+1]})
			must(t, err)
			_, err = client.MoveLeader(t.Context(), uint64(to.Server.MemberID()))
			client.Close()
			if err != nil && from.Server.Leader() == from.Server.MemberID() {
				t.Fatal(err)
			}
		case 100:
			all[leaderOf(t, all)].stop()
		}
		for deadline := time.Now().Add(patience); ; {
			err := writer.SetValue(t.Context(), "n", fmt.Sprint(i))
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
	}
	before := -1
	for _, m := range await(t, got, "the last value", func(m map[string]string) bool { return m["a"] == fmt.Sprint(last) }) {
		n := -1
		fmt.Sscan(m["a"], &n)
		if n <= before {
			t.Errorf("%d was told of after %d", n, before)
		}
		before = n
	}
}
