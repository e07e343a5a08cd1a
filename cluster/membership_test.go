package cluster_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"os"
	"strings"
	"testing"

	"mgmt/cluster"
	"mgmt/world"
)

// A brokenLauncher starts no server.
type brokenLauncher struct{ tried chan struct{} }

func (l brokenLauncher) Launch(context.Context, cluster.ServerConfig) (cluster.Server, error) {
	defer close(l.tried)
	return nil, errors.New("the disk is full")
}

// A busyLauncher starts no server either, because of its first address.
type busyLauncher struct{ tried chan cluster.ServerConfig }

func (l busyLauncher) Launch(_ context.Context, cfg cluster.ServerConfig) (cluster.Server, error) {
	l.tried <- cfg
	return nil, cluster.ErrBusy
}

// An address that nobody asked for is done without when another program listens there.
func TestAnAddressNobodyAskedForIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", strings.TrimPrefix(cluster.DefaultClientURL, "http://"))
	if err == nil { // otherwise it is taken as well
		defer l.Close()
	}
	const asked = "http://192.0.2.1:2379"
	launcher := busyLauncher{make(chan cluster.ServerConfig, 2)}
	node, err := cluster.New(cluster.Options{
		Host: "a", Dir: t.TempDir(), Launcher: launcher, Insecure: true, ClientURLs: []string{asked},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Run(t.Context()); !errors.Is(err, cluster.ErrBusy) {
		t.Errorf("it ends with %v", err)
	}
	for _, want := range []string{cluster.DefaultClientURL + " " + asked, asked} {
		cfg := <-launcher.tried
		if got := strings.Join(cfg.ClientURLs, " "); got != want {
			t.Errorf("a server was to listen at %s, want %s", got, want)
		}
		// At an address of this machine, others would ask their own servers.
		if got := strings.Join(cfg.AdvertiseClientURLs, " "); got != asked {
			t.Errorf("others are told %s, want %s", got, asked)
		}
	}
}

// A cluster that cannot begin is no reason to stop, unless somebody wanted it.
func TestAnAgentGoesOnAlone(t *testing.T) {
	for _, asked := range []bool{false, true} {
		l := brokenLauncher{make(chan struct{})}
		m, err := cluster.NewMembership(cluster.Options{Host: "a", Dir: t.TempDir(), Launcher: l}, asked)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		m.Settled()
		<-l.tried
		if asked {
			if err := <-ended; err == nil || !strings.Contains(err.Error(), "the disk is full") {
				t.Errorf("an agent that was to be reached ends with %v", err)
			}
			cancel()
			continue
		}
		if err := m.World().SetString(ctx, "k", "v"); err != nil {
			t.Errorf("what is shared is not in memory: %v", err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("an agent alone ends with %v", err)
		}
	}
}

// join starts a membership, which ends with the test. The function that it returns ends it before.
func join(t *testing.T, name string, seeds ...string) (m *cluster.Membership, url string, stop func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	url = freeURL(t)
	m, err = cluster.NewMembership(cluster.Options{
		Host: name, Dir: t.TempDir(), Fast: true, Seeds: seeds,
		Launcher:   cluster.Command{Path: self, Log: slog.New(slog.DiscardHandler)},
		ClientURLs: []string{url}, ServerURLs: []string{freeURL(t)},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := m.Run(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	m.Settled()
	stop = func() {
		m.Hurry()
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return m, url, stop
}

// Each agent tells the others whether it has converged, from the beginning and as long as it is there.
func TestOthersAreToldWhoConverged(t *testing.T) {
	t.Parallel()
	a, url, _ := join(t, "a")
	b, _, stop := join(t, "b", url)
	seen := func(want map[string]string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		last := map[string]string{}
		done := false
		a.World().(world.Keyed).KV().Follow(ctx, "/converged/", func(changes map[string]world.Change) {
			for key, c := range changes {
				if last[key] = c.Value; !c.Exists {
					delete(last, key)
				}
			}
			if done = done || maps.Equal(last, want); done {
				cancel()
			}
		})
		if !done {
			t.Fatalf("there is %v, want %v", last, want)
		}
	}
	seen(map[string]string{"/converged/a": "false", "/converged/b": "false"})
	b.Converged(true)
	seen(map[string]string{"/converged/a": "false", "/converged/b": "true"})
	a.Converged(true)
	b.Converged(false)
	b.Converged(true)
	b.Converged(false)
	seen(map[string]string{"/converged/a": "true", "/converged/b": "false"})
	stop()
	seen(map[string]string{"/converged/a": "true"})
}
