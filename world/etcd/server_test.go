package etcd

import (
	"context"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"mgmt/world"
	"mgmt/world/worldtest"
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// A server is an etcd of one member on a free port.
type server struct {
	dir    string
	token  string // tells its cluster from others, if it is not empty
	listen url.URL
	etcd   *embed.Etcd
}

// serve starts a server, which ends with the test.
func serve(t testing.TB) *server {
	t.Helper()
	s := &server{dir: filepath.Join(t.TempDir(), "data"), listen: url.URL{Scheme: "http", Host: "127.0.0.1:0"}}
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

// start starts the server, on the address that it had before.
func (s *server) start(t testing.TB) {
	t.Helper()
	cfg := embed.NewConfig()
	cfg.Dir = s.dir
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	cfg.UnsafeNoFsync = true
	cfg.ListenClientUrls = []url.URL{s.listen}
	cfg.AdvertiseClientUrls = cfg.ListenClientUrls
	cfg.ListenPeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	cfg.TickMs, cfg.ElectionMs = 10, 100
	if s.token != "" {
		cfg.InitialClusterToken = s.token
	}
	var err error
	if s.etcd, err = embed.StartEtcd(cfg); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.etcd.Server.ReadyNotify():
	case <-time.After(patience):
		t.Fatal("etcd is not ready")
	}
	s.listen.Host = s.etcd.Clients[0].Addr().String()
}

func (s *server) stop() { s.etcd.Close() }

func (s *server) client(t testing.TB) *clientv3.Client {
	t.Helper()
	client, err := Dial([]string{s.listen.String()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// connect returns a world that runs until the test ends.
func (s *server) connect(t *testing.T, opts Options) *World {
	t.Helper()
	w := New(s.client(t), opts)
	run(t, w)
	return w
}

func run(t *testing.T, w *World) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func TestConformance(t *testing.T) {
	worldtest.Run(t, func(t *testing.T, hosts ...string) []world.World {
		s := serve(t)
		var out []world.World
		for _, h := range hosts {
			out = append(out, s.connect(t, Options{Host: h, TTL: 2 * time.Second, ID: "id of " + h}))
		}
		return out
	})
}
