package console

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"mgmt/engine"
	"mgmt/resource"
)

// TestHostile shows that a terminal acts on nothing that comes from a resource.
func TestHostile(t *testing.T) {
	const evil = "\x1b[2J\u202ehello"
	change := resource.Change{Param: "content", Note: evil, Diff: func() string { return "+" + evil + "\n" }}
	var out bytes.Buffer
	c := New(Options{Out: &out, Verbose: true})
	c.Event(engine.Event{Kind: engine.Changed, Key: key("file", evil), Changes: []resource.Change{change, {Param: "mode", Old: evil, New: evil}}})
	c.Event(engine.Event{Kind: engine.Changed, Key: key("print", "p"), Changes: []resource.Change{{New: evil}}})
	c.Event(engine.Event{Kind: engine.Failed, Key: key("file", evil), Err: errors.New(evil)})
	c.Event(engine.Event{Kind: engine.Blocked, Key: key("file", evil), By: key("file", evil)})
	c.Log().Warn(evil, "error", evil, evil, evil)
	c.Close()
	if got := out.String(); strings.ContainsAny(got, "\x1b\u202e") || strings.Count(got, "hello") < 10 {
		t.Errorf("the console printed %q", got)
	}
}

// TestPrintable holds that text stays as it is where that does no harm.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain":             "plain",
		"größer\t→":         "größer\t→",
		"two\nlines":        `two\nlines`,
		"\x1b[2J\x7f\u009b": `\x1b[2J\x7f\u009b`,
		"\u202ertl":         `\u202ertl`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) is %q, want %q", in, got, want)
		}
	}
	if got := PrintableLines("a\nb\x1b"); got != "a\nb\\x1b" {
		t.Errorf("PrintableLines is %q", got)
	}
}
