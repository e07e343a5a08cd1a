package exec

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mgmt/resource"
	"mgmt/watch"
)

// patience is how long a test waits for something that has to come.
const patience = 20 * time.Second

func open(t testing.TB, r *Resource) *Resource {
	t.Helper()
	if r.Sig == "" {
		r.Sig = "SIGTERM"
	}
	r.SetName("test")
	if err := r.Validate(); err != nil {
		t.Fatalf("Validate: %v", err)
	}
	hub := watch.NewHub(nil)
	t.Cleanup(func() { hub.Close() })
	dir := t.TempDir()
	err := r.Open(&resource.Env{
		ID: resource.ID{Kind: "exec", Name: "test"}, Hub: hub, Log: slog.New(slog.DiscardHandler),
		StateDir: func() (string, error) { return dir, nil },
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return r
}

// sh returns a resource that runs a line of shell, with a PATH.
func sh(text string) *Resource {
	return &Resource{Cmd: text, Shell: "/bin/sh", Env: map[string]string{"PATH": "/usr/bin:/bin"}}
}

// converge checks and applies. It reports whether the command ran.
func converge(t testing.TB, r *Resource) (bool, error) {
	t.Helper()
	changes, err := r.Check(context.Background())
	if err != nil || len(changes) == 0 {
		return false, err
	}
	return true, r.Apply(context.Background(), changes)
}

func wantRun(t *testing.T, r *Resource, want bool) {
	t.Helper()
	if ran, err := converge(t, r); err != nil || ran != want {
		t.Errorf("the command ran: %v, error %v; want %v", ran, err, want)
	}
}

func text(s *string) string {
	if s == nil {
		return "(unset)"
	}
	return *s
}

func TestOutput(t *testing.T) {
	r := open(t, sh("echo out; echo err >&2"))
	wantRun(t, r, true)
	s := r.Sends().(*Sends)
	if text(s.Stdout) != "out\n" || text(s.Stderr) != "err\n" || len(text(s.Output)) != len("out\nerr\n") {
		t.Errorf("it sends %q, %q, %q", text(s.Output), text(s.Stdout), text(s.Stderr))
	}
	quiet := open(t, &Resource{Cmd: "/bin/true"})
	wantRun(t, quiet, true)
	if s := quiet.Sends().(*Sends); s.Output != nil {
		t.Errorf("a silent command sends %q", *s.Output)
	}
}

func TestEnvironmentAndDirectory(t *testing.T) {
	t.Setenv("LEAK", "x")
	dir := t.TempDir()
	r := open(t, &Resource{Cmd: "/usr/bin/env", Cwd: dir, Env: map[string]string{"A": "1"}})
	wantRun(t, r, true)
	if got := text(r.Sends().(*Sends).Stdout); got != "A=1\n" {
		t.Errorf("the environment is %q, want just A=1", got)
	}
	r = open(t, &Resource{Cmd: "/bin/pwd", Cwd: dir})
	wantRun(t, r, true)
	if got := text(r.Sends().(*Sends).Stdout); got != dir+"\n" {
		t.Errorf("the directory is %q, want %q", got, dir)
	}
}

func TestArgs(t *testing.T) {
	for _, r := range []*Resource{{Cmd: "/bin/echo a  b"}, {Cmd: "/bin/echo", Args: []string{"a", "b"}}} {
		wantRun(t, open(t, r), true)
		if got := text(r.Sends().(*Sends).Stdout); got != "a b\n" {
			t.Errorf("%+v printed %q", r.Cmd, got)
		}
	}
	r := open(t, &Resource{Cmd: "/bin/echo", Args: []string{"$HOME; a  b"}})
	wantRun(t, r, true)
	if got := text(r.Sends().(*Sends).Stdout); got != "$HOME; a  b\n" {
		t.Errorf("an argument was not left alone: %q", got)
	}
}

func TestGuards(t *testing.T) {
	there := filepath.Join(t.TempDir(), "there")
	if err := os.WriteFile(there, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	yes, no := "/bin/true", "/bin/false"
	equal := "x\n"
	for name, x := range map[string]struct {
		r    *Resource
		want bool
	}{
		"ifcmd yes":       {&Resource{IfCmd: yes}, true},
		"ifcmd no":        {&Resource{IfCmd: no}, false},
		"nifcmd yes":      {&Resource{NifCmd: yes}, false},
		"nifcmd no":       {&Resource{NifCmd: no}, true},
		"creates":         {&Resource{Creates: there}, false},
		"creates missing": {&Resource{Creates: there + "x"}, true},
		"ifequals":        {&Resource{IfCmd: "/bin/echo x", IfEquals: &equal}, false},
		"ifequals other":  {&Resource{IfCmd: "/bin/echo y", IfEquals: &equal}, true},
		"ifequals stdout": {&Resource{IfCmd: "/bin/echo x", IfEqualsStdout: &equal}, false},
		"both":            {&Resource{IfCmd: yes, NifCmd: yes}, false},
	} {
		x.r.Cmd = yes
		if ran, err := converge(t, open(t, x.r)); err != nil || ran != x.want {
			t.Errorf("%s: ran %v, error %v; want %v", name, ran, err, x.want)
		}
	}
	killed := sh("true")
	killed.IfCmd, killed.IfShell = "kill -9 $$", "/bin/sh"
	if ran, err := converge(t, open(t, killed)); err == nil || ran {
		t.Errorf("a guard that was killed counts as an answer: ran %v, error %v", ran, err)
	}
}

func TestMTimes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	old := time.Now().Add(-time.Hour)
	if err := errors.Join(os.WriteFile(path, nil, 0o644), os.Chtimes(path, old, old)); err != nil {
		t.Fatal(err)
	}
	r := open(t, &Resource{Cmd: "/bin/true", MTimes: []string{path}})
	wantRun(t, r, true)
	wantRun(t, r, false)
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	wantRun(t, r, true)
	if _, err := converge(t, open(t, &Resource{Cmd: "/bin/true", MTimes: []string{path + "x"}})); err == nil {
		t.Error("a missing path of mtimes is no error")
	}
}

func TestFallbackAndCache(t *testing.T) {
	fallback := "none"
	r := sh("echo fresh")
	r.NifCmd, r.SendOutput = "/bin/true", &fallback
	open(t, r)
	wantRun(t, r, false)
	if got := text(r.Sends().(*Sends).Output); got != "none" {
		t.Errorf("it sends %q, want the fallback", got)
	}
	r.NifCmd = ""
	wantRun(t, r, true)
	again := sh("echo fresh")
	again.NifCmd = "/bin/true"
	open(t, again)
	again.env.StateDir = r.env.StateDir
	r.NifCmd = "/bin/true"
	if err := r.Apply(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	wantRun(t, again, false)
	if got := text(again.Sends().(*Sends).Output); got != "fresh\n" {
		t.Errorf("after a restart it sends %q, want what was printed before", got)
	}
}

func TestFailures(t *testing.T) {
	for _, x := range []struct {
		r    *Resource
		want string
	}{
		{sh("echo why >&2; exit 3"), "status 3: why"},
		{sh("kill -15 $$"), "SIGTERM"},
		{&Resource{Cmd: "/no/such/program"}, "no program /no/such/program"},
		{&Resource{Cmd: "no-such-program-anywhere"}, "full path"},
		{&Resource{Cmd: "/bin/true", Cwd: "/no/such/dir"}, "working directory"},
		{&Resource{Cmd: "/bin/true", DoneCmd: "/bin/false"}, "donecmd exited with status 1"},
	} {
		if _, err := converge(t, open(t, x.r)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: error %v, want one that says %q", x.r.Cmd, err, x.want)
		}
	}
}

// TestStopReachesChildren ends a command whose child would go on.
func TestStopReachesChildren(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "started")
	r := open(t, sh("trap '' TERM; (sleep 1000; true) & echo $! >"+mark+".new; mv "+mark+".new "+mark+"; wait; exit 0"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Apply(ctx, nil) }()
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(mark); err == nil {
			break
		}
		if time.Since(begin) > patience {
			t.Fatal("the command did not start")
		}
	}
	cancel()
	r.Interrupt() // it ignores the signal; this is how an agent that is in a hurry ends it
	select {
	case err := <-done:
		if err == nil {
			t.Error("a command that was stopped counts as a success")
		}
	case <-time.After(patience):
		t.Fatal("the command goes on")
	}
	if _, err := converge(t, r); !errors.Is(err, ErrInterrupted) {
		t.Errorf("after an interrupt a command is started: %v", err)
	}
}

func TestGrandchildDoesNotBlock(t *testing.T) {
	r := open(t, sh("sleep 1000 & echo $!"))
	begin := time.Now()
	wantRun(t, r, true)
	if d := time.Since(begin); d > patience {
		t.Errorf("it took %v", d)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(text(r.Sends().(*Sends).Stdout)))
	if err != nil {
		t.Fatalf("what it printed is no process number: %v", err)
	}
	child, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Kill(); err != nil {
		t.Errorf("the child is gone: %v", err)
	}
}

func TestWatchCmd(t *testing.T) {
	r := sh("true")
	r.WatchCmd, r.WatchShell = "echo one; echo two >&2; exit 1", "/bin/sh"
	open(t, r)
	var mu sync.Mutex
	wakes := 0
	err := r.Watch(t.Context(), func() { mu.Lock(); wakes++; mu.Unlock() })
	if err == nil || wakes != 3 {
		t.Errorf("%d wakes and error %v; want one at the start, one a line, and an error at the end", wakes, err)
	}
}

func TestUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run commands as somebody else")
	}
	r := open(t, &Resource{Cmd: "/usr/bin/id -un", User: "nobody"})
	wantRun(t, r, true)
	if got := text(r.Sends().(*Sends).Stdout); got != "nobody\n" {
		t.Errorf("it ran as %q", got)
	}
	if _, err := converge(t, open(t, &Resource{Cmd: "/bin/true", User: "no-such-user"})); err == nil {
		t.Error("a user that does not exist is no error")
	}
}

func TestRefreshOnly(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "ran")
	r := sh("touch " + mark)
	r.RefreshOnly = true
	open(t, r)
	wantRun(t, r, false)
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("a notification did not run the command: %v", err)
	}
}

func TestValidate(t *testing.T) {
	for why, r := range map[string]*Resource{
		"args with shell": {Cmd: "a", Args: []string{"b"}, Shell: "/bin/sh"},
		"args and words":  {Cmd: "a b", Args: []string{"c"}},
		"env":             {Cmd: "a", Env: map[string]string{"A-B": ""}},
		"signal":          {Cmd: "a", Sig: "sigterm"},
		"watchfiles":      {Cmd: "a", WatchFiles: []string{"x"}},
		"creates":         {Cmd: "a", Creates: "x"},
		"empty":           {},
	} {
		if r.Sig == "" {
			r.Sig = "SIGTERM"
		}
		if err := r.Validate(); err == nil {
			t.Errorf("%s: accepted", why)
		}
	}
}

// BenchmarkSpawn compares a resource with the plain running of a command.
func BenchmarkSpawn(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if err := osexec.Command("/bin/true").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("resource", func(b *testing.B) {
		r := open(b, &Resource{Cmd: "/bin/true"})
		for b.Loop() {
			if _, err := converge(b, r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestRefresh notifies a command that waits for that, and one that does not.
func TestRefresh(t *testing.T) {
	for _, only := range []bool{true, false} {
		r := open(t, sh("echo printed; echo wrong >&2"))
		r.RefreshOnly = only
		var log bytes.Buffer
		r.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		if only {
			wantRun(t, r, false)
		}
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"notified: run /bin/sh", "msg=printed\n", "msg=wrong stream=stderr\n"} {
			if strings.Contains(log.String(), want) != only {
				t.Errorf("refresh_only => %v: the log has %q: %v\n%s", only, want, !only, log.String())
			}
		}
	}
}
