package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"mgmt/resource"
)

// A PanicError is a panic in the code of a kind.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// guard calls f, which is or calls code of a kind, and returns its error or its panic.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{p, debug.Stack()}
		}
	}()
	return f()
}

// logPanic logs an error that is a panic, with its stack, for whoever can fix the kind.
func (e *Engine) logPanic(key resource.Key, err error) {
	if err == nil {
		return
	}
	if p := (*PanicError)(nil); errors.As(err, &p) {
		e.opts.Log.Error("panic in a resource", slog.String("resource", key.String()),
			slog.String("panic", e.hidden(key, fmt.Sprint(p.Value))), slog.String("stack", string(p.Stack)))
	}
}

// hidden returns a text about a resource without its secrets.
func (e *Engine) hidden(key resource.Key, text string) string {
	v := e.vertices[key]
	switch {
	case v == nil:
		return text
	case v.inst != nil:
		text = v.inst.secrets.Load().Hide(text)
	}
	if v.spec != nil {
		text = v.spec.Secrets.Hide(text)
	}
	return text
}
