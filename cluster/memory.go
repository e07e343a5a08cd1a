package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A memory is what a node keeps in its directory, besides the data of its server:
//
//	id         tells this agent from another one of the same name
//	cluster    the cluster that it belongs to
//	endpoints  the client URLs of the members, as they were last
//	address    the address of this host that it found by itself, and had in its certificate
type memory struct{ dir string }

func (m memory) path(name string) string { return filepath.Join(m.dir, name) }

func (m memory) read(name string) string {
	text, err := os.ReadFile(m.path(name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// write replaces a file as a whole.
func (m memory) write(name, text string) error {
	if err := os.MkdirAll(m.dir, 0o750); err != nil {
		return err
	}
	next := m.path(name + ".next")
	if err := os.WriteFile(next, []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(next, m.path(name))
}

// id returns what tells this agent from others, for as long as its directory lasts.
func (m memory) id() (string, error) {
	if id := m.read("id"); id != "" {
		return id, nil
	}
	id := rand.Text()
	if err := m.write("id", id); err != nil {
		return "", fmt.Errorf("naming this agent: %w", err)
	}
	return id, nil
}

func (m memory) endpoints() []string { return strings.Fields(m.read("endpoints")) }

func (m memory) setEndpoints(urls []string) error {
	if text := strings.Join(urls, "\n"); text != m.read("endpoints") {
		return m.write("endpoints", text)
	}
	return nil
}

// address returns the address that was found before; nil if none was.
func (m memory) address() net.IP { return net.ParseIP(m.read("address")) }

func (m memory) setAddress(ip net.IP) error {
	if text := ip.String(); text != m.read("address") {
		return m.write("address", text)
	}
	return nil
}

// hasData reports whether the server of this host has been a member. One that was killed before
// it had a log, or before it answered for the first time, has not: nothing was entrusted to it.
func (m memory) hasData() bool {
	if m.read("cluster") == "" {
		return false
	}
	entries, err := os.ReadDir(filepath.Join(m.path("server"), "member", "wal"))
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return filepath.Ext(e.Name()) == ".wal" })
}

// putAside keeps the data of a member that was removed, or never was one, out of the way of the
// next one. What was put aside before that goes.
func (m memory) putAside() error {
	if _, err := os.Stat(m.path("server")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	aside := m.path("server.removed")
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	return os.Rename(m.path("server"), aside)
}

// ErrForeignData is why a host does not join a cluster while it has data of another one.
var ErrForeignData = errors.New("the data here belongs to another cluster")

// checkCluster notes the cluster, or refuses it if the data here belongs to another one.
func (m memory) checkCluster(id uint64, seeds []string) error {
	here, there := m.read("cluster"), fmt.Sprintf("%x", id)
	if here == there {
		return nil
	}
	if here != "" && m.hasData() {
		return fmt.Errorf("joining cluster %s through %q: %w: %s has that of cluster %s; move it away, or use another --prefix",
			there, seeds, ErrForeignData, m.path("server"), here)
	}
	if err := m.write("cluster", there); err != nil {
		return fmt.Errorf("noting the cluster: %w", err)
	}
	return nil
}
