package server

import (
	"log/slog"
	"path/filepath"
	"testing"

	"mgmt/cluster"
	"mgmt/world/etcd"
)

// BenchmarkRead is one read after the other over a plain connection: who it is of must cost nothing.
func BenchmarkRead(b *testing.B) {
	s, err := Launcher{Log: slog.New(slog.DiscardHandler)}.Launch(b.Context(), cluster.ServerConfig{
		Name: "a", Dir: filepath.Join(b.TempDir(), "etcd", "server"), New: true, Fast: true,
		ClientURLs: []string{"http://127.0.0.1:0"}, PeerURLs: []string{"http://127.0.0.1:0"},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	client, err := etcd.Dial(s.Clients(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Get(b.Context(), "k"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := client.Get(b.Context(), "k"); err != nil {
			b.Fatal(err)
		}
	}
}
