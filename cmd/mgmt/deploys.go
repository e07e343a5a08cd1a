package main

import (
	"cmp"
	"context"
	"fmt"
	goio "io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mgmt/console"
	"mgmt/deploy"
	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
	"mgmt/resource"
	"mgmt/world"
)

// lookFlags are those of the commands that look at deploys.
type lookFlags struct {
	storeFlags
	trust string
	json  bool
}

func (f *lookFlags) register(cmd *cobra.Command) {
	f.storeFlags.register(cmd)
	cmd.Flags().Func("trust", "refuse deploys that no key in this `file` has signed", filled(&f.trust))
}

// A lookout is what these commands work with.
type lookout struct {
	store world.KV
	list  []deploy.Entry
	done  func()
}

// look reads the deploys of a cluster.
func (f *lookFlags) look(ctx context.Context, cmd *cobra.Command) (*lookout, error) {
	trust, err := readTrust(f.trust)
	if err != nil {
		return nil, err
	}
	store, done, err := f.storeFlags.open(ctx, cmd)
	if err != nil {
		return nil, err
	}
	list, err := deploy.List(ctx, store, trust)
	if err != nil {
		done()
		return nil, err
	}
	return &lookout{store, list, done}, nil
}

// readTrust reads a file of trusted keys; without a name there is none.
func readTrust(name string) (*sign.Trust, error) {
	if name == "" {
		return nil, nil
	}
	return sign.ReadTrust(name)
}

// with runs a command that looks at deploys.
func (f *lookFlags) with(cmd *cobra.Command, run func(context.Context, *lookout) error) error {
	ctx, stop := interruptible()
	defer stop()
	l, err := f.look(ctx, cmd)
	if err != nil {
		return err
	}
	defer l.done()
	return run(ctx, l)
}

func deployListCommand(io *streams) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the deploys of a cluster, and the hosts that run them",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.with(cmd, func(ctx context.Context, l *lookout) error { return l.print(ctx, io, f.json) })
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "write the list for tools")
	return cmd
}

// A deployJSON is a deploy as tools get it.
type deployJSON struct {
	*deploy.Manifest
	ID     int64                   `json:"id"`
	Stage  deploy.Stage            `json:"stage,omitempty"`
	Signer string                  `json:"signer,omitempty"`
	Error  string                  `json:"error,omitempty"`
	States map[string]deploy.State `json:"states"` // of the hosts that run it
}

func (l *lookout) print(ctx context.Context, io *streams, asJSON bool) error {
	states, err := deploy.States(ctx, l.store)
	if err != nil {
		return err
	}
	if asJSON {
		out := []deployJSON{}
		for _, e := range l.list {
			out = append(out, tool(e, states))
		}
		return writeJSON(io.out, out)
	}
	if len(l.list) == 0 {
		fmt.Fprintln(io.out, "nothing has been deployed")
		return nil
	}
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DEPLOY\tWHEN\tBY\tFOR\tSTAGE\tHOSTS")
	for _, e := range slices.Backward(l.list) {
		if e.Err != nil {
			fmt.Fprintf(table, "%d\t\t\t\trefused\t%s\n", e.ID, console.Printable(e.Err.Error()))
			continue
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", e.ID, e.At.Local().Format(time.DateTime), console.Printable(e.By), console.Printable(audience(e.Hosts)), e.Stage, tally(e.ID, states))
	}
	return table.Flush()
}

func tool(e deploy.Entry, states map[string]deploy.State) deployJSON {
	out := deployJSON{ID: e.ID, Stage: e.Stage, States: map[string]deploy.State{}}
	if e.Record != nil {
		out.Manifest, out.Signer = &e.Manifest, e.Signer
	}
	if e.Err != nil {
		out.Error = e.Err.Error()
	}
	for host, s := range states {
		if s.Deploy == e.ID {
			out.States[host] = s
		}
	}
	return out
}

// tally says how many hosts run a deploy, and how many of those have converged or failed.
func tally(id int64, states map[string]deploy.State) string {
	var run, converged, failed, refused int
	for _, s := range states {
		switch {
		case s.Deploy == id && s.Failed > 0:
			run, failed = run+1, failed+1
		case s.Deploy == id && s.Converged:
			run, converged = run+1, converged+1
		case s.Deploy == id:
			run++
		}
		if s.Refused == id && s.Deploy != id {
			refused++
		}
	}
	out := fmt.Sprintf("%d of %d", run, len(states))
	for _, part := range []struct {
		n    int
		what string
	}{{converged, "converged"}, {failed, "with failures"}, {refused, "refused it"}} {
		if part.n > 0 {
			out += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return out
}

// entryArg finds the deploy that an argument names, which deployNumbers has seen; without one it is
// the one that is missing.
func (l *lookout) entryArg(args []string, at int, missing int64) (*deploy.Entry, error) {
	id := missing
	if len(args) > at {
		var err error
		if id, err = strconv.ParseInt(args[at], 10, 64); err != nil {
			return nil, err
		}
	}
	return deploy.Find(l.list, id)
}

func deployShowCommand(io *streams) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "show [NUMBER]",
		Short: "Show a deploy: what is in it, and the state of its hosts",
		Args:  deployNumbers(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, func(ctx context.Context, l *lookout) error {
				e, err := l.entryArg(args, 0, 0)
				if err != nil {
					return err
				}
				return l.show(ctx, e, io, f.json)
			})
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "write it for tools")
	return cmd
}

func (l *lookout) show(ctx context.Context, e *deploy.Entry, io *streams, asJSON bool) error {
	states, err := deploy.States(ctx, l.store)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(io.out, tool(*e, states))
	}
	files, err := deploy.Fetch(ctx, l.store, &e.Manifest)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(out, "%s\t%s\n", name, console.Printable(fmt.Sprintf(format, args...)))
	}
	line("deploy", "%d", e.ID)
	line("by", "%s, %s", e.By, e.At.Local().Format(time.DateTime))
	line("signed by", "%s", cmp.Or(e.Signer, "nobody"))
	line("stage", "%s", stage(e))
	line("for", "%s", audience(e.Hosts))
	line("program", "%s", strings.TrimSpace(e.Frontend+" "+e.Main))
	if e.Commit != "" {
		line("commit", "%s", e.Commit)
	}
	if e.Restore != 0 {
		line("brings back", "deploy %d", e.Restore)
	}
	if options := travelling(&e.Manifest); options != "" {
		line("options", "%s", options)
	}
	for i, file := range files.Tree {
		name := ""
		if i == 0 {
			name = "files"
		}
		line(name, "%s, %d bytes", file.Path, file.Size)
	}
	hosts(line, e.ID, states)
	return out.Flush()
}

// stage says how far a deploy has come, and why.
func stage(e *deploy.Entry) string {
	if e.Release == nil || e.Release.Why == "" {
		return string(e.Stage)
	}
	return fmt.Sprintf("%s, %s", e.Stage, e.Release.Why)
}

// hosts writes the state of a deploy on each host.
func hosts(line func(name, format string, args ...any), id int64, states map[string]deploy.State) {
	name := "hosts"
	for _, host := range slices.Sorted(maps.Keys(states)) {
		text := condition(id, states[host])
		if text == "" {
			continue
		}
		line(name, "%s %s", host, text)
		name = ""
	}
}

// condition describes the state of a deploy on a host; "" is that it runs another one.
func condition(id int64, s deploy.State) string {
	switch {
	case s.Deploy == id && s.Refused == id: // what became of it since
		return fmt.Sprintf("%s; %s", s, s.Error)
	case s.Deploy == id:
		return s.String()
	case s.Refused == id:
		return "refused it: " + strings.TrimPrefix(s.Error, fmt.Sprintf("deploy %d is refused: ", id))
	}
	return ""
}

// travelling lists the options that travel in a deploy.
func travelling(m *deploy.Manifest) string {
	var out []string
	for _, o := range []struct {
		name string
		set  bool
	}{{"--noop", m.Noop}, {"--no-autoedges", m.NoAutoedges}, {"--no-autogroup", m.NoAutogroup}} {
		if o.set {
			out = append(out, o.name)
		}
	}
	if m.Sema > 0 {
		out = append(out, fmt.Sprintf("--sema %d", m.Sema))
	}
	if m.RevertAlone > 0 {
		out = append(out, fmt.Sprintf("--revert-alone %d", m.RevertAlone))
	}
	return strings.Join(out, " ")
}

func deployDiffCommand(io *streams) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "diff [OLD [NEW]]",
		Short: "Show how the files of two deploys differ; the default are the newest and the one before",
		Args:  deployNumbers(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, func(ctx context.Context, l *lookout) error {
				from, err := l.entryArg(args, 0, -1)
				if err != nil {
					return err
				}
				to, err := l.entryArg(args, 1, 0)
				if err != nil {
					return err
				}
				return l.diff(ctx, from, to, io.out)
			})
		},
	}
	f.register(cmd)
	return cmd
}

func (l *lookout) diff(ctx context.Context, from, to *deploy.Entry, w goio.Writer) error {
	old, err := deploy.Fetch(ctx, l.store, &from.Manifest)
	if err != nil {
		return err
	}
	files, err := deploy.Fetch(ctx, l.store, &to.Manifest)
	if err != nil {
		return err
	}
	for _, d := range bundle.Diff(old.Tree, files.Tree) {
		before, err := text(old, d.Old)
		if err != nil {
			return err
		}
		after, err := text(files, d.New)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s %s\n", verb(d), console.Printable(d.Path))
		fmt.Fprint(w, console.PrintableLines(resource.Diff(d.Path, before, after)))
	}
	return nil
}

func verb(d bundle.Difference) string {
	switch {
	case d.Old == nil:
		return "new"
	case d.New == nil:
		return "gone"
	}
	return "changed"
}

// text returns the content of a file, which may be nil.
func text(b *bundle.Bundle, f *bundle.File) (string, error) {
	if f == nil {
		return "", nil
	}
	content, err := b.Content(*f)
	return string(content), err
}

// contents says what is in a deploy.
func contents(m *deploy.Manifest, files *bundle.Bundle) string {
	switch {
	case files == nil:
		return "nothing at all"
	case len(files.Tree) == 1:
		return fmt.Sprintf("1 file, %d bytes", m.Size)
	}
	return fmt.Sprintf("%d files, %d bytes", len(files.Tree), m.Size)
}

// deployNumbers is for commands that take up to n deploys, which are refused before the cluster is asked
// if they are not numbers.
func deployNumbers(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usagef(cmd, "there is one argument too many: %s", args[n])
		}
		for _, arg := range args {
			if id, err := strconv.ParseInt(arg, 10, 64); err != nil || id < 1 {
				return usagef(cmd, "a deploy is named by its number, not %q", arg)
			}
		}
		return nil
	}
}
