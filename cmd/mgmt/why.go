package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"mgmt"
	"mgmt/console"
	"mgmt/dashboard"
	"mgmt/history"
)

// whyFlags are the flags of why.
type whyFlags struct {
	agentFlags
	last    int
	all     bool
	verbose bool
}

func whyCommand(io *streams) *cobra.Command {
	var f whyFlags
	cmd := &cobra.Command{
		Use:   "why RESOURCE",
		Short: "Show what caused the last runs of a resource",
		Long: `Why follows the causes of the last runs of a resource back to what came from outside: an event
of the machine, or a value of the program that moved, through every resource in between.

  mgmt why 'file[/etc/motd]'

It asks the agent, and reads the history by itself when none runs.

Exit status: 0 shown, 1 there is no such resource, or other errors, 2 wrong usage.`,
		Args: oneResource,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0], io) },
	}
	f.register(cmd)
	cmd.Flags().IntVarP(&f.last, "last", "n", 3, "`number` of runs")
	cmd.Flags().BoolVarP(&f.all, "all", "a", false, "also runs that found all well")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "also the differences in full")
	return cmd
}

// oneResource is for commands that need the name of a resource.
func oneResource(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef(cmd, "name a resource, like 'file[/etc/motd]'")
	}
	return atMostOneResource(cmd, args)
}

func (f *whyFlags) run(cmd *cobra.Command, name string, io *streams) error {
	if f.last < 1 {
		return usagef(cmd, "--last is a number of runs from 1")
	}
	about, err := history.ParseRef(name)
	if err != nil {
		return usagef(cmd, "%w", err)
	}
	ctx, stop := interruptible()
	defer stop()
	chains, err := f.chains(ctx, about)
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(io.out).Encode(chains)
	}
	r := console.Reporter{Color: io.outColor, Verbose: f.verbose, Now: time.Now()}
	r.Chains(about, chains)
	if len(chains) == 0 {
		f.standing(ctx, about, &r)
	}
	_, err = io.out.Write(r.Take())
	return err
}

// standing writes the state of a resource that has not run, if an agent can tell.
func (f *whyFlags) standing(ctx context.Context, about history.Ref, r *console.Reporter) {
	client, err := f.dial()
	if err != nil {
		return
	}
	s, err := client.Status(ctx, dashboard.Query{Kind: about.Kind, Name: about.Name})
	if err != nil {
		return
	}
	for i := range s.Resources {
		r.Resource(&s.Resources[i])
	}
}

// chains asks the agent, or reads the history.
func (f *whyFlags) chains(ctx context.Context, about history.Ref) ([]history.Chain, error) {
	prefix, err := f.dir()
	if err != nil {
		return nil, err
	}
	q := history.Question{About: about, Limit: f.last, All: f.all}
	chains, err := askWhy(ctx, prefix, q)
	if !errors.Is(err, dashboard.ErrNoAgent) {
		return chains, err
	}
	dir := mgmt.HistoryDir(prefix)
	chains, err = history.Explain(history.ReadBack(dir), q)
	if err != nil {
		return nil, noHistory(prefix, err)
	}
	if len(chains) > 0 {
		return chains, nil
	}
	known, err := history.Names(history.ReadBack(dir))
	if err != nil {
		return nil, err
	}
	for _, ref := range known {
		if ref.Is(about) {
			return chains, nil // it never ran
		}
	}
	return nil, dashboard.Unknown(about, known)
}

func askWhy(ctx context.Context, prefix string, q history.Question) ([]history.Chain, error) {
	client, err := dashboard.Dial(prefix)
	if err != nil {
		return nil, err
	}
	return client.Why(ctx, q)
}
