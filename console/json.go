package console

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"time"

	"mgmt/engine"
	"mgmt/history"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// A line is one line of JSON output. Every line has the time, the level and the event; the
// event of a log record is "log", that of a diagnostic "diagnostic".
type line struct {
	Time     string `json:"time"`
	Level    string `json:"level"`
	Event    string `json:"event"`
	Resource *id    `json:"resource,omitempty"`
	Message  string `json:"msg,omitempty"`

	Pos     string           `json:"pos,omitempty"`
	Cause   string           `json:"cause,omitempty"`
	Seconds float64          `json:"seconds,omitempty"`
	Changes []history.Change `json:"changes,omitempty"`
	Noop    bool             `json:"noop,omitempty"`

	Error   string  `json:"error,omitempty"`
	Retries int     `json:"retries,omitempty"`
	RetryIn float64 `json:"retry_in,omitempty"` // seconds
	By      *id     `json:"by,omitempty"`

	Converged *bool `json:"converged,omitempty"`
	Settled   *int  `json:"settled,omitempty"`
	Total     *int  `json:"total,omitempty"`

	Attrs      map[string]string `json:"attrs,omitempty"`
	Diagnostic *syntax.Report    `json:"diagnostic,omitempty"`
}

type id struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// JSONChange returns the JSON form of a change, with the differences in full if asked for.
// Secret ones have no values.
func JSONChange(c resource.Change, diff bool) history.Change {
	if c.Secret {
		return history.Change{Param: c.Param, Secret: true}
	}
	out := history.Change{Param: c.Param, Old: c.Old, New: c.New, Note: c.Note}
	if diff && c.Diff != nil {
		out.Diff = c.Diff()
	}
	return out
}

func appendLine(b []byte, l line) []byte {
	text, err := json.Marshal(l)
	if err != nil { // it is made of strings and numbers
		text = []byte(strconv.Quote(err.Error()))
	}
	return append(append(b, text...), '\n')
}

func stamp(at time.Time) string { return at.Format(time.RFC3339Nano) }

func keyID(k resource.Key) *id { return &id{k.Kind, k.Name} }

// eventJSON prints an event as JSON.
func (p *printer) eventJSON(e *entry) {
	ev := &e.event
	if quiet(ev) && !p.opts.Verbose {
		return
	}
	l := line{Time: stamp(e.time), Level: "INFO", Event: ev.Kind.String(), Pos: ev.Pos, Cause: ev.Cause.String(), Noop: ev.Noop, Seconds: ev.Duration.Seconds()}
	switch ev.Kind {
	case engine.Progress:
		if p.settled != p.total {
			return
		}
		l.Event = "settled"
		l.Settled, l.Total = &ev.Settled, &ev.Total
	case engine.Converged:
		l.Converged, l.Settled, l.Total = &ev.Converged, &ev.Settled, &ev.Total
	default:
		l.Resource = keyID(ev.Key)
	}
	for _, c := range ev.Changes {
		l.Changes = append(l.Changes, JSONChange(c, p.opts.Verbose))
	}
	if ev.Err != nil {
		l.Level, l.Error, l.Retries, l.RetryIn = "ERROR", ev.Err.Error(), ev.Retries, ev.RetryIn.Seconds()
	}
	if ev.Kind == engine.Warned {
		l.Level = "WARN"
	}
	if ev.Kind == engine.Blocked {
		l.Level, l.By = "WARN", keyID(ev.By)
	}
	p.buf = appendLine(p.buf, l)
}

// quiet reports whether an event is only of interest to those who ask for everything.
func quiet(e *engine.Event) bool {
	return e.Kind == engine.Checked || e.Kind == engine.Refreshed || e.Kind == engine.Removed
}

// recordJSON returns a log record as JSON.
func recordJSON(r record) []byte {
	l := line{Time: stamp(r.time), Level: r.level.String(), Event: "log", Message: r.message}
	if r.about != "" {
		l.Attrs = map[string]string{"resource": r.about}
	}
	for _, a := range r.attrs {
		switch {
		case a.Key == "error":
			l.Error = a.Value.String()
		case l.Attrs == nil:
			l.Attrs = map[string]string{a.Key: a.Value.String()}
		default:
			l.Attrs[a.Key] = a.Value.String()
		}
	}
	return appendLine(nil, l)
}

// diagnosticsJSON returns diagnostics as JSON, a line each.
func diagnosticsJSON(files *syntax.Files, list syntax.Diagnostics) []byte {
	var b []byte
	for _, r := range syntax.JSON(files, list) {
		level := slog.LevelError
		if r.Severity != syntax.Error.String() {
			level = slog.LevelWarn
		}
		b = appendLine(b, line{Time: stamp(time.Now()), Level: level.String(), Event: "diagnostic", Message: r.Message, Diagnostic: &r})
	}
	return b
}
