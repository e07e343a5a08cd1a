// Mgmt keeps a machine in the state that a program describes.
//
// This command turns flags into calls of the libraries; each subcommand has a file of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mgmt"
	"mgmt/cluster"
	"mgmt/cluster/server"
	"mgmt/console"
	"mgmt/internal/startup"
)

func init() { startup.Done() }

func main() {
	if len(os.Args) == 2 && os.Args[1] == cluster.ServerArgument {
		os.Exit(server.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	status := exitError
	if err := profiled(func() { status = command(os.Args[1:], system()) }); err != nil {
		fmt.Fprintln(os.Stderr, "error:", console.PrintableLines(err.Error()))
	}
	os.Exit(status)
}

// profiled calls f, and writes a profile of what the processors did to the file that
// MGMT_PPROF_PATH names, if it does.
func profiled(f func()) error {
	name := os.Getenv("MGMT_PPROF_PATH")
	if name == "" {
		f()
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("writing the profile: %w", err)
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return fmt.Errorf("writing the profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	f()
	return nil
}

// Exit statuses.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// streams are where commands read and write.
type streams struct {
	in       io.Reader
	out, err io.Writer
	outTTY   bool // the output is a terminal
	outColor bool
	errTTY   bool // the error output is a terminal
	errColor bool
}

// system returns the streams of the process. There are colours on terminals only.
func system() *streams {
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	tty := term.IsTerminal(int(os.Stderr.Fd()))
	return &streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		outTTY:   term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("TERM") != "dumb",
		outColor: !plain && term.IsTerminal(int(os.Stdout.Fd())),
		errTTY:   tty && os.Getenv("TERM") != "dumb",
		errColor: !plain && tty,
	}
}

// A statusError ends a command with an exit status. What there is to say has been said.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// errReported ends a command whose errors have been shown.
const errReported = statusError(exitError)

// A usageError is a mistake in the command line.
type usageError struct {
	command string // whose help to read
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }

// command runs the command line and returns the exit status.
func command(args []string, io *streams) int {
	root := rootCommand(io)
	err := checkForms(root, args)
	if err == nil {
		root.SetArgs(args)
		err = root.Execute()
	}
	var status statusError
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		fmt.Fprintf(io.err, "error: %s\nTry '%s --help'.\n", console.PrintableLines(err.Error()), usage.command)
		return exitUsage
	}
	fmt.Fprintln(io.err, "error:", console.PrintableLines(err.Error()))
	return exitError
}

func rootCommand(io *streams) *cobra.Command {
	license := false
	root := &cobra.Command{
		Use:   "mgmt",
		Short: "Keeps a machine in the state that a program describes",
		Long: `mgmt makes a machine what a program says, watches every piece of it, and repairs what
drifts, in real time.

  mgmt plan site.mcl    what would change
  mgmt run site.mcl     change it, and keep it so`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case license:
				fmt.Fprint(io.out, mgmt.License)
				return nil
			case len(args) > 0:
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().BoolVar(&license, "license", false, "print the license")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(runCommand(io), checkCommand(io), planCommand(io), graphCommand(io), statusCommand(io), eventsCommand(io), whyCommand(io), fmtCommand(io), sealCommand(io), clusterCommand(io), etcdCommand(), versionCommand(io))
	root.AddCommand(deployCommand(io))
	root.SetHelpCommand(helpCommand())
	root.InitDefaultCompletionCmd()
	refineCompletion(root)
	return root
}

// interruptible returns a context that ends at the first signal. The second one kills.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
