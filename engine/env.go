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
	"sync/atomic"

	"mgmt/resource"
)

// A veil is what must not be shown of an instance. It may change while the resource logs.
type veil = atomic.Pointer[resource.Secrets]

func (e *Engine) env(id resource.ID, secrets *veil) *resource.Env {
	return &resource.Env{
		ID:       id,
		Hostname: e.opts.Hostname,
		World:    e.opts.World,
		Local:    e.opts.Local,
		Hub:      e.opts.Hub,
		Log:      slog.New(named{e.opts.Log.Handler(), id, secrets}),
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

// A named handler tells of which resource a record is, and hides its secrets. It puts the name together only when
// there is a record, as most resources never log.
type named struct {
	slog.Handler
	id      resource.ID
	secrets *veil
}

func (n named) with() slog.Handler {
	if n.id == (resource.ID{}) { // it has been told
		return n.Handler
	}
	return n.Handler.WithAttrs([]slog.Attr{slog.String("resource", n.id.String())})
}

// Handle implements slog.Handler.
func (n named) Handle(ctx context.Context, r slog.Record) error {
	if secrets := n.secrets.Load(); secrets != nil {
		out := slog.NewRecord(r.Time, r.Level, secrets.Hide(r.Message), r.PC)
		r.Attrs(func(a slog.Attr) bool {
			out.AddAttrs(hideAttr(secrets, a))
			return true
		})
		r = out
	}
	return n.with().Handle(ctx, r)
}

// hideAttr turns an attribute into text without secrets.
func hideAttr(secrets *resource.Secrets, a slog.Attr) slog.Attr {
	return slog.String(a.Key, secrets.Hide(a.Value.Resolve().String()))
}

// WithAttrs implements slog.Handler.
func (n named) WithAttrs(attrs []slog.Attr) slog.Handler {
	if secrets := n.secrets.Load(); secrets != nil {
		hidden := make([]slog.Attr, len(attrs))
		for i, a := range attrs {
			hidden[i] = hideAttr(secrets, a)
		}
		attrs = hidden
	}
	return named{n.with().WithAttrs(attrs), resource.ID{}, n.secrets}
}

// WithGroup implements slog.Handler.
func (n named) WithGroup(name string) slog.Handler {
	return named{n.with().WithGroup(name), resource.ID{}, n.secrets}
}
