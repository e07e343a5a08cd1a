package dashboard

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
)

// The socket of an agent, in its working directory, and the longest path that a socket may
// have everywhere.
const (
	socketDir  = "api"
	socketName = "agent.sock"
	maxPath    = 100
)

// Listen makes the socket of the agent whose working directory that is. There is at most one
// agent in a directory, so a socket that is there is left over. Connections of anyone but root
// and the user of this process are closed.
func Listen(prefix string, log *slog.Logger) (net.Listener, error) {
	if !canIdentify {
		return nil, fmt.Errorf("making the socket of the agent: who connects cannot be told here: %w", errors.ErrUnsupported)
	}
	dir := filepath.Join(prefix, socketDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the socket of the agent: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the socket of the agent: %w", err)
	}
	path := filepath.Join(dir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing the socket of an agent that is gone: %w", err)
	}
	short, done, err := shorten(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(short, socketName), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making the socket of the agent: %w", err)
	}
	l.SetUnlinkOnClose(false) // by the short name
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("making the socket of the agent: %w", err)
	}
	return &listener{l, path, log}, nil
}

// A listener accepts those who may look.
type listener struct {
	*net.UnixListener
	path string
	log  *slog.Logger
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		uid, err := peer(c)
		if err == nil && (uid == 0 || uid == os.Geteuid()) {
			return c, nil
		}
		l.log.Warn("somebody may not look into this agent", "uid", uid, "error", err)
		c.Close()
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	os.Remove(l.path)
	return l.UnixListener.Close()
}

// dial connects to the agent of a working directory.
func dial(prefix string) (net.Conn, error) {
	short, done, err := shorten(filepath.Join(prefix, socketDir))
	if err != nil {
		return nil, err
	}
	defer done()
	return net.Dial("unix", filepath.Join(short, socketName))
}
