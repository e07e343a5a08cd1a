package console

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
)

// A handler prints log records on a console.
type handler struct {
	console *Console
	level   slog.Level
	about   string // the resource that the records are about
	attrs   []slog.Attr
	groups  string // names of the open groups, each with a dot behind it
}

func newHandler(c *Console) *handler {
	h := &handler{console: c}
	if c.opts.Verbose {
		h.level = slog.LevelDebug
	}
	return h
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	out.attrs = out.attrs[:len(out.attrs):len(out.attrs)]
	for _, a := range attrs {
		out.add(a)
	}
	return &out
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	out := *h
	out.groups += name + "."
	return &out
}

// Handle implements slog.Handler.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	line := *h
	line.attrs = line.attrs[:len(line.attrs):len(line.attrs)]
	r.Attrs(func(a slog.Attr) bool {
		line.add(a)
		return true
	})
	rec := record{time: r.Time, level: r.Level, about: line.about, message: r.Message, attrs: line.attrs}
	h.console.put(entry{time: r.Time, text: h.console.record(rec)}, r.Level >= slog.LevelError)
	return nil
}

// add takes one attribute. The resource stands before the message and not behind it; groups
// are flat, with dots in the names.
func (h *handler) add(a slog.Attr) {
	a.Value = a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
	case a.Value.Kind() == slog.KindGroup:
		inner := *h
		if a.Key != "" {
			inner.groups += a.Key + "."
		}
		for _, b := range a.Value.Group() {
			inner.add(b)
		}
		h.attrs, h.about = inner.attrs, inner.about
	case a.Key == "resource" && h.groups == "":
		h.about = a.Value.String()
	default:
		a.Key = h.groups + a.Key
		h.attrs = append(h.attrs, a)
	}
}

// appendAttr writes an attribute for people.
func appendAttr(b []byte, a slog.Attr) []byte {
	text := a.Value.String()
	if a.Key == "error" {
		return append(append(b, ": "...), text...)
	}
	b = append(append(append(b, ' '), a.Key...), '=')
	if text == "" || strings.ContainsAny(text, " \"=\n\t") {
		return strconv.AppendQuote(b, text)
	}
	return append(b, text...)
}
