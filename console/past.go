package console

import (
	"fmt"
	"time"

	"mgmt/history"
	"mgmt/lang/syntax"
)

// words are what records say besides what they are about.
var words = map[string]struct{ color, text string }{
	"checked":   {dim, "ok"},
	"changed":   {green, "changed"},
	"refreshed": {green, "refreshed"},
	"failed":    {red, "failed"},
	"blocked":   {yellow, "blocked"},
	"warned":    {yellow, "warning"},
	"removed":   {dim, "not managed any more"},
}

// Record writes one thing that happened, with its cause.
func (r *Reporter) Record(x *history.Record) {
	r.day(x.Time)
	r.text(dim, x.Time.Local().Format("15:04:05.000 "))
	if x.Resource.Kind == "" {
		r.text(bold, agentText(x))
		r.newline()
		return
	}
	r.text(bold, x.Resource.String())
	r.text("", " ")
	r.outcome(x)
	if cause := x.Cause.String(); cause != "" {
		r.text(dim, "  ("+cause+")")
	}
	r.newline()
	r.details(x, "    ")
}

// day writes the day when it is another one than before.
func (r *Reporter) day(t time.Time) {
	if day := t.Local().Format(time.DateOnly); day != r.date {
		r.date = day
		r.text(dim, day)
		r.newline()
	}
}

// agentText says what a record about the agent says.
func agentText(x *history.Record) string {
	switch x.Event {
	case history.Started:
		return fmt.Sprintf("the agent started on %s, process %d", x.Host, x.PID)
	case history.Stopped:
		return "the agent stopped"
	case history.Lost:
		return syntax.Count(x.Count, "event") + " came too fast to be kept"
	case "converged":
		if x.Converged {
			return "converged, " + syntax.Count(x.Total, "resource")
		}
		return fmt.Sprintf("not converged any more, %d of %d settled", x.Settled, x.Total)
	}
	return x.Event
}

// outcome says how a run went.
func (r *Reporter) outcome(x *history.Record) {
	w, ok := words[x.Event]
	if !ok {
		w.text = x.Event
	}
	if x.Noop && x.Event == "changed" {
		w.color, w.text = yellow, "differs (noop: left as it is)"
	}
	r.text(w.color, w.text)
	if x.Seconds > 0 {
		r.text("", " in "+seconds(x.Seconds))
	}
	if x.By.Kind != "" {
		r.text("", " because "+x.By.String()+" failed")
	}
}

// details writes the changes and the error of a record.
func (r *Reporter) details(x *history.Record, indent string) {
	r.changes(x.Changes, indent, r.Verbose)
	if x.Error == "" {
		return
	}
	r.text("", indent+x.Error)
	switch {
	case x.Retries < 0:
		r.printf(dim, " (another attempt in %s)", seconds(x.RetryIn))
	case x.Retries > 0:
		r.printf(dim, " (another attempt in %s, %d left)", seconds(x.RetryIn), x.Retries)
	}
	r.newline()
}

// chain writes a chain of causes, from the run that is asked about back to what came from
// outside.
func (r *Reporter) chain(c *history.Chain) {
	indent := ""
	for i := range c.Runs {
		run := &c.Runs[i]
		if i == 0 {
			r.text(dim, run.Time.Local().Format("2006-01-02 15:04:05.000 "))
			r.text(bold, run.Resource.String())
		} else {
			r.text(dim, indent+run.Time.Local().Format("15:04:05.000 "))
			r.text("", run.Resource.String())
		}
		r.text("", " ")
		r.outcome(&run.Record)
		if run.Refreshed && run.Event != "refreshed" {
			r.text(green, ", refreshed")
		}
		r.newline()
		indent += "    "
		r.details(&run.Record, indent)
		if run.By.Kind != "" { // which says the cause
			continue
		}
		r.text("", indent+"because ")
		r.text(bold, causeClause(&run.Record))
		if run.Attempts > 0 {
			r.printf(dim, ", after %s", syntax.Count(run.Attempts+1, "failed attempt"))
		}
		r.newline()
	}
	if c.Broken {
		r.text(dim, indent+"what was before is not in the history")
		r.newline()
	}
}

// causeClause says the cause after "because".
func causeClause(x *history.Record) string {
	switch text := x.Cause.String(); x.Cause.Kind {
	case "":
		return "of something that is not known"
	case "notified":
		return "it was " + text
	case "received":
		return "it " + text
	case "retried":
		return "its last run failed"
	default:
		return text
	}
}

// Chains writes why a resource ran, the latest run first.
func (r *Reporter) Chains(about history.Ref, chains []history.Chain) {
	if len(chains) == 0 {
		r.text("", about.String()+" has not run")
		r.newline()
	}
	for i := range chains {
		if i > 0 {
			r.newline()
		}
		r.chain(&chains[i])
	}
}
