package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mgmt/resource"
)

// A CauseKind says what kind of reason there is to run a resource.
type CauseKind uint8

// The kinds of causes, with the fields of [Cause] that they fill.
const (
	Wanted   CauseKind = iota + 1 // the program wants it so: Move
	Unwanted                      // the program does not want it any more, and it is undone: Move
	Exported                      // it is to be stored again for other hosts
	Woken                         // its watch saw a change
	Watched                       // its watch began
	Polled                        // it is time to look again
	Notified                      // another resource did work: From, Run
	Received                      // another resource sent something else: From, Run, Param, Old, New
	Retried                       // its own run failed: From, Run
	Cut                           // its own run was cut off: From, Run
)

var causeNames = [...]string{Wanted: "wanted", Unwanted: "unwanted", Exported: "exported", Woken: "woken", Watched: "watched", Polled: "polled",
	Notified: "notified", Received: "received", Retried: "retried", Cut: "cut"}

// String is the name in lower case.
func (k CauseKind) String() string { return causeNames[k] }

// CauseKindOf returns the kind of a name, or 0.
func CauseKindOf(name string) CauseKind { return CauseKind(max(0, slices.Index(causeNames[:], name))) }

// A Cause is why a resource was run. It is shared and never changed. From and Run lead to
// the run before it in a chain of causes, if there is one.
type Cause struct {
	Kind CauseKind
	Move *resource.Move // may be nil
	From resource.Key
	Run  uint64 // of From; see Event.Run

	Param    string
	Old, New string // short forms of what was received before and is now; empty if secret
}

// Causes that need no more words.
var (
	woken    = &Cause{Kind: Woken}
	watched  = &Cause{Kind: Watched}
	polled   = &Cause{Kind: Polled}
	exported = &Cause{Kind: Exported}
)

// String says the cause in one line. A nil cause is no reason.
func (c *Cause) String() string {
	if c == nil || c.Kind == 0 {
		return ""
	}
	switch c.Kind {
	case Wanted:
		if c.Move == nil {
			return "the program wants it"
		}
		return c.Move.String()
	case Unwanted:
		if c.Move == nil {
			return "it is undone, as the program does not want it any more"
		}
		return "it is undone: " + c.Move.String()
	case Exported:
		return "it is exported again"
	case Woken:
		return "its watch saw a change"
	case Watched:
		return "its watch began"
	case Polled:
		return "it is polled"
	case Notified:
		return "notified by " + c.From.String()
	case Received:
		if c.Old == "" && c.New == "" {
			return fmt.Sprintf("received %s from %s (secret)", c.Param, c.From)
		}
		return fmt.Sprintf("received %s from %s: %s → %s", c.Param, c.From, c.Old, c.New)
	case Retried:
		return "another attempt, as the last one failed"
	case Cut:
		return "its last run was cut off"
	}
	return c.Kind.String()
}

// maxBrief bounds the short form of a value, in bytes.
const maxBrief = 60

// brief returns a short form of a value that was sent.
func brief(value any) string {
	switch x := value.(type) {
	case nil:
		return "unset"
	case string:
		if len(x) > maxBrief {
			return strconv.Quote(strings.ToValidUTF8(x[:maxBrief], "")) + "…"
		}
		return strconv.Quote(x)
	}
	text := fmt.Sprint(value)
	if len(text) > maxBrief {
		return strings.ToValidUTF8(text[:maxBrief], "") + "…"
	}
	return text
}
