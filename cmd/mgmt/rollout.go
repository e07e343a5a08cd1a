package main

import (
	"context"
	"errors"
	"fmt"
	goio "io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mgmt/console"
	"mgmt/deploy"
	"mgmt/deploy/sign"
	"mgmt/world"
)

// rolloutFlags say how a deploy is brought to the hosts.
type rolloutFlags struct {
	wait       bool
	canary     string
	soak       time.Duration
	failures   int
	autoRevert bool
	timeout    time.Duration
}

func (f *rolloutFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.wait, "wait", false, "wait until all hosts have converged on it; the following flags imply this")
	flags.Func("canary", "`number` of hosts that run it first: N or N%", filled(&f.canary))
	flags.DurationVar(&f.soak, "soak", 0, "`duration` for which those have to stay converged before the others follow, like 90s or 10m")
	flags.IntVar(&f.failures, "max-failures", 0, "`number` of hosts that may fail before it has failed")
	flags.BoolVar(&f.autoRevert, "auto-revert", false, "take it back when it has failed")
	flags.DurationVar(&f.timeout, "timeout", 0, "`duration` after which it has failed if hosts have not converged; 0 is never")
}

// options returns what the flags ask for, and whether they ask for anything.
func (f *rolloutFlags) options(cmd *cobra.Command) (opts deploy.RolloutOptions, wanted bool, err error) {
	opts = deploy.RolloutOptions{Soak: f.soak, MaxFailures: f.failures, AutoRevert: f.autoRevert, Timeout: f.timeout}
	for _, name := range []string{"wait", "canary", "soak", "max-failures", "auto-revert", "timeout"} {
		wanted = wanted || cmd.Flags().Changed(name)
	}
	switch {
	case f.soak < 0 || f.timeout < 0:
		return opts, wanted, usagef(cmd, "--soak and --timeout cannot be negative")
	case f.failures < 0:
		return opts, wanted, usagef(cmd, "--max-failures is a number of hosts from 0")
	case f.soak > 0 && f.canary == "":
		return opts, wanted, usagef(cmd, "--soak is for the hosts of --canary; say how many they are")
	}
	if f.canary != "" {
		if opts.Canary, err = deploy.ParseShare(f.canary); err != nil {
			return opts, wanted, usagef(cmd, "--canary: %w", err)
		}
	}
	return opts, wanted, nil
}

// rollOut brings a deploy that has been published to the hosts, and shows how it goes.
func rollOut(ctx context.Context, store world.KV, r *deploy.Record, signer *sign.Signer, opts deploy.RolloutOptions, io *streams) error {
	show := &progress{w: io.err, live: io.errTTY, id: r.ID, begin: time.Now(), told: map[string]bool{}}
	p, err := deploy.Drive(ctx, store, r, signer, opts, show.show)
	show.end()
	switch {
	case errors.Is(err, context.Canceled) && p.Phase == deploy.Withdrawing:
		fmt.Fprintf(io.err, "deploy %d has failed and is withdrawn: %s; not all hosts are back yet, see mgmt deploy list\n", r.ID, console.Printable(p.Why))
		return errReported
	case errors.Is(err, context.Canceled) && p.Phase == deploy.Spreading:
		fmt.Fprintf(io.err, "deploy %d goes on without this command, which was stopped; mgmt deploy show %d shows its state, mgmt deploy withdraw %d takes it back\n", r.ID, r.ID, r.ID)
		return errReported
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(io.err, "deploy %d stays as far as it has come; mgmt deploy release %d lets all hosts have it, mgmt deploy withdraw %d none\n", r.ID, r.ID, r.ID)
		return errReported
	case err != nil:
		return err
	}
	for _, host := range slices.Sorted(maps.Keys(p.Causes)) {
		fmt.Fprintf(io.err, "%s: %s\n", console.Printable(host), console.Printable(p.Causes[host]))
	}
	if err := p.Err(); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "deploy %d: %d of %s converged, after %v\n", r.ID, p.Settled, count(p.Hosts, "host"), time.Since(show.begin).Round(time.Millisecond))
	return nil
}

// A progress shows how a rollout goes: in one line that changes, on a terminal, and otherwise in a
// line for each phase.
type progress struct {
	w     goio.Writer
	live  bool
	id    int64
	begin time.Time
	last  string
	ails  string          // what was said to keep hosts from saying how they are
	told  map[string]bool // hosts of which it was said that something fails
}

func (p *progress) show(now deploy.Progress) {
	for _, host := range slices.Sorted(maps.Keys(now.Troubles)) {
		if !p.told[host] {
			p.told[host] = true
			p.end()
			fmt.Fprintf(p.w, "%s: %s\n", console.Printable(host), console.Printable(now.Troubles[host]))
		}
	}
	if now.Ails != p.ails && now.Ails != "" {
		p.end()
		fmt.Fprintf(p.w, "hosts cannot say how they are: %s\n", console.Printable(now.Ails))
	}
	p.ails = now.Ails
	text := now.Phase.String()
	if p.live {
		done := "converged"
		if now.Phase == deploy.Withdrawing {
			done = "are back"
		}
		text = fmt.Sprintf("%s: %d of %d %s", now.Phase, now.Settled, now.Hosts, done)
		if len(now.Failures) > 0 {
			text += fmt.Sprintf(", %d failed", len(now.Failures))
		}
	}
	if now.Phase.Over() || text == p.last {
		return
	}
	p.last = text
	if p.live {
		fmt.Fprintf(p.w, "\r\x1b[Kdeploy %d %s", p.id, text)
	} else {
		fmt.Fprintf(p.w, "deploy %d %s (%s)\n", p.id, text, count(now.Hosts, "host"))
	}
}

// end clears the line that changes; it is written again when there is more.
func (p *progress) end() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.last = ""
	}
}

func deployReleaseCommand(io *streams) *cobra.Command {
	return stageCommand(io, deploy.Released, "release [NUMBER]", "Let all hosts that a deploy is for run it; the default is the newest")
}

func deployWithdrawCommand(io *streams) *cobra.Command {
	return stageCommand(io, deploy.Withdrawn, "withdraw [NUMBER]", "Let no host run a deploy: they go back to the one before; the default is the newest")
}

// stageCommand decides how far a deploy goes.
func stageCommand(io *streams, stage deploy.Stage, use, short string) *cobra.Command {
	var f lookFlags
	var key string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: deployNumbers(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, func(ctx context.Context, l *lookout) error {
				e, err := l.entryArg(args, 0, 0)
				if err != nil {
					return err
				}
				signer, done, err := openSigner(key)
				if err != nil {
					return err
				}
				defer done()
				release := deploy.Release{Stage: stage, Why: "by " + deployer()}
				if _, err := deploy.SetRelease(ctx, l.store, e.Record, e.Release, release, signer); err != nil {
					return err
				}
				fmt.Fprintf(io.out, "deploy %d is %s\n", e.ID, stage)
				warnUnsigned(e, signer, io)
				return nil
			})
		},
	}
	f.register(cmd)
	registerSign(cmd, &key)
	return cmd
}

// warnUnsigned warns if a decision about a deploy that is signed is not.
func warnUnsigned(e *deploy.Entry, signer *sign.Signer, io *streams) {
	if e.Signer != "" && signer == nil {
		fmt.Fprintf(io.err, "warning: deploy %d was signed, and this is not: agents with --trust do not follow it; repeat it with --sign\n", e.ID)
	}
}

func registerSign(cmd *cobra.Command, key *string) {
	cmd.Flags().Func("sign", "sign with this `key`: the file of a private one, of a public one that an ssh-agent has, or agent", filled(key))
}

// openSigner returns the signer that a flag names, nil if it names none.
func openSigner(key string) (signer *sign.Signer, done func(), err error) {
	if key == "" {
		return nil, func() {}, nil
	}
	return sign.Open(key)
}
