package history

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mgmt/engine"
	"mgmt/resource"
)

// Event names of records, besides those of the events of the engine.
const (
	Started = "started" // an agent began: Host, PID; its runs are numbered from 1
	Stopped = "stopped" // it ended in order
	Lost    = "lost"    // Count events came faster than they could be written
)

// A Record is one thing that happened. The JSON form is that of the command line and of the
// local API.
type Record struct {
	Seq      uint64    `json:"seq"` // numbers all records of a log
	Time     time.Time `json:"time"`
	Event    string    `json:"event"`
	Resource Ref       `json:"resource,omitzero"`
	Pos      string    `json:"pos,omitempty"` // of the statement
	Run      uint64    `json:"run,omitempty"` // see engine.Event
	Cause    Cause     `json:"cause,omitzero"`
	Seconds  float64   `json:"seconds,omitempty"` // that the run took
	Changes  []Change  `json:"changes,omitempty"`
	Noop     bool      `json:"noop,omitempty"`

	Error   string  `json:"error,omitempty"`
	Retries int     `json:"retries,omitempty"` // left; -1 is for ever
	RetryIn float64 `json:"retry_in,omitempty"`
	By      Ref     `json:"by,omitzero"` // what failed, for a blocked one

	Converged bool   `json:"converged,omitempty"`
	Settled   int    `json:"settled,omitempty"`
	Total     int    `json:"total,omitempty"`
	Count     int    `json:"count,omitempty"`
	Host      string `json:"host,omitempty"`
	PID       int    `json:"pid,omitempty"`
}

// A Ref names a resource.
type Ref struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Alt  int    `json:"alt,omitempty"` // counts hidden resources of one name
}

// String prints kind[name], and kind[name]#1 for the first hidden one.
func (r Ref) String() string {
	return resource.Key{ID: resource.ID{Kind: r.Kind, Name: r.Name}, Alt: r.Alt}.String()
}

// RefOf returns the name of a vertex.
func RefOf(k resource.Key) Ref { return Ref{k.Kind, k.Name, k.Alt} }

// A Cause is why a run was made; see engine.Cause.
type Cause struct {
	Kind  string `json:"kind"`
	What  string `json:"what,omitempty"` // moved in the program
	Param string `json:"param,omitempty"`
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
	From  Ref    `json:"from,omitzero"`
	Run   uint64 `json:"run,omitempty"` // of From
}

// String says the cause in one line, as engine.Cause does.
func (c Cause) String() string {
	out := engine.Cause{Kind: engine.CauseKindOf(c.Kind), Param: c.Param, Old: c.Old, New: c.New, Run: c.Run}
	out.From = resource.Key{ID: resource.ID{Kind: c.From.Kind, Name: c.From.Name}, Alt: c.From.Alt}
	if c.What != "" {
		out.Move = &resource.Move{What: c.What, Old: c.Old, New: c.New}
	}
	return out.String()
}

// CauseOf returns the cause as data.
func CauseOf(c *engine.Cause) Cause {
	if c == nil {
		return Cause{}
	}
	out := Cause{Kind: c.Kind.String(), Param: c.Param, Old: c.Old, New: c.New, Run: c.Run}
	if c.From.Kind != "" {
		out.From = RefOf(c.From)
	}
	if m := c.Move; m != nil {
		out.What, out.Old, out.New = m.What, m.Old, m.New
	}
	return out
}

// A Change is a change of a parameter. A secret one has no values.
type Change struct {
	Param  string `json:"param"`
	Old    string `json:"old,omitempty"`
	New    string `json:"new,omitempty"`
	Note   string `json:"note,omitempty"`
	Diff   string `json:"diff,omitempty"`
	Secret bool   `json:"secret,omitempty"`
}

// String says the change in a few words.
func (c Change) String() string {
	return resource.Change{Param: c.Param, Old: c.Old, New: c.New, Note: c.Note, Secret: c.Secret}.String()
}

// Bounds of what a record holds, in bytes: of a text, and of all its diffs.
const (
	maxText  = 4 << 10
	maxDiffs = 32 << 10
	maxParts = 256 // changes
)

// ChangesOf returns the changes as data, without what is secret and with their diffs cut to
// a bearable size.
func ChangesOf(changes []resource.Change) []Change {
	if len(changes) == 0 {
		return nil
	}
	room := maxDiffs
	out := make([]Change, 0, min(len(changes), maxParts))
	for _, c := range changes[:min(len(changes), maxParts)] {
		if c.Secret {
			out = append(out, Change{Param: c.Param, Secret: true})
			continue
		}
		x := Change{Param: c.Param, Old: cut(c.Old, maxText), New: cut(c.New, maxText), Note: cut(c.Note, maxText)}
		if c.Diff != nil && room > 0 {
			x.Diff = cut(diff(c), room)
			room -= len(x.Diff)
		}
		out = append(out, x)
	}
	return out
}

// diff renders the diff of a change. A panic in the code of a kind costs the diff.
func diff(c resource.Change) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	return c.Diff()
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// RecordOf returns what an event of the engine says.
func RecordOf(e *engine.Event) Record {
	r := Record{
		Time: e.Time, Event: e.Kind.String(), Pos: e.Pos, Run: e.Run, Cause: CauseOf(e.Cause),
		Seconds: e.Duration.Seconds(), Changes: ChangesOf(e.Changes), Noop: e.Noop,
		Retries: e.Retries, RetryIn: e.RetryIn.Seconds(),
		Converged: e.Converged, Settled: e.Settled, Total: e.Total,
	}
	if e.Key.Kind != "" {
		r.Resource = RefOf(e.Key)
	}
	if e.By.Kind != "" {
		r.By = RefOf(e.By)
	}
	if e.Err != nil {
		r.Error = cut(e.Err.Error(), maxText)
	}
	return r
}

// ParseRef reads a name like file[/etc/motd]. Hidden resources of that name are meant, too, so
// the number of one is left out.
func ParseRef(text string) (Ref, error) {
	if at := strings.LastIndex(text, "]#"); at >= 0 {
		if _, err := strconv.Atoi(text[at+2:]); err == nil {
			text = text[:at+1]
		}
	}
	kind, rest, ok := strings.Cut(text, "[")
	name, closed := strings.CutSuffix(rest, "]")
	if !ok || !closed || kind == "" {
		return Ref{}, fmt.Errorf("%q does not name a resource; a name is like file[/etc/motd]", text)
	}
	return Ref{Kind: kind, Name: name}, nil
}

// Is reports whether both name the same resource, in any case of the kind's letters.
func (r Ref) Is(other Ref) bool {
	return r.Name == other.Name && strings.EqualFold(r.Kind, other.Kind)
}
