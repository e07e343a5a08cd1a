package main

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mgmt"
	"mgmt/console"
	"mgmt/engine"
	"mgmt/frontend"
	"mgmt/history"
	"mgmt/lang/funcs"
	"mgmt/resources"
)

// runFlags are the flags of run.
type runFlags struct {
	programFlags
	file string

	convergedTimeout int // the older flag: it implies an exit
	convergerTimeout int
	convergedExit    bool
	statusFile       string
	maxRuntime       uint

	prefix         string
	tmpPrefix      bool
	allowTmpPrefix bool

	noop          bool
	sema          int
	noWatch       bool
	noStreamWatch bool
	noAutoedges   bool
	noAutogroup   bool
	noRaiseLimits bool

	trust         string
	waitDeploy    bool
	noDeployWatch bool
	deployDir     string // where the last good deploy is kept
	follow        follow

	history int
	clusterFlags

	graphviz       string
	graphvizFilter string
	logFormat      string
	verbose        bool
}

var frontends = []string{"lang", "yaml", "empty"}

var logFormats = []string{"text", "json"}

func runCommand(io *streams) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [lang|yaml|empty] PATH|CODE|-",
		Short: "Make this machine what a program says, and keep it so",
		Long: `Run makes this machine what the program says, and keeps it so until it is stopped. The program
is a .mcl file, a directory with a module, - for standard input, or the code itself; or it is a
graph in YAML: a .yaml or .yml file, or any name after the word yaml. When one of its files is
saved, the difference is applied; if the program no longer compiles, the last good one stays in
force.

The first ^C stops in order, the second also cancels what is running, the third kills it.

Exit status: 0 converged or stopped, 1 errors, 2 wrong usage, or what an exit resource asks for.`,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, io) },
		ValidArgsFunction: completeRun,
	}
	f.register(cmd)
	complete(cmd, "log-format", logFormats...)
	complete(cmd, "graphviz-filter", mgmt.GraphvizFilters...)
	return cmd
}

func (f *runFlags) register(cmd *cobra.Command) {
	f.programFlags.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.file, "file", "", "the `program`; the same as the argument")
	flags.IntVar(&f.convergerTimeout, "converger-timeout", -1, "`seconds` without activity until it counts as converged; -1 is never (MGMT_CONVERGER_TIMEOUT)")
	flags.IntVar(&f.convergedTimeout, "converged-timeout", -1, "`seconds` as for --converger-timeout, and exit then (MGMT_CONVERGED_TIMEOUT)")
	flags.BoolVar(&f.convergedExit, "converged-exit", false, "exit when converged")
	flags.StringVar(&f.statusFile, "converged-status-file", "", "append true or false to this `file` when it converges or stops being so")
	flags.StringVar(&f.statusFile, "converger-status-file", "", "the same `file` by another name")
	flags.UintVar(&f.maxRuntime, "max-runtime", 0, "stop with an error after so many `seconds`; 0 is never (MGMT_MAX_RUNTIME)")
	flags.StringVar(&f.prefix, "prefix", "", "working `directory` (MGMT_PREFIX)")
	flags.BoolVar(&f.tmpPrefix, "tmp-prefix", false, "use a working directory that is removed at the end")
	flags.BoolVar(&f.allowTmpPrefix, "allow-tmp-prefix", false, "do so if the normal one cannot be made")
	flags.BoolVar(&f.noop, "noop", false, "check only, change nothing")
	flags.IntVar(&f.sema, "sema", -1, "`number` of resources that may run at once; -1 is unlimited")
	flags.BoolVar(&f.noWatch, "no-watch", false, "do not follow changes of the program's files")
	flags.BoolVar(&f.noStreamWatch, "no-stream-watch", false, "keep the first graph, whatever happens to the program or its values")
	flags.BoolVar(&f.noAutoedges, "no-autoedges", false, "no automatic edges")
	flags.BoolVar(&f.noAutogroup, "no-autogroup", false, "no automatic grouping")
	flags.Func("trust", "with empty: take only deploys that a key in this `file` has signed", filled(&f.trust))
	flags.BoolVar(&f.waitDeploy, "wait", false, "with empty: ignore what is deployed already, and wait for the next deploy")
	flags.BoolVar(&f.noDeployWatch, "no-deploy-watch", false, "with empty: keep the first deploy")
	flags.BoolVar(&f.noRaiseLimits, "no-raise-limits", false, "leave the kernel's limits of file watches alone")
	flags.IntVar(&f.history, "history", history.DefaultLimit>>20, "keep so many `MiB` of what happens for mgmt events and why; 0 is none")
	f.clusterFlags.register(flags)
	flags.StringVar(&f.graphviz, "graphviz", "", "write a picture of the graph to this `file` and .png after each change of it")
	flags.StringVar(&f.graphvizFilter, "graphviz-filter", "dot", "`program` that lays out the picture")
	flags.StringVar(&f.logFormat, "log-format", "text", "`form` of the log: text or json")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "also show what was right already, and the differences in full")
}

// completeRun offers the front ends before the program.
func completeRun(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return frontends, cobra.ShellCompDirectiveDefault
}

// environment takes what the flags leave open from the environment. Empty variables count as
// unset.
func (f *runFlags) environment(cmd *cobra.Command) error {
	variables := map[string]string{
		"converger-timeout": "MGMT_CONVERGER_TIMEOUT",
		"converged-timeout": "MGMT_CONVERGED_TIMEOUT",
		"max-runtime":       "MGMT_MAX_RUNTIME",
		"prefix":            "MGMT_PREFIX",
	}
	maps.Copy(variables, clusterVariables)
	for name, variable := range variables {
		value := os.Getenv(variable)
		if value == "" || cmd.Flags().Changed(name) || name == "prefix" && f.tmpPrefix {
			continue
		}
		err := cmd.Flags().Set(name, value)
		if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
			return usagef(cmd, "the variable %s %s", variable, wanted(bad))
		}
		if err != nil {
			return usagef(cmd, "the variable %s: %w", variable, err)
		}
	}
	return nil
}

// validate checks what a single flag does not show.
func (f *runFlags) validate(cmd *cobra.Command) error {
	switch {
	case f.tmpPrefix && f.prefix != "":
		return usagef(cmd, "--prefix and --tmp-prefix exclude each other")
	case !slices.Contains(logFormats, f.logFormat):
		return usagef(cmd, "--log-format is text or json, not %q", f.logFormat)
	case f.convergerTimeout < -1 || f.convergedTimeout < -1:
		return usagef(cmd, "a timeout is a number of seconds, or -1 for never")
	case f.history < 0 || f.history > maxHistory:
		return usagef(cmd, "--history is a number of MiB up to %d, or 0 for none", maxHistory)
	case f.sema < -1:
		return usagef(cmd, "--sema is a number of resources, or -1 for no limit")
	case f.graphviz != "" && !slices.Contains(mgmt.GraphvizFilters, f.graphvizFilter):
		return usagef(cmd, "there is no graphviz filter %q; there are %v", f.graphvizFilter, mgmt.GraphvizFilters)
	}
	return nil
}

// convergence returns when the agent is converged and whether it ends then. To exit, or to
// tell by a file, it needs a timeout: that is 0 where none is given.
func (f *runFlags) convergence(cmd *cobra.Command, log *slog.Logger) (timeout time.Duration, exit bool) {
	old, current := cmd.Flags().Changed("converged-timeout"), cmd.Flags().Changed("converger-timeout")
	seconds, exit := f.convergerTimeout, f.convergedExit
	switch {
	case old && current:
		log.Warn("--converged-timeout is ignored, because --converger-timeout is given")
	case old:
		seconds, exit = f.convergedTimeout, exit || f.convergedTimeout >= 0
	case !current && (exit || f.statusFile != ""):
		seconds = 0
	}
	return time.Duration(seconds) * time.Second, exit
}

// maxHistory is the largest history that may be asked for, in MiB.
const maxHistory = 1 << 20

// historyLimit returns the limit of the history in bytes, or a negative number for none.
func (f *runFlags) historyLimit() int64 {
	if f.history == 0 {
		return -1
	}
	return int64(f.history) << 20
}

// makePrefix returns the working directory, and what to call when it is not needed any more.
func (f *runFlags) makePrefix(hostname string, log *slog.Logger) (dir string, done func(), err error) {
	done = func() {}
	if !f.tmpPrefix {
		dir = f.prefix
		if dir == "" {
			dir, err = mgmt.DefaultPrefix()
		}
		if err == nil {
			err = mgmt.MakePrefix(dir)
		}
		if err == nil || !f.allowTmpPrefix {
			return dir, done, err
		}
		log.Warn("the working directory is a temporary one", "error", err)
	}
	if dir, err = mgmt.TmpPrefix(hostname); err != nil {
		return "", done, err
	}
	return dir, func() { os.RemoveAll(dir) }, nil
}

// keyFile returns the file with the key of this host, which a temporary working directory does
// not have.
func (f *runFlags) keyFile() string {
	if f.prefix != "" {
		return mgmt.KeyFile(f.prefix)
	}
	return hostKey()
}

func (f *runFlags) run(cmd *cobra.Command, args []string, io *streams) error {
	if err := f.environment(cmd); err != nil {
		return err
	}
	if err := f.validate(cmd); err != nil {
		return err
	}
	out := console.New(console.Options{
		Out: io.err, Color: io.errColor, Live: io.errTTY,
		JSON: f.logFormat == "json", Verbose: f.verbose,
	})
	defer out.Close()
	front, err := f.frontend(cmd, args, io, out)
	if err != nil {
		return err
	}
	prefix, done, err := f.makePrefix(f.hostname, out.Log())
	if err != nil {
		return err
	}
	defer done()
	f.deployDir = filepath.Join(prefix, "deploy")
	through, hangUp, err := f.gateway(cmd, out.Log())
	if err != nil {
		return err
	}
	defer hangUp()
	member, err := f.membership(cmd, f.hostname, prefix, out.Log(), f.follow.connected, through)
	if err != nil {
		return err
	}
	opts := f.options(cmd, front, prefix, out)
	if !opts.ConvergedExit || !member.Begins() || f.asked() { // nobody joins what is about to end
		opts.World, opts.Companion = member.World(), member
	}
	agent, err := mgmt.New(opts)
	if err != nil {
		return err
	}
	f.follow.agent = agent
	ctx, stop := climb(agent, out.Log())
	defer stop()
	return verdict(agent.Run(ctx), out.Log())
}

// options returns the options of an agent that is alone.
func (f *runFlags) options(cmd *cobra.Command, front func(*funcs.Host) frontend.Frontend, prefix string, out *console.Console) mgmt.Options {
	timeout, exit := f.convergence(cmd, out.Log())
	return mgmt.Options{
		Frontend: front,
		Kinds:    resources.Kinds(),
		Prefix:   prefix,
		KeyFile:  f.keyFile(),
		Hostname: f.hostname,
		Log:      out.Log(),
		Observe: func(e engine.Event) {
			out.Event(e)
			f.follow.event(e)
		},
		Noop:             f.noop,
		NoAutoedges:      f.noAutoedges,
		NoAutogroup:      f.noAutogroup,
		Sema:             max(f.sema, 0),
		ConvergedTimeout: timeout,
		ConvergedExit:    exit,
		StatusFile:       f.statusFile,
		MaxRuntime:       time.Duration(f.maxRuntime) * time.Second,
		HistoryLimit:     f.historyLimit(),
		NoRaiseLimits:    f.noRaiseLimits,
		FirstGraphOnly:   f.noStreamWatch,
		Graphviz:         f.graphviz,
		GraphvizFilter:   f.graphvizFilter,
	}
}

// frontend returns what makes the front end that the arguments name.
func (f *runFlags) frontend(cmd *cobra.Command, args []string, io *streams, out *console.Console) (func(*funcs.Host) frontend.Frontend, error) {
	name, args, err := frontArg(cmd, args)
	if err != nil {
		return nil, err
	}
	if f.file != "" {
		args = append(args, f.file)
	}
	if name == "" {
		if err := mistypedFront(cmd, args); err != nil {
			return nil, err
		}
	}
	if name == "empty" {
		if len(args) > 0 {
			return nil, usagef(cmd, "the empty front end takes no program, but there is %q", args[0])
		}
		return f.deployed(cmd, out)
	}
	if f.trust != "" || f.waitDeploy || f.noDeployWatch {
		return nil, usagef(cmd, "--trust, --wait and --no-deploy-watch are for mgmt run empty, which runs what is deployed")
	}
	if err := oneArg(cmd, args); err != nil {
		return nil, err
	}
	p, err := f.open(name, args[0], io)
	if err != nil {
		return nil, err
	}
	if f.hostname == "" {
		f.hostname = p.hostname()
	}
	s := settings{watch: !f.noWatch && !f.noStreamWatch, log: out.Log(), report: out.Diagnostics}
	return func(host *funcs.Host) frontend.Frontend { return p.frontend(host, s) }, nil
}

// verdict turns how an agent ended into the end of the command.
func verdict(err error, log *slog.Logger) error {
	var exit *mgmt.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		log.Info("a resource asked for the exit status " + strconv.Itoa(exit.Status))
		return statusError(exit.Status)
	case errors.Is(err, frontend.ErrRefused): // and that was reported
		return errReported
	}
	log.Error(err.Error())
	return errReported
}
