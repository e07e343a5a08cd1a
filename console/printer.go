package console

import (
	"fmt"
	"strconv"
	"time"

	"mgmt/engine"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// The escape sequences of colours.
const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[33m"
	green  = "\x1b[32m"
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	reset  = "\x1b[0m"
	wipe   = "\r\x1b[K" // the line of the cursor
)

// A printer writes entries. It belongs to the goroutine of the console.
type printer struct {
	opts Options
	buf  []byte

	second int64  // of which clock is the text
	clock  []byte // "15:04:05 "

	failed  map[resource.Key]bool
	blocked map[resource.Key]bool
	left    map[resource.Key]bool // not as they should be, because of noop
	settled int
	total   int
	summed  sum    // what the latest summary said
	waits   waits  // blocked resources that are not printed yet
	status  status // the progress line
}

// A sum is what a summary says.
type sum struct{ total, failed, blocked, left int }

// waits are resources that wait for the same one.
type waits struct {
	by    resource.Key
	first resource.Key
	time  time.Time
	n     int
}

func newPrinter(opts Options) *printer {
	return &printer{opts: opts, second: -1, failed: map[resource.Key]bool{}, blocked: map[resource.Key]bool{}, left: map[resource.Key]bool{}}
}

// print makes the lines of what is in the queue, in place of the progress line. They are
// written by live or end, with the progress line below them.
func (p *printer) print(queue [][]entry, dropped int) {
	if p.status.shown {
		p.buf = append(p.buf, wipe...)
	}
	before := len(p.buf)
	for _, piece := range queue {
		for i := range piece {
			p.entry(&piece[i])
		}
		if len(p.buf) > 1<<16 {
			p.status.shown = false
			p.flush()
			before = -1
		}
	}
	p.waiting()
	if dropped > 0 {
		p.buf = append(p.buf, fmt.Sprintf("%d lines were left out because the output does not keep up\n", dropped)...)
	}
	if len(p.buf) == before { // there is nothing to make room for
		p.buf = p.buf[:0]
		return
	}
	p.status.shown = false
}

func (p *printer) entry(e *entry) {
	if e.text != nil {
		p.waiting()
		p.buf = append(p.buf, e.text...)
		return
	}
	p.note(&e.event)
	p.status.note(e)
	if p.opts.JSON {
		p.eventJSON(e)
	} else {
		p.event(e)
	}
}

// flush writes what has been made, at once.
func (p *printer) flush() {
	if len(p.buf) > 0 {
		p.opts.Out.Write(p.buf) // there is no place to report an error to
		p.buf = p.buf[:0]
	}
}

// end takes the progress line away.
func (p *printer) end() {
	if p.status.shown {
		p.buf = append(p.buf, wipe...)
		p.status.shown = false
	}
	p.flush()
}

// live brings the progress line up to date, and reports whether it has to be again.
func (p *printer) live(now time.Time) bool {
	if !p.opts.Live || p.opts.JSON || p.settled == p.total {
		p.end()
		return false
	}
	if line := p.status.line(now, p.settled, p.total); line != "" {
		p.buf = append(p.buf, line...)
	}
	p.flush()
	return true
}

// note keeps count of what is not as it should be.
func (p *printer) note(e *engine.Event) {
	switch e.Kind {
	case engine.Progress:
		p.settled, p.total = e.Settled, e.Total
		return
	case engine.Converged, engine.Warned:
		return
	}
	for _, keys := range []map[resource.Key]bool{p.failed, p.blocked, p.left} {
		if len(keys) > 0 {
			delete(keys, e.Key)
		}
	}
	switch {
	case e.Kind == engine.Failed:
		p.failed[e.Key] = true
	case e.Kind == engine.Blocked:
		p.blocked[e.Key] = true
	case e.Kind == engine.Changed && e.Noop:
		p.left[e.Key] = true
	}
}

// event prints an event in words.
func (p *printer) event(e *entry) {
	ev := &e.event
	if ev.Kind == engine.Blocked && (p.waits.n == 0 || p.waits.by == ev.By) {
		if p.waits.n++; p.waits.n == 1 {
			p.waits.by, p.waits.first, p.waits.time = ev.By, ev.Key, e.time
		}
		return
	}
	p.waiting()
	switch ev.Kind {
	case engine.Changed:
		for i := range ev.Changes {
			p.change(e, &ev.Changes[i])
		}
	case engine.Failed:
		p.failure(e)
	case engine.Blocked:
		p.event(e)
	case engine.Warned:
		p.warning(e)
	case engine.Progress:
		p.summary(e.time)
	case engine.Converged:
		if p.opts.Verbose {
			p.line(e.time, dim, map[bool]string{true: "converged", false: "not converged any more"}[ev.Converged])
		}
	default:
		if p.opts.Verbose {
			p.about(e.time, ev.Key)
			p.text(dim, map[engine.EventKind]string{engine.Checked: "ok", engine.Refreshed: "refreshed", engine.Removed: "not managed any more"}[ev.Kind])
			p.buf = append(p.buf, '\n')
		}
	}
}

// change prints one difference that was removed, or would be.
func (p *printer) change(e *entry, c *resource.Change) {
	ev := &e.event
	if ev.Key.Kind == "print" && !ev.Noop && !c.Secret {
		p.line(e.time, "", c.New)
		return
	}
	p.about(e.time, ev.Key)
	p.text("", Printable(c.String()))
	if ev.Noop {
		p.text(dim, " (noop: left as it is)")
	}
	p.buf = append(p.buf, '\n')
	if p.opts.Verbose && c.Diff != nil && !c.Secret {
		p.buf = AppendDiff(p.buf, c.Diff(), p.opts.Color)
	}
}

// failure prints an error with the place of the statement and what happens next.
func (p *printer) failure(e *entry) {
	p.trouble(e, red, "error: ")
	if ev := &e.event; ev.Retries != 0 || ev.RetryIn > 0 {
		p.text(dim, again(ev))
	}
	p.buf = append(p.buf, '\n')
}

// warning prints what is not as it may have been meant.
func (p *printer) warning(e *entry) {
	p.trouble(e, yellow, "warning: ")
	p.buf = append(p.buf, '\n')
}

// trouble prints the error of an event with the place of the statement.
func (p *printer) trouble(e *entry, color, word string) {
	ev := &e.event
	p.time(e.time)
	if ev.Pos != "" {
		p.text(bold, Printable(ev.Pos)+": ")
	}
	p.text(color, word)
	p.text("", Printable(ev.Key.String()+": "+ev.Err.Error()))
}

// again says when the next attempt is.
func again(ev *engine.Event) string {
	when := "at once"
	if ev.RetryIn > 0 {
		when = "in " + ev.RetryIn.Round(time.Millisecond).String()
	}
	if ev.Retries < 0 {
		return " (trying again " + when + ")"
	}
	return fmt.Sprintf(" (trying again %s, %d times more)", when, ev.Retries)
}

// waiting prints the blocked resources that have gathered, in one line.
func (p *printer) waiting() {
	w := p.waits
	if w.n == 0 {
		return
	}
	p.waits = waits{}
	p.about(w.time, w.first)
	text := "waits for "
	if w.n > 1 {
		text = fmt.Sprintf("and %d more wait for ", w.n-1)
	}
	p.text(yellow, Printable(text+w.by.String()+", which failed"))
	p.buf = append(p.buf, '\n')
}

// summary prints the outcome when everything has settled, if that is news.
func (p *printer) summary(at time.Time) {
	s := sum{p.total, len(p.failed), len(p.blocked), len(p.left)}
	if p.settled != p.total || s == p.summed || p.total == 0 {
		return
	}
	p.summed = s
	if s.failed+s.blocked+s.left == 0 {
		p.line(at, green, allRight(s.total))
		return
	}
	p.line(at, yellow, s.String())
}

// String says what is not as it should be.
func (s sum) String() string {
	text := "of " + syntax.Count(s.total, "resource")
	for _, part := range []struct {
		n    int
		what string
	}{{s.failed, "failed"}, {s.blocked, "waiting for those"}, {s.left, "left as it differs (noop)"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return text
}

func allRight(n int) string {
	if n == 1 {
		return "the one resource is as it should be"
	}
	return fmt.Sprintf("all %d resources are as they should be", n)
}

// about begins a line about a resource.
func (p *printer) about(at time.Time, key resource.Key) {
	p.time(at)
	name := Printable(key.Name)
	if !p.opts.Color {
		p.buf = append(append(append(p.buf, key.Kind...), '['), name...)
		p.buf = append(p.buf, ']')
	} else {
		p.buf = append(append(append(append(p.buf, bold...), key.Kind...), '['), name...)
		p.buf = append(append(p.buf, ']'), reset...)
	}
	if key.Alt > 0 {
		p.buf = strconv.AppendInt(append(p.buf, '#'), int64(key.Alt), 10)
	}
	p.buf = append(p.buf, ": "...)
}

func (p *printer) line(at time.Time, color, text string) {
	p.time(at)
	p.text(color, Printable(text))
	p.buf = append(p.buf, '\n')
}

// text writes part of a line.
func (p *printer) text(color, text string) {
	if p.opts.Color && color != "" {
		p.buf = append(append(append(p.buf, color...), text...), reset...)
		return
	}
	p.buf = append(p.buf, text...)
}

// time begins a line with the time of day.
func (p *printer) time(at time.Time) {
	if s := at.Unix(); s != p.second {
		p.second = s
		p.clock = at.AppendFormat(p.clock[:0], "15:04:05 ")
	}
	p.text(dim, string(p.clock))
}
