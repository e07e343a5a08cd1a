package exec

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	osexec "os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// drain is how long after the end of a command what it left running may still write to
	// its output.
	drain = 100 * time.Millisecond
	// grace is how long a command has between its signal and SIGKILL.
	grace = 10 * time.Second
)

// A command is one of those that a resource runs.
type command struct {
	what string // "cmd", "ifcmd", …
	argv []string
	dir  string
	line func(stream, text string)
}

func (c *command) String() string { return strings.Join(c.argv, " ") }

func (r *Resource) command(what, text string, args []string, dir, shell string) *command {
	c := &command{what: what, dir: dir}
	switch {
	case shell != "":
		c.argv = []string{shell, "-c", text}
	case len(args) > 0:
		c.argv = append([]string{strings.TrimSpace(text)}, args...)
	default:
		c.argv = strings.Fields(text)
	}
	if what == "cmd" || what == "donecmd" {
		c.line = r.log
	}
	return c
}

// log logs a line that a command printed.
func (r *Resource) log(stream, text string) {
	if stream == "stdout" {
		r.env.Log.Info(text)
		return
	}
	r.env.Log.Info(text, "stream", stream)
}

// A StatusError is the end of a command that did not succeed.
type StatusError struct {
	What   string // "cmd", "ifcmd", …
	Status int    // 0 if a signal ended it
	Signal string
	Tail   string // the last of what it printed
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s exited with status %d", e.What, e.Status)
	if e.Signal != "" {
		s = fmt.Sprintf("%s was ended by a signal: %s", e.What, e.Signal)
	}
	if e.Tail != "" {
		s += ": " + e.Tail
	}
	return s
}

// ErrInterrupted is why a command was not started: the agent is being stopped by force.
var ErrInterrupted = errors.New("interrupted")

// A group is the process group of a running command.
type group struct {
	mu   sync.Mutex // guards what follows
	pid  int
	over bool
}

func (g *group) signal(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.over {
		signalGroup(g.pid, name)
	}
}

func (g *group) kill() { g.signal("SIGKILL") }

func (g *group) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
}

// run runs a command to its end. It succeeds only if the command ends with status 0 before ctx
// does.
func (r *Resource) run(ctx context.Context, c *command) (*result, error) {
	cmd := osexec.Command(c.argv[0], c.argv[1:]...)
	cmd.Dir = c.dir
	cmd.Env = []string{}
	for _, k := range slices.Sorted(maps.Keys(r.Env)) {
		cmd.Env = append(cmd.Env, k+"="+r.Env[k])
	}
	if err := separate(cmd, r.User, r.Group); err != nil {
		return nil, err
	}
	res := &result{}
	out := &stream{res: res, name: "stdout", own: &res.stdout, line: c.line}
	errs := &stream{res: res, name: "stderr", own: &res.stderr, line: c.line}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, errs, drain
	g, err := r.start(ctx, cmd)
	if err != nil {
		return nil, r.explain(c, err)
	}
	stop := context.AfterFunc(ctx, func() {
		g.signal(r.Sig)
		time.AfterFunc(grace, g.kill)
	})
	err = cmd.Wait()
	stop()
	r.ended(g)
	out.end()
	errs.end()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s was stopped: %w", c.what, context.Cause(ctx))
	case r.isInterrupted():
		return nil, ErrInterrupted
	case err == nil || errors.Is(err, osexec.ErrWaitDelay):
		return res, nil
	}
	return nil, failure(c, err, res)
}

// start starts the command, unless nothing is to be started any more.
func (r *Resource) start(ctx context.Context, cmd *osexec.Cmd) (*group, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.interrupted {
		return nil, ErrInterrupted
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &group{pid: cmd.Process.Pid}
	r.running[g] = true
	return g, nil
}

func (r *Resource) ended(g *group) {
	g.end()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, g)
}

func (r *Resource) isInterrupted() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.interrupted
}

// maxTail bounds what an error shows of the output, in bytes.
const maxTail = 400

func failure(c *command, err error, res *result) error {
	var exit *osexec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%s: %w", c.what, err)
	}
	tail := strings.TrimSpace(res.stderr.String())
	if tail == "" {
		tail = strings.TrimSpace(res.output.String())
	}
	if len(tail) > maxTail {
		tail = "…" + strings.ToValidUTF8(tail[len(tail)-maxTail:], "")
	}
	status := &StatusError{What: c.what, Status: exit.ExitCode(), Tail: tail}
	if sig := signalOf(exit.ProcessState); sig != "" {
		status.Status, status.Signal = 0, sig
	}
	return status
}

// explain says what to do about a command that could not be started.
func (r *Resource) explain(c *command, err error) error {
	switch {
	case errors.Is(err, osexec.ErrNotFound):
		return fmt.Errorf("%s: there is no program %q in the PATH of the agent; give its full path", c.what, c.argv[0])
	case errors.Is(err, fs.ErrNotExist) && c.dir != "" && missing(c.dir):
		return fmt.Errorf("%s: the working directory %s does not exist", c.what, c.dir)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no program %s", c.what, c.argv[0])
	}
	return fmt.Errorf("%s: %w", c.what, err)
}

func missing(dir string) bool {
	_, err := os.Stat(dir)
	return errors.Is(err, fs.ErrNotExist)
}
