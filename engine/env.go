package engine

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"mgmt/resource"
)

func (e *Engine) env(id resource.ID) *resource.Env {
	return &resource.Env{
		ID:       id,
		Hostname: e.opts.Hostname,
		World:    e.opts.World,
		Local:    e.opts.Local,
		Hub:      e.opts.Hub,
		Log:      slog.New(named{e.opts.Log.Handler(), id}),
		StateDir: func() (string, error) { return stateDir(e.opts.StateDir, id) },
		Exit:     e.opts.Exit,
		Shared:   e.shared.get,
	}
}

// stateDir makes the directory of a resource below base.
func stateDir(base string, id resource.ID) (string, error) {
	if base == "" {
		return "", errors.New("the agent keeps no state")
	}
	dir := filepath.Join(base, stateName(id))
	if err := os.MkdirAll(dir, 0o775); err != nil {
		return "", fmt.Errorf("state directory of %s: %w", id, err)
	}
	return dir, nil
}

// maxName is the length in bytes that a file's name may have anywhere.
const maxName = 255

// stateName is a name for a directory that no other resource has. It ends with the
// resource's name for people to read, unless that is too long.
func stateName(id resource.ID) string {
	kind := strings.ReplaceAll(id.Kind, "/", "-")
	name := kind + "-" + base64.URLEncoding.EncodeToString([]byte(id.Name)) +
		"+" + strings.ReplaceAll(id.Name, "/", "-")
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(id.Kind + "\x00" + id.Name))
	return kind[:min(len(kind), maxName/2)] + "-" + hex.EncodeToString(sum[:])
}

// A named handler tells of which resource a record is. It puts the name together only when
// there is a record, as most resources never log.
type named struct {
	slog.Handler
	id resource.ID
}

func (n named) with() slog.Handler {
	return n.Handler.WithAttrs([]slog.Attr{slog.String("resource", n.id.String())})
}

// Handle implements slog.Handler.
func (n named) Handle(ctx context.Context, r slog.Record) error { return n.with().Handle(ctx, r) }

// WithAttrs implements slog.Handler.
func (n named) WithAttrs(attrs []slog.Attr) slog.Handler { return n.with().WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (n named) WithGroup(name string) slog.Handler { return n.with().WithGroup(name) }
