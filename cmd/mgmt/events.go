package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mgmt"
	"mgmt/console"
	"mgmt/dashboard"
	"mgmt/history"
)

// eventsFlags are the flags of events.
type eventsFlags struct {
	agentFlags
	follow  bool
	last    int
	verbose bool
}

func eventsCommand(io *streams) *cobra.Command {
	var f eventsFlags
	cmd := &cobra.Command{
		Use:   "events [RESOURCE]",
		Short: "Show what the agent did here, and why",
		Long: `Events shows every run of every resource, with its cause: what an agent did here. The history
is kept in the working directory and is there when no agent runs, and after a crash.

  mgmt events --last 50             the latest
  mgmt events 'file[/etc/motd]'     about one resource
  mgmt events --follow              what happens

Exit status: 0 shown, 1 there is no history, or other errors, 2 wrong usage.`,
		Args: atMostOneResource,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, io) },
	}
	f.register(cmd)
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "go on with what happens, until stopped")
	cmd.Flags().IntVarP(&f.last, "last", "n", 0, "only this `number` of the latest; 0 is all (with --follow: 10)")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "also the differences in full")
	return cmd
}

// followed is how many records there are before those that happen, unless told otherwise.
const followed = 10

func (f *eventsFlags) run(cmd *cobra.Command, args []string, io *streams) error {
	if f.last < 0 {
		return usagef(cmd, "--last is a number of events, or 0 for all")
	}
	about, found := func(history.Record) bool { return true }, true
	var ref history.Ref
	if len(args) > 0 {
		var err error
		if ref, err = history.ParseRef(args[0]); err != nil {
			return usagef(cmd, "%w", err)
		}
		found = false
		about = func(r history.Record) bool {
			is := r.Resource.Is(ref)
			found = found || is
			return is
		}
	}
	if f.follow && f.last == 0 && !cmd.Flags().Changed("last") {
		f.last = followed
	}
	dir, err := f.dir()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	records, err := f.records(ctx, dir, about)
	if err != nil {
		return err
	}
	if err := f.print(records, about, io); err != nil || found || f.follow || ctx.Err() != nil {
		return err
	}
	known, err := history.Names(history.ReadBack(mgmt.HistoryDir(dir)))
	if err != nil {
		return err
	}
	return dashboard.Unknown(ref, known)
}

// records returns what is to be shown, and more.
func (f *eventsFlags) records(ctx context.Context, prefix string, about func(history.Record) bool) (iter.Seq2[history.Record, error], error) {
	dir := mgmt.HistoryDir(prefix)
	after, some := uint64(0), []history.Record(nil)
	if f.last > 0 {
		var err error
		if some, err = lastOf(dir, about, f.last); err != nil {
			return nil, noHistory(prefix, err)
		}
		if len(some) > 0 {
			after = some[0].Seq - 1
		}
	}
	if f.follow {
		client, err := f.dial()
		if err != nil {
			return nil, err
		}
		return client.Follow(ctx, after), nil
	}
	return func(yield func(history.Record, error) bool) {
		for r, err := range history.Read(dir, after) {
			if ctx.Err() != nil || !yield(r, noHistory(prefix, err)) {
				return
			}
		}
	}, nil
}

// lastOf returns the latest n records that are wanted, in order.
func lastOf(dir string, about func(history.Record) bool, n int) ([]history.Record, error) {
	var out []history.Record
	for r, err := range history.ReadBack(dir) {
		if err != nil {
			return nil, err
		}
		if about(r) {
			out = append(out, r)
		}
		if len(out) == n {
			break
		}
	}
	slices.Reverse(out)
	return out, nil
}

// noHistory says what it means that there is none.
func noHistory(prefix string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no history in %s; start an agent with mgmt run, or name its directory with --prefix", prefix)
	}
	return err
}

func (f *eventsFlags) print(records iter.Seq2[history.Record, error], about func(history.Record) bool, io *streams) error {
	r := console.Reporter{Color: io.outColor, Verbose: f.verbose, Now: time.Now()}
	buffered := 0
	flush := func() error {
		buffered = 0
		_, err := io.out.Write(r.Take())
		return err
	}
	for record, err := range records {
		if err != nil {
			return errors.Join(flush(), err)
		}
		if !about(record) {
			continue
		}
		if f.json {
			err = json.NewEncoder(io.out).Encode(record)
		} else if r.Record(&record); f.follow || buffered == batch {
			err = flush()
		}
		if buffered++; err != nil {
			return err
		}
	}
	return flush()
}

// batch is how many records are printed in one write.
const batch = 1000
