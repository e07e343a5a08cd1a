package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/engine"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

func key(kind, name string) resource.Key {
	return resource.Key{ID: resource.ID{Kind: kind, Name: name}}
}

var motd = key("file", "/etc/motd")

// past is one event of each kind, and what makes a difference.
var past = []engine.Event{
	{Kind: engine.Checked, Key: key("noop", "a")},
	{Kind: engine.Changed, Key: motd, Changes: []resource.Change{
		{Param: "content", Note: "1 line differs", Diff: func() string { return "--- a\n+++ a\n@@ -1 +1 @@\n-old\n+new\n" }},
		{Param: "mode", Old: "0644", New: "0600"},
		{Param: "password", Old: "xyzzy", New: "plugh", Secret: true, Diff: func() string { return "-xyzzy\n" }},
	}},
	{Kind: engine.Changed, Key: key("print", "p"), Changes: []resource.Change{{Param: "msg", New: "hello"}}},
	{Kind: engine.Changed, Key: motd, Noop: true, Changes: []resource.Change{{Param: "mode", Old: "0644", New: "0600"}}},
	{Kind: engine.Failed, Key: motd, Pos: "main.mcl:3:1", Err: errors.New("apply: no space left"), Retries: 2, RetryIn: 1500 * time.Millisecond},
	{Kind: engine.Failed, Key: motd, Pos: "main.mcl:3:1", Err: errors.New("apply: no space left"), Retries: -1},
	{Kind: engine.Failed, Key: motd, Pos: "main.mcl:3:1", Err: errors.New("apply: no space left")},
	{Kind: engine.Blocked, Key: key("noop", "b"), By: motd},
	{Kind: engine.Blocked, Key: key("noop", "c"), By: motd},
	{Kind: engine.Blocked, Key: key("noop", "d"), By: key("exec", "x")},
	{Kind: engine.Warned, Key: motd, Pos: "main.mcl:3:1", Err: errors.New("an edge is left out")},
	{Kind: engine.Progress, Settled: 5, Total: 5},
	{Kind: engine.Refreshed, Key: motd},
	{Kind: engine.Checked, Key: key("noop", "b")},
	{Kind: engine.Checked, Key: key("noop", "c")},
	{Kind: engine.Checked, Key: key("noop", "d")},
	{Kind: engine.Progress, Settled: 4, Total: 5},
	{Kind: engine.Progress, Settled: 5, Total: 5},
	{Kind: engine.Converged, Converged: true, Settled: 5, Total: 5},
	{Kind: engine.Converged, Settled: 4, Total: 5},
	{Kind: engine.Removed, Key: key("noop", "d")},
	{Kind: engine.Changed, Key: key("file", "/a\x1b[2Jb\n"), Changes: []resource.Change{{Param: "state", Note: "created"}}},
}

// show returns what a console prints of the past, without the time of day.
func show(opts Options) string {
	var out bytes.Buffer
	opts.Out = &out
	c := New(opts)
	for _, e := range past {
		c.Event(e)
	}
	c.Close()
	return regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d `).ReplaceAllString(out.String(), "")
}

func TestText(t *testing.T) {
	want := `file[/etc/motd]: content: 1 line differs
file[/etc/motd]: mode: 0644 → 0600
file[/etc/motd]: password: changed (secret)
hello
file[/etc/motd]: mode: 0644 → 0600 (noop: left as it is)
main.mcl:3:1: error: file[/etc/motd]: apply: no space left (trying again in 1.5s, 2 times more)
main.mcl:3:1: error: file[/etc/motd]: apply: no space left (trying again at once)
main.mcl:3:1: error: file[/etc/motd]: apply: no space left
noop[b]: and 1 more wait for file[/etc/motd], which failed
noop[d]: waits for exec[x], which failed
main.mcl:3:1: warning: file[/etc/motd]: an edge is left out
of 5 resources, 1 failed, 3 waiting for those
all 5 resources are as they should be
file[/a\x1b[2Jb\n]: state: created
`
	if got := show(Options{}); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestVerbose(t *testing.T) {
	got := show(Options{Verbose: true})
	for _, want := range []string{
		"noop[a]: ok\n",
		"file[/etc/motd]: content: 1 line differs\n    --- a\n    +++ a\n    @@ -1 +1 @@\n    -old\n    +new\n",
		"file[/etc/motd]: refreshed\n",
		"converged\n",
		"not converged any more\n",
		"noop[d]: not managed any more\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "xyzzy") || strings.Contains(got, "plugh") {
		t.Errorf("a secret is shown:\n%s", got)
	}
}

func TestJSON(t *testing.T) {
	for _, verbose := range []bool{false, true} {
		got := show(Options{JSON: true, Verbose: verbose})
		var events []string
		for text := range strings.Lines(got) {
			var l line
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				t.Fatalf("%v in %q", err, text)
			}
			events = append(events, l.Event)
		}
		want := "changed changed changed failed failed failed blocked blocked blocked warned settled settled converged converged changed"
		if verbose {
			want = "checked changed changed changed failed failed failed blocked blocked blocked warned settled refreshed checked checked checked settled converged converged removed changed"
		}
		if !strings.Contains(got, `"level":"WARN","event":"warned"`) {
			t.Errorf("a warning has another level:\n%s", got)
		}
		if strings.Join(events, " ") != want {
			t.Errorf("verbose %v: events are\n%v, want\n%s", verbose, events, want)
		}
		if strings.Contains(got, "xyzzy") || strings.Contains(got, "plugh") {
			t.Errorf("a secret is shown:\n%s", got)
		}
	}
}

func TestColor(t *testing.T) {
	plain := show(Options{})
	colored := show(Options{Color: true})
	if !strings.Contains(colored, red+"error: "+reset) {
		t.Errorf("errors are not red:\n%q", colored)
	}
	bare := regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(colored, "")
	if bare = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d `).ReplaceAllString(bare, ""); bare != plain {
		t.Errorf("without its colours the text is\n%s, want\n%s", bare, plain)
	}
}

func TestLog(t *testing.T) {
	for _, x := range []struct {
		log  func(*slog.Logger)
		want string
	}{
		{func(l *slog.Logger) { l.Info("it began") }, "it began\n"},
		{func(l *slog.Logger) { l.Debug("a detail") }, ""},
		{func(l *slog.Logger) { l.Warn("odd", "path", "/a b", "n", 3) }, "warning: odd path=\"/a b\" n=3\n"},
		{func(l *slog.Logger) { l.Error("broken", "error", errors.New("no such file")) }, "error: broken: no such file\n"},
		{func(l *slog.Logger) { l.With("resource", "file[/a]").Info("slow", "took", time.Second) }, "file[/a]: slow took=1s\n"},
		{func(l *slog.Logger) { l.WithGroup("g").With("a", 1).Info("m", slog.Group("h", "b", 2)) }, "m g.a=1 g.h.b=2\n"},
		{func(l *slog.Logger) { l.Info("two\nlines") }, "two\\nlines\n"},
	} {
		var out bytes.Buffer
		c := New(Options{Out: &out})
		x.log(c.Log())
		c.Close()
		if _, got, _ := strings.Cut(out.String(), " "); got != x.want {
			t.Errorf("got %q, want %q", got, x.want)
		}
	}
}

func TestDiagnostics(t *testing.T) {
	var files syntax.Files
	f := files.Add("main.mcl", []byte("$x = 1\n"))
	list := syntax.Diagnostics{{Severity: syntax.Error, Code: "some-code", Message: "it is wrong", Span: syntax.Span{Start: f.Pos(0), End: f.Pos(2)}}}
	var text, js bytes.Buffer
	for out, opts := range map[*bytes.Buffer]Options{&text: {}, &js: {JSON: true}} {
		opts.Out = out
		c := New(opts)
		c.Diagnostics(&files, list)
		c.Close()
	}
	if want := "main.mcl:1:1: error: it is wrong"; !strings.Contains(text.String(), want) {
		t.Errorf("got %q, want %q", text.String(), want)
	}
	var l line
	if err := json.Unmarshal(js.Bytes(), &l); err != nil || l.Diagnostic == nil || l.Diagnostic.Code != "some-code" {
		t.Errorf("got %q, %v", js.String(), err)
	}
}

// A screen is what a terminal shows, as far as the console uses one.
type screen struct {
	mu    sync.Mutex // guards what follows
	lines []string
	last  string
	wrote int
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote++
	for part := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(part, wipe); ok {
			s.last, part = "", rest
		}
		if s.last += part; strings.HasSuffix(s.last, "\n") {
			s.lines = append(s.lines, strings.TrimSpace(s.last))
			s.last = ""
		}
	}
	return len(b), nil
}

func (s *screen) bottom() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// above returns how many lines there are and how many writes made them.
func (s *screen) above() (lines, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines), s.wrote
}

// TestSummaryOfNoop holds that a dry run does not call right what it left as it was.
func TestSummaryOfNoop(t *testing.T) {
	var out bytes.Buffer
	c := New(Options{Out: &out})
	differs := []resource.Change{{Param: "mode", Old: "0644", New: "0600"}}
	c.Event(engine.Event{Kind: engine.Changed, Key: motd, Noop: true, Changes: differs})
	c.Event(engine.Event{Kind: engine.Progress, Settled: 2, Total: 2})
	c.Event(engine.Event{Kind: engine.Progress, Settled: 1, Total: 2})
	c.Event(engine.Event{Kind: engine.Checked, Key: motd})
	c.Event(engine.Event{Kind: engine.Progress, Settled: 2, Total: 2})
	c.Close()
	_, after, _ := strings.Cut(out.String(), "of 2 resources, 1 left as it differs (noop)\n")
	if !strings.HasSuffix(after, "all 2 resources are as they should be\n") || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("got:\n%s", out.String())
	}
}

// TestLive follows the progress line: it comes after a moment, stays below what is printed,
// and goes when all has settled.
func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s screen
		c := New(Options{Out: &s, Live: true})
		c.Event(engine.Event{Kind: engine.Progress, Time: time.Now(), Settled: 1, Total: 1000})
		time.Sleep(patience / 2)
		if got := s.bottom(); got != "" {
			t.Errorf("a short wait shows %q", got)
		}
		time.Sleep(patience)
		if got := s.bottom(); got != "[1/1000]" {
			t.Errorf("the line is %q", got)
		}
		c.Event(engine.Event{Kind: engine.Changed, Time: time.Now(), Key: motd, Changes: []resource.Change{{Param: "mode", Note: "set"}}})
		c.Event(engine.Event{Kind: engine.Progress, Time: time.Now(), Settled: 137, Total: 1000})
		time.Sleep(2 * progress)
		synctest.Wait()
		if got := s.bottom(); got != "[137/1000] file[/etc/motd]" {
			t.Errorf("the line is %q", got)
		}
		if lines, _ := s.above(); lines != 1 {
			t.Errorf("there are %d lines above it, want 1", lines)
		}
		c.Event(engine.Event{Kind: engine.Progress, Time: time.Now(), Settled: 1000, Total: 1000})
		time.Sleep(2 * progress)
		synctest.Wait()
		if got := s.bottom(); got != "" {
			t.Errorf("the line stays: %q", got)
		}
		_, before := s.above()
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, after := s.above(); after != before {
			t.Errorf("%d writes while nothing happened", after-before)
		}
		c.Close()
	})
}

// TestGathers counts writes: many events cost few, and an error does not wait.
func TestGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s screen
		c := New(Options{Out: &s})
		for i := range 100 {
			c.Event(engine.Event{Kind: engine.Changed, Key: key("file", fmt.Sprint(i)), Changes: []resource.Change{{Param: "mode", Note: "set"}}})
		}
		synctest.Wait()
		if _, writes := s.above(); writes != 0 {
			t.Errorf("%d writes before others could gather", writes)
		}
		time.Sleep(2 * gather)
		synctest.Wait()
		if lines, writes := s.above(); writes != 1 || lines != 100 {
			t.Errorf("100 events made %d lines in %d writes", lines, writes)
		}
		c.Event(engine.Event{Kind: engine.Failed, Key: motd, Err: errors.New("no")})
		synctest.Wait()
		if lines, _ := s.above(); lines != 101 {
			t.Error("an error waited")
		}
		c.Close()
	})
}

// A stuck writer takes nothing until it is freed.
type stuck struct {
	free chan struct{}
	bytes.Buffer
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	return s.Buffer.Write(b)
}

// TestSlowOutput has an output that does not keep up: nobody waits for it, memory stays
// bounded, and a line tells what is missing.
func TestSlowOutput(t *testing.T) {
	out := &stuck{free: make(chan struct{})}
	c := New(Options{Out: out})
	for range 3 * maxQueued {
		c.Event(engine.Event{Kind: engine.Changed, Time: time.Now(), Key: motd, Changes: []resource.Change{{Param: "mode", Note: "set"}}})
	}
	c.Event(engine.Event{Kind: engine.Failed, Key: motd, Err: errors.New("important")})
	close(out.free)
	c.Close()
	for _, want := range []string{"important", "lines were left out because the output does not keep up"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if n := strings.Count(out.String(), "\n"); n > 3*maxQueued {
		t.Errorf("%d lines are printed", n)
	}
}

// BenchmarkChanges is the cost of 10,000 changes until all are printed.
func BenchmarkChanges(b *testing.B) {
	for name, opts := range map[string]Options{"text": {}, "json": {JSON: true}} {
		b.Run(name, func(b *testing.B) {
			opts.Out = io.Discard
			changes := []resource.Change{{Param: "content", Note: "2 lines differ"}}
			for b.Loop() {
				c := New(opts)
				for range 10_000 {
					c.Event(engine.Event{Kind: engine.Changed, Time: time.Now(), Key: motd, Changes: changes})
				}
				c.Close()
			}
		})
	}
}
