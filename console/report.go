package console

import (
	"fmt"
	"strings"
	"time"

	"mgmt/dashboard"
	"mgmt/history"
	"mgmt/lang/syntax"
)

// A Reporter writes what the state and the history of an agent are, for people.
type Reporter struct {
	Color   bool
	Verbose bool      // the differences in full
	Now     time.Time // times are told in relation to it

	buf  []byte
	date string // the latest day that was written
}

// Take returns what was written since the last call.
func (r *Reporter) Take() []byte {
	out := r.buf
	r.buf = nil
	return out
}

func (r *Reporter) text(color, text string) {
	if color == "" || !r.Color || text == "" {
		r.buf = append(r.buf, Printable(text)...)
		return
	}
	r.buf = append(append(append(r.buf, color...), Printable(text)...), reset...)
}

func (r *Reporter) printf(color, format string, args ...any) {
	r.text(color, fmt.Sprintf(format, args...))
}

func (r *Reporter) newline() { r.buf = append(r.buf, '\n') }

// stateColors are the colours of states.
var stateColors = map[string]string{"failed": red, "blocked": yellow, "running": bold, "waiting": "", "ok": green}

// Status writes the state of an agent: the summary, and the resources that are listed.
func (r *Reporter) Status(s *dashboard.Status) {
	r.text(bold, s.Agent.Host)
	r.printf("", ": process %d, up %s", s.Agent.PID, span(r.Now.Sub(s.Agent.Started)))
	if s.Agent.Noop {
		r.text("", ", noop")
	}
	r.newline()
	r.summary(s)
	if s.Origin != "" {
		r.text("", s.Origin)
		r.newline()
	}
	if x := s.Refused; x.Text != "" {
		r.printf(red, "refused %s, and the last good graph stays in force: ", r.ago(x.Time))
		r.text("", x.Text)
		r.newline()
	}
	if x := s.Outage; x.Text != "" {
		r.printf(red, "the cluster is not reached for %s, and what it said last stays in force: ", span(r.Now.Sub(x.Since)))
		r.text("", x.Text)
		r.newline()
	}
	if x := s.Store; x.Text != "" {
		r.printf(red, "for %s: ", span(r.Now.Sub(x.Since)))
		r.text("", x.Text)
		r.newline()
	}
	state := ""
	for i := range s.Resources {
		x := &s.Resources[i]
		if x.State != state {
			state = x.State
			r.newline()
			r.text(stateColors[state], state)
			r.newline()
		}
		r.resource(x)
	}
	if s.Left > 0 {
		r.printf(dim, "\nand %s more", syntax.Count(s.Left, "resource"))
		r.newline()
	}
}

// summary writes the counts, and whether all has settled.
func (r *Reporter) summary(s *dashboard.Status) {
	switch c := s.Counts; {
	case s.Total == 0 && s.Going == 0:
		r.text("", "no resources")
	case s.Settled == s.Total && s.Going == 0 && c.Failed+c.Blocked == 0:
		r.text(green, allRight(s.Total))
	default:
		r.printf("", "%d of %s settled", s.Settled, syntax.Count(s.Total, "resource"))
		for _, part := range []struct {
			n    int
			word string
		}{{c.OK, "ok"}, {c.Failed, "failed"}, {c.Blocked, "blocked"}, {c.Running, "running"}, {c.Waiting, "waiting"}} {
			if part.n > 0 {
				r.text("", ", ")
				r.printf(stateColors[part.word], "%d %s", part.n, part.word)
			}
		}
		if s.Going > 0 {
			r.printf("", ", %d to be closed", s.Going)
		}
	}
	if s.Converged {
		r.text("", "; converged")
	}
	r.newline()
}

// resource writes the line of a resource, and what keeps it from being all right.
func (r *Reporter) resource(x *dashboard.Resource) {
	r.text("", "  "+x.Ref.String())
	if x.Pos != "" {
		r.text(dim, "  "+x.Pos)
	}
	r.newline()
	for line := range strings.Lines(x.Error) {
		r.text("", "      "+strings.TrimSuffix(line, "\n"))
		r.newline()
	}
	if text := r.holdup(x); text != "" {
		r.text(dim, "      "+text)
		r.newline()
	}
}

// holdup says what a resource waits for.
func (r *Reporter) holdup(x *dashboard.Resource) string {
	switch x.Wait.Kind {
	case "open":
		return "being opened or closed"
	case "watch":
		return "its watch has not begun"
	case "parents":
		return "after " + list(x.Wait.For, x.Wait.More)
	case "retry":
		return "another attempt in " + span(x.Wait.Until.Sub(r.Now))
	case "limit":
		return "held back for " + span(x.Wait.Until.Sub(r.Now))
	case "flapping":
		return "changed back again and again; looked at again in " + span(x.Wait.Until.Sub(r.Now))
	case "semaphore":
		return "for the semaphore " + x.Wait.Sema
	case "group":
		return "for others of its group"
	}
	switch x.State {
	case "blocked":
		return "because " + x.By.String() + " failed"
	case "failed":
		return fmt.Sprintf("%s, the last one %s", syntax.Count(x.Failures, "failure"), r.ago(x.Ended))
	}
	return ""
}

func list(refs []history.Ref, more int) string {
	var names []string
	for _, ref := range refs {
		names = append(names, ref.String())
	}
	text := strings.Join(names, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Resource writes all that is known of one resource.
func (r *Reporter) Resource(x *dashboard.Resource) {
	r.text(bold, x.Ref.String())
	r.text("", " ")
	r.text(stateColors[x.State], x.State)
	if x.Pos != "" {
		r.text(dim, "  "+x.Pos)
	}
	r.newline()
	for line := range strings.Lines(x.Error) {
		r.text("", "  "+strings.TrimSuffix(line, "\n"))
		r.newline()
	}
	if text := r.holdup(x); text != "" {
		r.text("", "  "+text)
		r.newline()
	}
	if x.Runs > 0 {
		r.printf("", "  %s, %s, %s; %s in all, opened in %s", syntax.Count(x.Runs, "run"), syntax.Count(x.Changes, "change"),
			syntax.Count(x.Failures, "failure"), seconds(x.All), seconds(x.Opening))
		r.newline()
		r.printf("", "  last run %s, in %s: %s", r.ago(x.Ended), seconds(x.Seconds), x.Cause.String())
		r.newline()
	}
	if x.Last.Run > 0 {
		r.printf("", "  last change %s", r.ago(x.Last.Time))
		if x.Last.Noop {
			r.text("", " (noop: left as it is)")
		}
		r.newline()
		r.changes(x.Last.Changes, "    ", true)
	}
}

// Graph writes all resources with their states, and the edges.
func (r *Reporter) Graph(g *dashboard.Graph) {
	for i := range g.Resources {
		x := &g.Resources[i]
		r.text("", x.Ref.String()+" ")
		r.text(stateColors[x.State], x.State)
		if x.State == "blocked" {
			r.text(dim, " by "+x.By.String())
		}
		r.newline()
	}
	for _, e := range g.Edges {
		r.text("", e.From.String()+" -> "+e.To.String())
		var notes []string
		for _, note := range []struct {
			is   bool
			text string
		}{{e.Notify, "notifies"}, {e.Receives, "sends"}, {e.Auto, "automatic"}} {
			if note.is {
				notes = append(notes, note.text)
			}
		}
		if len(notes) > 0 {
			r.text(dim, " ("+strings.Join(notes, ", ")+")")
		}
		r.newline()
	}
}

func (r *Reporter) changes(changes []history.Change, indent string, diffs bool) {
	for _, c := range changes {
		r.text("", indent+c.String())
		r.newline()
		if diffs {
			r.buf = AppendDiff(r.buf, c.Diff, r.Color)
		}
	}
}

func (r *Reporter) ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return span(r.Now.Sub(t)) + " ago"
}

// span is a duration as people say it.
func span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// seconds is a measured time with three digits.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	for unit := time.Second; unit >= 10; unit /= 10 {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}
