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
	drawn  time.Time
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

// line returns what to write so that the line is shown, if it is time for that.
func (s *status) line(now time.Time, settled, total int) string {
	if s.since.IsZero() || now.Sub(s.since) < patience || s.shown && now.Sub(s.drawn) < progress {
		return ""
	}
	text := fmt.Sprintf("[%d/%d]", settled, total)
	if s.latest.Kind != "" {
		text += " " + Printable(s.latest.String())
	}
	if utf8.RuneCountInString(text) > lineWidth {
		text = string([]rune(text)[:lineWidth-1]) + "…"
	}
	if s.shown {
		text = wipe + text
	}
	s.shown, s.drawn = true, now
	return text
}
