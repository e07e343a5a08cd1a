package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"mgmt"
	"mgmt/console"
	"mgmt/dashboard"
	"mgmt/history"
)

// agentFlags are those of every command that looks into an agent.
type agentFlags struct {
	prefix string
	json   bool
}

func (f *agentFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.prefix, "prefix", "", "working `directory` of the agent (MGMT_PREFIX)")
	cmd.Flags().BoolVar(&f.json, "json", false, "JSON instead of words")
}

// dir returns the working directory of the agent that is meant.
func (f *agentFlags) dir() (string, error) {
	dir := f.prefix
	if dir == "" {
		dir = os.Getenv("MGMT_PREFIX")
	}
	if dir == "" {
		var err error
		if dir, err = mgmt.DefaultPrefix(); err != nil {
			return "", err
		}
	}
	return filepath.Abs(dir)
}

// dial returns a client of the agent.
func (f *agentFlags) dial() (*dashboard.Client, error) {
	dir, err := f.dir()
	if err != nil {
		return nil, err
	}
	return dashboard.Dial(dir)
}

// statusFlags are the flags of status.
type statusFlags struct {
	agentFlags
	all   bool
	watch bool
	limit int
}

func statusCommand(io *streams) *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use:   "status [RESOURCE]",
		Short: "Show the state of the agent that runs here",
		Long: `Status shows the state of a running agent: how many resources are as they should be, and those
that are not. The failed ones come first, then those that cannot run because of them,
then those that are not settled yet, and what they wait for.

  mgmt status                       the summary
  mgmt status 'file[/etc/motd]'     all about one resource

Exit status: 0 shown, 1 no agent runs, or other errors, 2 wrong usage.`,
		Args: atMostOneResource,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, io) },
	}
	f.register(cmd)
	cmd.Flags().BoolVarP(&f.all, "all", "a", false, "also show what is all right")
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "show it again and again, until stopped")
	cmd.Flags().IntVar(&f.limit, "limit", 20, "show this `number` of resources of each state; 0 is all")
	return cmd
}

// atMostOneResource is for commands that can take the name of a resource.
func atMostOneResource(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef(cmd, "there is one resource too many: %s", args[1])
	}
	return nil
}

func (f *statusFlags) run(cmd *cobra.Command, args []string, io *streams) error {
	if f.limit < 0 {
		return usagef(cmd, "--limit is a number of resources, or 0 for all")
	}
	q := dashboard.Query{All: f.all, Limit: f.limit, Diffs: f.json || len(args) > 0}
	if f.json && !cmd.Flags().Changed("limit") {
		q.Limit = 0
	}
	if len(args) > 0 {
		ref, err := history.ParseRef(args[0])
		if err != nil {
			return usagef(cmd, "%w", err)
		}
		q.Kind, q.Name = ref.Kind, ref.Name
	}
	client, err := f.dial()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	if !f.watch {
		text, err := f.show(ctx, client, q, io)
		if err == nil {
			_, err = io.out.Write(text)
		}
		return err
	}
	return f.follow(ctx, client, q, io)
}

// show returns the text of one look at the agent.
func (f *statusFlags) show(ctx context.Context, client *dashboard.Client, q dashboard.Query, io *streams) ([]byte, error) {
	s, err := client.Status(ctx, q)
	if err != nil {
		return nil, err
	}
	if f.json {
		text, err := json.Marshal(s)
		return append(text, '\n'), err
	}
	r := console.Reporter{Color: io.outColor, Now: time.Now()}
	if q.Name != "" {
		for i := range s.Resources {
			r.Resource(&s.Resources[i])
		}
	} else {
		r.Status(&s)
	}
	return r.Take(), nil
}

// watchEvery is how long status --watch waits between two looks.
const watchEvery = time.Second

// follow shows it again and again: on a terminal in place, elsewhere when it has changed.
func (f *statusFlags) follow(ctx context.Context, client *dashboard.Client, q dashboard.Query, io *streams) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	var last []byte
	for {
		text, err := f.show(ctx, client, q, io)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if !bytes.Equal(text, last) {
			last = text
			if io.outTTY && !f.json {
				text = inPlace(text)
			}
			if _, err := io.out.Write(text); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// inPlace has a terminal show the text in place of what it shows.
func inPlace(text []byte) []byte {
	const home, restOfLine, rest = "\x1b[H", "\x1b[K\n", "\x1b[J"
	return fmt.Appendf(nil, "%s%s%s", home, bytes.ReplaceAll(text, []byte("\n"), []byte(restOfLine)), rest)
}
