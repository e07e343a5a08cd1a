package console

import (
	"fmt"
	"time"
	"unicode/utf8"

	"mgmt/engine"
	"mgmt/resource"
)

const (
	patience  = 200 * time.Millisecond // before the progress line appears
	lineWidth = 79
)

// A status is the line at the bottom of a terminal: how many resources have settled, and
// which one did last.
type status struct {
	since  time.Time // it has been unsettled for this long
	latest resource.Key
	shown  bool
}

// note takes an event.
func (s *status) note(e *entry) {
	switch {
	case e.event.Kind != engine.Progress:
		s.latest = e.event.Key
	case e.event.Settled == e.event.Total:
		s.since = time.Time{}
	case s.since.IsZero():
		s.since = e.time
	}
}

// line returns the text to show, or nothing yet.
func (s *status) line(now time.Time, settled, total int) string {
	if s.since.IsZero() || now.Sub(s.since) < patience {
		return ""
	}
	s.shown = true
	text := fmt.Sprintf("[%d/%d]", settled, total)
	if s.latest.Kind != "" {
		text += " " + printable(s.latest.String())
	}
	if utf8.RuneCountInString(text) > lineWidth {
		text = string([]rune(text)[:lineWidth-1]) + "…"
	}
	return text
}

// wipe reports whether the line is there and has to be taken away.
func (s *status) wipe() bool {
	shown := s.shown
	s.shown = false
	return shown
}
