// Package exec has the kind exec: a command that is run when its guards allow it.
//
// [Resource.Check] asks the guards (ifcmd, nifcmd, creates, and before them mtimes) whether the
// command has to run, [Resource.Apply] runs it. Every command gets a process group of its own,
// which is signalled as a whole when its time is up. What it prints goes to the log line by
// line, and is kept for resources that receive it.
//
// The files: exec.go has the parameters, guard.go the decision, command.go the running,
// output.go what is kept of it, edges.go what a command needs.
package exec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"mgmt/resource"
	"mgmt/watch"
)

// Kind is the kind exec.
var Kind = &resource.Kind{
	Name: "exec",
	Doc: "Runs a command when its guards allow it. Without a guard it runs once when the agent starts, and again after each " +
		"event of what it watches. The environment of every command is just what env says: it starts empty, without a PATH.",
	New:      func() resource.Resource { return &Resource{Sig: "SIGTERM"} },
	Blocking: true,
	Acts:     true,
}

// Resource is a command and its guards.
type Resource struct {
	Cmd   string            `mgmt:"cmd" doc:"The command; the default is the name of the resource. Without a shell it is split at white space, without quoting."`
	Args  []string          `mgmt:"args" doc:"Arguments; then cmd has to be a single word."`
	Cwd   string            `mgmt:"cwd" doc:"Working directory; the default is that of the agent."`
	Shell string            `mgmt:"shell" doc:"Run the command as shell -c cmd."`
	Env   map[string]string `mgmt:"env" doc:"The whole environment of every command."`
	Sig   string            `mgmt:"sig" doc:"Signal sent to the process group when the command has to end, such as SIGTERM; SIGKILL follows."`

	WatchCmd   string   `mgmt:"watchcmd" doc:"A command that keeps running; each line that it prints is an event."`
	WatchCwd   string   `mgmt:"watchcwd" doc:"Working directory of watchcmd."`
	WatchShell string   `mgmt:"watchshell" doc:"Shell of watchcmd."`
	WatchFiles []string `mgmt:"watchfiles" doc:"Absolute paths whose changes are events; one that ends in / is a directory with all in it."`

	IfCmd          string  `mgmt:"ifcmd" doc:"Guard: run only if this command succeeds."`
	IfCwd          string  `mgmt:"ifcwd" doc:"Working directory of ifcmd."`
	IfShell        string  `mgmt:"ifshell" doc:"Shell of ifcmd."`
	IfEquals       *string `mgmt:"ifequals" doc:"Guard: do not run if ifcmd succeeds and prints just this."`
	IfEqualsStdout *string `mgmt:"ifequals_stdout" doc:"Guard: do not run if ifcmd succeeds and its standard output is just this."`
	NifCmd         string  `mgmt:"nifcmd" doc:"Guard: do not run if this command succeeds."`
	NifCwd         string  `mgmt:"nifcwd" doc:"Working directory of nifcmd."`
	NifShell       string  `mgmt:"nifshell" doc:"Shell of nifcmd."`
	Creates        string  `mgmt:"creates" doc:"Guard: do not run if this absolute path exists."`

	MTimes []string `mgmt:"mtimes" doc:"Absolute paths; if one is newer than the last run, the command runs whatever the guards say."`

	DoneCmd   string `mgmt:"donecmd" doc:"A command that is run after cmd has succeeded; if it fails, all has."`
	DoneCwd   string `mgmt:"donecwd" doc:"Working directory of donecmd."`
	DoneShell string `mgmt:"doneshell" doc:"Shell of donecmd."`

	User  string `mgmt:"user" doc:"Run all commands as this user."`
	Group string `mgmt:"group" doc:"Run all commands as this group."`

	SendOutput *string `mgmt:"send_output" doc:"What to send as output when the command did not run and nothing is known of an earlier run."`
	SendStdout *string `mgmt:"send_stdout" doc:"The same for stdout."`
	SendStderr *string `mgmt:"send_stderr" doc:"The same for stderr."`

	RefreshOnly bool `mgmt:"refresh_only" doc:"Run only when another resource notifies this one."`

	name string
	env  *resource.Env
	sent Sends

	mu          sync.Mutex // guards what follows
	running     map[*group]bool
	interrupted bool
}

// Sends is what an exec passes on. A stream on which nothing was printed is unset.
type Sends struct {
	Output *string `mgmt:"output" doc:"What the command printed, on either stream."`
	Stdout *string `mgmt:"stdout" doc:"What it printed on standard output."`
	Stderr *string `mgmt:"stderr" doc:"What it printed on standard error."`
}

// SetName implements resource.Named.
func (r *Resource) SetName(name string) { r.name = name }

func (r *Resource) cmd() string {
	if r.Cmd == "" {
		return r.name
	}
	return r.Cmd
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func paramError(param, format string, args ...any) error {
	return &resource.ParamError{Param: param, Err: fmt.Errorf(format, args...)}
}

// Validate checks the parameters.
func (r *Resource) Validate() error {
	switch {
	case strings.TrimSpace(r.cmd()) == "":
		return paramError("cmd", "is empty")
	case len(r.Args) > 0 && r.Shell != "":
		return paramError("args", "goes without a shell; put the arguments into cmd")
	case len(r.Args) > 0 && len(strings.Fields(r.cmd())) > 1:
		return paramError("cmd", "%q has to be a single word when there are args", r.cmd())
	}
	for _, name := range slices.Sorted(maps.Keys(r.Env)) {
		if !envName.MatchString(name) {
			return paramError("env", "%q is no name of a variable", name)
		}
	}
	if err := checkSignal(r.Sig); err != nil {
		return &resource.ParamError{Param: "sig", Err: err}
	}
	for param, paths := range map[string][]string{"watchfiles": r.WatchFiles, "mtimes": r.MTimes, "creates": {r.Creates}} {
		for _, p := range paths {
			if p != "" && !strings.HasPrefix(p, "/") {
				return paramError(param, "%q is no absolute path", p)
			}
		}
	}
	return checkAccount(r.User, r.Group)
}

// Open implements resource.Opener.
func (r *Resource) Open(env *resource.Env) error {
	r.env = env
	r.running = map[*group]bool{}
	return nil
}

// Close implements resource.Opener.
func (r *Resource) Close() error { return nil }

// Sends implements resource.Sender.
func (r *Resource) Sends() any { return &r.sent }

// Watch wakes at changes of paths, and at each line of watchcmd.
func (r *Resource) Watch(ctx context.Context, wake func()) error {
	paths := slices.Concat(r.WatchFiles, r.MTimes)
	if r.Creates != "" {
		paths = append(paths, r.Creates)
	}
	for _, p := range paths {
		cancel, err := r.env.Hub.Path(p, watch.Options{Recursive: strings.HasSuffix(p, "/"), Follow: true}, wake)
		if err != nil {
			return fmt.Errorf("watching %s: %w", p, err)
		}
		defer cancel()
	}
	wake()
	if r.WatchCmd == "" {
		<-ctx.Done()
		return nil
	}
	c := r.command("watchcmd", r.WatchCmd, nil, r.WatchCwd, r.WatchShell)
	c.line = func(string, string) { wake() }
	_, err := r.run(ctx, c)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	return errors.New("watchcmd has ended; it is to run for as long as there is something to watch")
}

// Refresh runs a command that waits for notifications.
func (r *Resource) Refresh(ctx context.Context) error {
	if !r.RefreshOnly {
		return nil
	}
	r.env.Log.Info("notified: run " + r.command("cmd", r.cmd(), r.Args, r.Cwd, r.Shell).String())
	return r.Apply(ctx, nil)
}

// Interrupt kills what is running, and nothing is started any more.
func (r *Resource) Interrupt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.interrupted = true
	for g := range r.running {
		g.kill()
	}
}
