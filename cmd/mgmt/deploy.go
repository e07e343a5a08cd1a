package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mgmt/deploy"
	"mgmt/frontend/deploys"
	"mgmt/lang/std"
	"mgmt/lang/syntax"
	"mgmt/resources"
	"mgmt/world"
)

// deployFlags are the flags of deploy.
type deployFlags struct {
	programFlags
	storeFlags
	rolloutFlags

	noGit, force bool
	sign         string

	noop                     bool
	sema                     int
	noAutoedges, noAutogroup bool

	secrets, secretTo []string

	hosts       []string
	revertAlone uint
	keep        int
}

func deployCommand(io *streams) *cobra.Command {
	var f deployFlags
	cmd := &cobra.Command{
		Use:   "deploy [lang|yaml] PATH | deploy empty",
		Short: "Bring a program to the agents of a cluster",
		Long: `Deploy checks a program, packs it with all the files that it needs, and publishes it to a cluster,
whose agents run the newest deploy that is for them: those that were started by mgmt run empty.

With a git worktree in the present directory the deploy is of its commit, and has to follow the
commit that was deployed last; --no-git leaves git alone.

Exit status: 0 published, 1 errors, 2 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, io) },
	}
	f.register(cmd)
	cmd.AddCommand(deployListCommand(io), deployShowCommand(io), deployDiffCommand(io))
	cmd.AddCommand(deployRollbackCommand(io), deployReleaseCommand(io), deployWithdrawCommand(io), deployPruneCommand(io))
	return cmd
}

func (f *deployFlags) register(cmd *cobra.Command) {
	f.storeFlags.register(cmd)
	f.rolloutFlags.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.modulePath, "module-path", os.Getenv("MGMT_MODULE_PATH"), "`directory` of modules that programs import by URL (MGMT_MODULE_PATH)")
	flags.BoolVar(&f.noGit, "no-git", false, "leave git alone")
	flags.BoolVar(&f.force, "force", false, "do not ask which commit was deployed last")
	registerSign(cmd, &f.sign)
	flags.BoolVar(&f.noop, "noop", false, "let agents check only, and change nothing")
	flags.IntVar(&f.sema, "sema", -1, "`number` of resources of a host that may run at once; -1 is unlimited")
	flags.BoolVar(&f.noAutoedges, "no-autoedges", false, "no automatic edges")
	flags.BoolVar(&f.noAutogroup, "no-autogroup", false, "no automatic grouping")
	flags.StringArrayVar(&f.secrets, "secret", nil, "the `variable` of this environment that travels as a secret, for secret.env; may be given again")
	flags.StringArrayVar(&f.secretTo, "secret-to", nil, "the `recipient` of a host that may open them (see mgmt seal); may be given again")
	flags.StringSliceVar(&f.hosts, "hosts", nil, "the `names` of the hosts that it is for, with * for any text; all are the default")
	flags.UintVar(&f.revertAlone, "revert-alone", 0, "let a host that loses the cluster because of it go back after so many `seconds`; 0 is never")
	flags.IntVar(&f.keep, "keep", deploy.DefaultKeep, "`number` of deploys that the cluster keeps")
}

func (f *deployFlags) validate(cmd *cobra.Command) error {
	switch {
	case f.sema < -1:
		return usagef(cmd, "--sema is a number of resources, or -1 for no limit")
	case f.keep < 1:
		return usagef(cmd, "--keep is a number of deploys from 1")
	case len(f.hosts) == 0 && cmd.Flags().Changed("hosts"):
		return usagef(cmd, "--hosts names no host; without it, the deploy is for all")
	case f.force && f.noGit:
		return usagef(cmd, "--force and --no-git exclude each other: without git there is no commit to ask for")
	}
	if (len(f.secrets) > 0) != (len(f.secretTo) > 0) {
		return usagef(cmd, "--secret and --secret-to go together: what is secret, and who may open it")
	}
	for _, p := range f.hosts {
		if err := deploy.CheckPattern(p); err != nil {
			return usagef(cmd, "--hosts: %w", err)
		}
	}
	return nil
}

func (f *deployFlags) run(cmd *cobra.Command, args []string, io *streams) error {
	if err := f.validate(cmd); err != nil {
		return err
	}
	if len(args) == 1 {
		if err := mistyped(cmd, args[0]); err != nil {
			return err
		}
	}
	opts, wait, err := f.rolloutFlags.options(cmd)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	remote, done, err := f.storeFlags.connect(ctx, cmd)
	if err != nil {
		return err
	}
	defer done()
	answers := make(chan error, 1)
	go func() { answers <- remote.answers(ctx) }()
	plan, err := f.pack(ctx, cmd, args, io) // meanwhile
	if err != nil {
		return err
	}
	if err := <-answers; err != nil {
		return err
	}
	if err := f.complete(ctx, plan); err != nil {
		return err
	}
	signer, closeSigner, err := openSigner(f.sign)
	if err != nil {
		return err
	}
	defer closeSigner()
	plan.Signer, plan.Staged = signer, opts.Canary != deploy.Share{}
	r, err := publish(ctx, remote.KV, *plan, io)
	if err != nil {
		return err
	}
	if !wait {
		return f.warnOfNobody(ctx, remote.KV, r, io)
	}
	return rollOut(ctx, remote.KV, r, signer, opts, io)
}

// mistyped refuses what is no program and nearly the name of a command about deploys.
func mistyped(cmd *cobra.Command, arg string) error {
	near := ""
	if _, err := os.Stat(arg); errors.Is(err, fs.ErrNotExist) && !slices.Contains(frontends, arg) {
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		near = syntax.Suggest(arg, names)
	}
	if near == "" {
		return nil
	}
	return usagef(cmd, "there is no program %s; did you mean mgmt deploy %s?", arg, near)
}

// publish publishes a deploy and says which one it is.
func publish(ctx context.Context, store world.KV, plan deploy.Plan, io *streams) (*deploy.Record, error) {
	r, err := deploy.Publish(ctx, store, plan)
	switch {
	case r == nil && errors.Is(err, context.Canceled):
		return nil, errors.New("interrupted while the deploy was stored; mgmt deploy list shows whether it was published")
	case r == nil:
		return nil, err
	}
	fmt.Fprintf(io.out, "deploy %d: %s, for %s\n", r.ID, contents(&r.Manifest, plan.Bundle), audience(r.Hosts))
	if err != nil {
		fmt.Fprintf(io.err, "warning: it is published, but what is older was not tidied up: %v\n", err)
	}
	return r, nil
}

// warnOfNobody warns if no host that is there is one of those that are named.
func (f *deployFlags) warnOfNobody(ctx context.Context, store world.KV, r *deploy.Record, io *streams) error {
	if len(f.hosts) == 0 {
		return nil
	}
	states, err := deploy.States(ctx, store)
	if err != nil {
		return err
	}
	for host := range states {
		if r.For(host) {
			return nil
		}
	}
	fmt.Fprintf(io.err, "warning: no host that it is for is in the cluster: none of the %s there is called %s\n", count(len(states), "host"), audience(r.Hosts))
	return nil
}

// complete fills in what is not in the files of a deploy.
func (f *deployFlags) complete(ctx context.Context, p *deploy.Plan) error {
	p.Noop, p.Sema, p.NoAutoedges, p.NoAutogroup = f.noop, max(f.sema, 0), f.noAutoedges, f.noAutogroup
	p.Hosts, p.RevertAlone, p.Keep = f.hosts, int(f.revertAlone), f.keep
	p.By = deployer()
	var err error
	if p.Secrets, err = sealVariables(f.secrets, f.secretTo); err != nil || f.noGit {
		return err
	}
	p.Commit, p.Parent, err = commits(ctx)
	if p.First = p.Parent == ""; f.force {
		p.Parent, p.First = "", false
	}
	return err
}

// deployer names who deploys.
func deployer() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

// pack checks the program that the arguments name, and packs it.
func (f *deployFlags) pack(ctx context.Context, cmd *cobra.Command, args []string, io *streams) (*deploy.Plan, error) {
	name, args, err := frontArg(cmd, args)
	if err != nil {
		return nil, err
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
		return &deploy.Plan{Manifest: deploy.Manifest{Frontend: name}}, nil
	}
	if err := oneArg(cmd, args); err != nil {
		return nil, err
	}
	p, err := f.programFlags.open(name, args[0], io)
	if err != nil {
		return nil, err
	}
	plan, files, diags, err := packed(ctx, p)
	show := func(files *syntax.Files, diags syntax.Diagnostics) error {
		syntax.Render(io.err, files, diags, io.errColor)
		if diags.HasErrors() {
			return errReported
		}
		return nil
	}
	if shown := show(files, diags); shown != nil || err != nil {
		return nil, errors.Join(err, shown)
	}
	files, again, err := deploys.Check(ctx, plan, std.Library(), resources.Kinds())
	if err == nil && (again.HasErrors() || len(diags) == 0) {
		err = show(files, again)
	}
	return plan, err
}

// packed packs a program.
func packed(ctx context.Context, p program) (*deploy.Plan, *syntax.Files, syntax.Diagnostics, error) {
	switch p := p.(type) {
	case langProgram:
		return deploys.PackLang(ctx, p.opts.Input, p.opts.Library, p.opts.Kinds)
	case yamlGraph:
		files, diags := p.check(ctx)
		if diags.HasErrors() {
			return nil, files, diags, nil
		}
		plan, err := deploys.PackYAML(p.input)
		return plan, files, diags, err
	}
	return nil, nil, nil, fmt.Errorf("a program of the type %T does not travel", p)
}

// audience says for which hosts a deploy is.
func audience(hosts []string) string {
	if len(hosts) == 0 {
		return "all hosts"
	}
	return strings.Join(hosts, ", ")
}
