package mgmt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mgmt"
	"mgmt/engine"
	"mgmt/frontend"
	frontlang "mgmt/frontend/lang"
	"mgmt/lang"
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/std"
	"mgmt/lang/syntax"
	"mgmt/resources"
)

// patience is how long a test waits for something that has to come.
const patience = 20 * time.Second

// options returns those of an agent that runs a program and ends when it is converged.
func options(t testing.TB, program string) mgmt.Options {
	return mgmt.Options{
		Prefix: t.TempDir(),
		Kinds:  resources.Kinds(),
		Frontend: func(host *funcs.Host) frontend.Frontend {
			return frontlang.New(frontlang.Options{
				Input:   lang.Input{Source: resolve.Dir("."), Main: "main.mcl", Text: []byte(program)},
				Library: std.Library(),
				Kinds:   resources.Kinds(),
				Host:    host,
				Report: func(files *syntax.Files, list syntax.Diagnostics) {
					var b strings.Builder
					syntax.Render(&b, files, list, false)
					t.Log(b.String())
				},
			})
		},
		ConvergedExit: true,
	}
}

func run(t testing.TB, opts mgmt.Options) error {
	t.Helper()
	a, err := mgmt.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return a.Run(ctx)
}

func TestConverges(t *testing.T) {
	dir := t.TempDir()
	program := fmt.Sprintf(`file "%[1]s/d/" { state => "exists", }
file "%[1]s/d/f" { state => "exists", content => "hello\n", mode => "0640", Depend => File["%[1]s/d/"], }
`, dir)
	for range 2 {
		if err := run(t, options(t, program)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "d/f"))
		if string(text) != "hello\n" || err != nil {
			t.Errorf("the file has %q, %v", text, err)
		}
	}
}

func TestRepairs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	opts := options(t, fmt.Sprintf("file %q { state => \"exists\", content => \"right\", }\n", path))
	opts.ConvergedExit = false
	converged := make(chan bool, 100)
	opts.Observe = func(e engine.Event) {
		if e.Kind == engine.Converged {
			converged <- e.Converged
		}
	}
	a, err := mgmt.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	waitFor(t, "the file", func() bool { text, _ := os.ReadFile(path); return string(text) == "right" })
	for _, damage := range []func() error{
		func() error { return os.WriteFile(path, []byte("wrong"), 0o644) },
		func() error { return os.Remove(path) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the repair", func() bool { text, _ := os.ReadFile(path); return string(text) == "right" })
	}
	select {
	case <-converged:
	case <-time.After(patience):
		t.Error("the agent was never converged")
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run returned %v after an orderly stop", err)
	}
}

// waitFor waits for the outside world.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestEnds(t *testing.T) {
	status := filepath.Join(t.TempDir(), "status")
	for _, x := range []struct {
		program string
		change  func(*mgmt.Options)
		want    error
	}{
		{program: "", want: nil},
		{program: "exit \"e\" { code => 7, }\n", want: &mgmt.ExitError{Status: 7}},
		{program: "exit \"e\" {}\n", change: func(o *mgmt.Options) { o.ConvergedExit = false }, want: nil},
		{program: "test \"a\" {", want: frontend.ErrRefused},
		{program: "file \"/no/such/dir/f\" { state => \"exists\", }\n", want: mgmt.ErrUnsettled},
		{program: "noop \"a\" {}\n", change: func(o *mgmt.Options) { o.ConvergedExit = false; o.MaxRuntime = time.Millisecond }, want: mgmt.ErrMaxRuntime},
		{program: "noop \"a\" {}\n", change: func(o *mgmt.Options) { o.StatusFile = status }, want: nil},
	} {
		opts := options(t, x.program)
		if x.change != nil {
			x.change(&opts)
		}
		err := run(t, opts)
		var exit, wantExit *mgmt.ExitError
		switch {
		case errors.As(x.want, &wantExit):
			if !errors.As(err, &exit) || *exit != *wantExit {
				t.Errorf("%q ends with %v, want %v", x.program, err, x.want)
			}
		case !errors.Is(err, x.want):
			t.Errorf("%q ends with %v, want %v", x.program, err, x.want)
		}
	}
	if text, err := os.ReadFile(status); string(text) != "true\n" {
		t.Errorf("the status file has %q, %v", text, err)
	}
}

func TestOneAgentPerPrefix(t *testing.T) {
	opts := options(t, "noop \"a\" {}\n")
	opts.ConvergedExit = false
	a, err := mgmt.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	lock := filepath.Join(opts.Prefix, "agent.lock")
	waitFor(t, "the lock", func() bool { text, _ := os.ReadFile(lock); return len(text) > 0 })
	err = run(t, opts)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("a second agent ends with %v, want an error with the number of the first process", err)
	}
	cancel()
	<-done
}

// BenchmarkFiles runs an agent until n files are as they should be: from nothing, and with
// nothing to do.
func BenchmarkFiles(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("floor/%d", n), func(b *testing.B) {
			for b.Loop() {
				plainFiles(b, b.TempDir(), n)
			}
		})
		b.Run(fmt.Sprintf("create/%d", n), func(b *testing.B) {
			for b.Loop() {
				if err := run(b, options(b, filesProgram(b.TempDir(), n))); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("idle/%d", n), func(b *testing.B) {
			program := filesProgram(b.TempDir(), n)
			if err := run(b, options(b, program)); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := run(b, options(b, program)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func filesProgram(dir string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "file \"%s/f%d\" { state => \"exists\", content => \"content of file %d\\n\", mode => \"0644\", }\n", dir, i, i)
	}
	return b.String()
}

// plainFiles makes the files that filesProgram describes, with the system calls that it takes
// to replace a file as a whole.
func plainFiles(b *testing.B, dir string, n int) {
	for i := range n {
		path := fmt.Sprintf("%s/f%d", dir, i)
		f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			b.Fatal(err)
		}
		_, err = fmt.Fprintf(f, "content of file %d\n", i)
		err = errors.Join(err, f.Chmod(0o644), f.Close(), os.Rename(path+".new", path))
		if err != nil {
			b.Fatal(err)
		}
	}
}
