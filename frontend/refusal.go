package frontend

import (
	"sync/atomic"
	"time"

	"mgmt/lang/syntax"
)

// A Refuser is a front end that tells whether the graph in force is older than its input,
// because something was refused since.
type Refuser interface {
	Refusal() (Refusal, bool)
}

// An Originator is a front end that tells where the graph in force comes from.
type Originator interface {
	Origin() string
}

// A Refusal is what was refused while there was a good graph.
type Refusal struct {
	Time time.Time
	Text string // the first mistake, in one line
}

// A Standing remembers the latest refusal, until something good takes its place. The zero value
// has none. It may be used by several goroutines.
type Standing struct{ latest atomic.Pointer[Refusal] }

// Refuse notes a refusal. The time is that of the first of several alike.
func (s *Standing) Refuse(text string) {
	if old := s.latest.Load(); old == nil || old.Text != text {
		s.latest.Store(&Refusal{time.Now(), text})
	}
}

// Accept notes that the graph in force is the one that is wanted.
func (s *Standing) Accept() {
	if s.latest.Load() != nil {
		s.latest.Store(nil)
	}
}

// Refusal returns the latest refusal, if nothing good came after it.
func (s *Standing) Refusal() (Refusal, bool) {
	if r := s.latest.Load(); r != nil {
		return *r, true
	}
	return Refusal{}, false
}

// Brief returns the first mistake among diagnostics in one line, or nothing.
func Brief(files *syntax.Files, list syntax.Diagnostics) string {
	for _, d := range list {
		switch {
		case d.Severity != syntax.Error:
		case d.Span.IsValid():
			return files.Position(d.Span.Start).String() + ": " + d.Message
		default:
			return d.Message
		}
	}
	return ""
}
