package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mgmt/cluster"
	"mgmt/world/etcd"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == cluster.ServerArgument {
		os.Exit(Main(os.Stdin, os.Stdout, os.Stderr))
	}
	if errand, ok := errands[os.Getenv(errandVariable)]; ok {
		if err := errand(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// errandVariable makes this program run one of the errands, with the URL that is its argument.
const errandVariable = "SERVER_TEST_ERRAND"

// errands are what this program does as another user, where it can be one.
var errands = map[string]func(url string) error{}

// launchers are the ways to run a server: in this process, and in one of its own.
func launchers(t *testing.T) map[string]cluster.Launcher {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]cluster.Launcher{
		"here":  Launcher{},
		"apart": cluster.Command{Path: self, Log: slog.New(slog.DiscardHandler)},
	}
}

func single(t *testing.T) cluster.ServerConfig {
	return cluster.ServerConfig{
		Name: "a", Dir: filepath.Join(t.TempDir(), "etcd", "server"), New: true, Fast: true,
		ClientURLs: []string{"http://127.0.0.1:0"}, PeerURLs: []string{"http://127.0.0.1:0"},
	}
}

func launch(t *testing.T, l cluster.Launcher, cfg cluster.ServerConfig) cluster.Server {
	t.Helper()
	s, err := l.Launch(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// write sets a value, or reads it if value is empty.
func value(t *testing.T, s cluster.Server, set string) string {
	t.Helper()
	client, err := etcd.Dial(s.Clients(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w := etcd.New(client, etcd.Options{Host: "a"})
	if set != "" {
		if err := w.SetString(t.Context(), "k", set); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := w.GetString(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRestart(t *testing.T) {
	for name, l := range launchers(t) {
		t.Run(name, func(t *testing.T) {
			cfg := single(t)
			s := launch(t, l, cfg)
			value(t, s, "kept")
			s.Stop()
			if err := s.Err(); err != nil {
				t.Errorf("a server that was stopped: %v", err)
			}
			if got := value(t, launch(t, l, cfg), ""); got != "kept" {
				t.Errorf("after the restart the value is %q", got)
			}
		})
	}
}

// TestClustersDiffer: data of a cluster that was at the same addresses is recognised as that of another.
func TestClustersDiffer(t *testing.T) {
	cfg := single(t)
	cfg.AdvertisePeerURLs = []string{"http://localhost:2380"}
	number := func(dir string) uint64 {
		cfg.Dir = dir
		client, err := etcd.Dial(launch(t, Launcher{}, cfg).Clients(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		resp, err := client.MemberList(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return resp.Header.ClusterId
	}
	if a, b := number(t.TempDir()), number(t.TempDir()); a == b {
		t.Errorf("two clusters have the number %x", a)
	}
}

func TestSockets(t *testing.T) {
	for name, l := range launchers(t) {
		t.Run(name, func(t *testing.T) {
			cfg := single(t)
			dir, err := os.MkdirTemp("", "s") // the path of a socket is to be short
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			cfg.ClientURLs, cfg.PeerURLs = []string{"unix://" + filepath.Join(dir, "clients.sock")}, nil
			if got := value(t, launch(t, l, cfg), "x"); got != "x" {
				t.Errorf("by a socket: %q", got)
			}
		})
	}
}

// TestAddressesInOrder: the client of the agent uses the first address, by TLS or not as that is.
func TestAddressesInOrder(t *testing.T) {
	cfg := single(t)
	cfg.ClientURLs = nil
	var taken []net.Listener
	for range 6 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, l)
		cfg.ClientURLs = append(cfg.ClientURLs, "http://"+l.Addr().String())
	}
	for _, l := range taken {
		l.Close()
	}
	if got := launch(t, Launcher{}, cfg).Clients(); !slices.Equal(got, cfg.ClientURLs) {
		t.Errorf("listening at\n%q, it says\n%q", cfg.ClientURLs, got)
	}
}

func TestBusyPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, l := range launchers(t) {
		t.Run(name, func(t *testing.T) {
			cfg := single(t)
			cfg.ClientURLs = []string{"http://" + taken.Addr().String()}
			if _, err := l.Launch(t.Context(), cfg); !errors.Is(err, cluster.ErrBusy) {
				t.Errorf("at a port that is taken: %v", err)
			}
		})
	}
}

func TestBadConfig(t *testing.T) {
	for name, l := range launchers(t) {
		t.Run(name, func(t *testing.T) {
			cfg := single(t)
			cfg.ClientURLs = []string{"http://127.0.0.1"}
			if _, err := l.Launch(t.Context(), cfg); err == nil || errors.Is(err, cluster.ErrBusy) {
				t.Errorf("without a port: %v", err)
			}
			cfg = single(t)
			cfg.PeerURLs = []string{":"}
			if _, err := l.Launch(t.Context(), cfg); err == nil {
				t.Error("a URL that is none was taken")
			}
		})
	}
}

func TestDeathOfTheProcess(t *testing.T) {
	s, err := launchers(t)["apart"].Launch(t.Context(), single(t))
	if err != nil {
		t.Fatal(err)
	}
	s.(interface{ Kill() }).Kill()
	select {
	case <-s.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("a killed server is not noticed")
	}
	if s.Err() == nil {
		t.Error("a killed server has no error")
	}
}
