package cluster

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestComplaint(t *testing.T) {
	for line, want := range map[string]string{
		`time=2026-01-02T03:04:05Z level=WARN msg="etcd: failed to save" error="write wal: no space left on device" a=b`: "failed to save: write wal: no space left on device",
		`time=2026-01-02T03:04:05Z level=WARN msg=etcd error=EOF`:                                                        "etcd: EOF",
		`time=2026-01-02T03:04:05Z level=DEBUG msg="etcd: slow" error=late`:                                              "",
		"panic: write db: no space left on device":                                                                       "write db: no space left on device",
		"fatal error: out of memory":                                                                                     "out of memory",
		"goroutine 1 [running]:":                                                                                         "",
		"":                                                                                                               "",
	} {
		if got := complaint(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestLastWords has a program that dies in place of a server.
func TestLastWords(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it takes a shell")
	}
	program := filepath.Join(t.TempDir(), "server")
	const script = `#!/bin/sh
echo '{"Clients":["http://127.0.0.1:1"]}'
read line
echo 'level=INFO msg=begins' >&2
echo 'x level=WARN msg="etcd: failed to create WAL" error="the disk is full"' >&2
echo 'panic: failed to create WAL' >&2
echo 'goroutine 1 [running]:' >&2
exit 2
`
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := Command{Path: program, Log: slog.New(slog.DiscardHandler)}.Launch(t.Context(), ServerConfig{Name: "a", Dir: filepath.Join(t.TempDir(), "server")})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
		t.Fatal("the end of the server is not noticed")
	}
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "died: failed to create WAL: the disk is full (exit status 2)") {
		t.Errorf("its last words are: %v", err)
	}
}
