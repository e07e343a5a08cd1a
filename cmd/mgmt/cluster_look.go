package main

import (
	"context"
	"encoding/json"
	"fmt"
	goio "io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mgmt/cluster"
	"mgmt/cluster/pki"
	"mgmt/world/etcd"
)

// wholeFlags are those of commands about a cluster as a whole.
type wholeFlags struct {
	agentFlags
	seeds []string
	sshFlags
}

func (f *wholeFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.prefix, "prefix", "", "working `directory` of the agent (MGMT_PREFIX)")
	cmd.Flags().StringArrayVar(&f.seeds, "seeds", nil, "`addresses` of the cluster, as host:port, if not that of the agent here (MGMT_SEEDS)")
	f.sshFlags.register(cmd.Flags())
}

// with does something to the cluster within a time.
func (f *wholeFlags) with(cmd *cobra.Command, limit time.Duration, do func(context.Context, *cluster.Admin) error) error {
	ctx, stop := interruptible()
	defer stop()
	admin, done, err := f.connect(ctx, cmd)
	if err != nil {
		return err
	}
	defer done()
	if err := admin.Reach(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx, admin)
}

// connect connects to the cluster that is meant, and returns what to call when it is not needed any
// more.
func (f *wholeFlags) connect(ctx context.Context, cmd *cobra.Command) (*cluster.Admin, func(), error) {
	if err := checkAddresses(cmd); err != nil {
		return nil, nil, err
	}
	seeds := addresses(f.seeds)
	if len(seeds) == 0 && f.prefix == "" {
		seeds = addresses([]string{os.Getenv("MGMT_SEEDS")})
	}
	if len(seeds) == 0 && f.sshURL != "" {
		return nil, nil, usagef(cmd, "--ssh-url is how the seeds are reached: give --seeds, its addresses as seen from that host")
	}
	if len(seeds) == 0 {
		admin, err := f.admin()
		if err != nil {
			return nil, nil, err
		}
		return admin, admin.Close, nil
	}
	for i, seed := range seeds {
		if err := cluster.CheckSeed(seed); err != nil {
			return nil, nil, usagef(cmd, "--seeds: %w", err)
		}
		if f.sshURL != "" {
			seeds[i] = withPort(seed)
		}
	}
	dir, err := f.dir()
	if err != nil {
		return nil, nil, err
	}
	users, err := trusted(dir)
	if err != nil {
		return nil, nil, err
	}
	through, leave, err := f.tryGateway(ctx, cmd, seeds)
	if err != nil {
		return nil, nil, err
	}
	admin, err := cluster.AdminAt(etcd.Way{Through: through, Users: users}, seeds, pki.Dir(filepath.Join(dir, pkiDir)))
	if err != nil {
		leave()
		return nil, nil, err
	}
	return admin, func() { admin.Close(); leave() }, nil
}

// standingFlags are those of commands that show a cluster.
type standingFlags struct{ wholeFlags }

func (f *standingFlags) register(cmd *cobra.Command) {
	f.wholeFlags.register(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "JSON instead of words")
}

// report asks the cluster how it is, and shows that.
func (f *standingFlags) report(cmd *cobra.Command, io *streams, show func(goio.Writer, *cluster.Standing)) (r *cluster.Standing, err error) {
	err = f.with(cmd, clusterLimit, func(ctx context.Context, admin *cluster.Admin) error {
		r, err = admin.Standing(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if f.json {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		return r, enc.Encode(r)
	}
	show(io.out, r)
	return r, nil
}

func clusterStatusCommand(io *streams) *cobra.Command {
	var f standingFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the state of the cluster",
		Long: `Status shows the state of the cluster: how many of its servers answer, which one leads,
which hosts are alive and how many of them have converged, how full the store is, and what ails it.

Exit status: 0 all is well, 1 too few servers answer, or something ails the store, 2 wrong usage.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := f.report(cmd, io, showCluster)
			if err == nil && (!r.Quorate() || len(r.Alarms) > 0) {
				err = errReported
			}
			return err
		},
	}
	f.register(cmd)
	return cmd
}

// showCluster prints the state of a cluster.
func showCluster(w goio.Writer, r *cluster.Standing) {
	answers, leader := 0, "none leads"
	var used, quota int64
	for _, m := range r.Members {
		if m.Version != "" {
			answers++
		}
		if m.State == cluster.Leads {
			leader = m.Host + " leads"
		}
		used, quota = max(used, m.Size), max(quota, m.Quota)
	}
	verb := "answer"
	if len(r.Members) == 1 {
		verb = "answers"
	}
	fmt.Fprintf(w, "cluster %s: %d of %s %s, %s\n", r.Cluster, answers, count(len(r.Members), "server"), verb, leader)
	if !r.Quorate() {
		fmt.Fprintln(w, "too few servers answer: nothing that is shared can change until more of them run")
	}
	if r.Wanted > 0 {
		fmt.Fprintf(w, "wanted: %s\n", count(r.Wanted, "server"))
	}
	if len(r.Hosts) > 0 {
		fmt.Fprintf(w, "alive: %s: %s\n", count(len(r.Hosts), "host"), shorten(r.Hosts, 10))
	}
	if len(r.Converged) > 0 {
		fmt.Fprintf(w, "converged: %d of %s\n", len(r.Converged), count(len(r.Hosts), "host"))
	}
	if quota > 0 {
		fmt.Fprintf(w, "store: %s of %s\n", size(used), size(quota))
	}
	for i, u := range r.Uses {
		if i == 0 {
			fmt.Fprintln(w, "it has, without what was removed and is there still:")
		}
		fmt.Fprintf(w, "  %s in %s\n", u, count(u.Keys, "key"))
	}
	for _, alarm := range r.Alarms {
		fmt.Fprintf(w, "alarm: %s\n", alarm)
	}
}

// shorten joins names, and says how many there are more than fit.
func shorten(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// size writes a number of bytes for people.
func size(n int64) string { return etcd.Size(n).String() }

func clusterMembersCommand(io *streams) *cobra.Command {
	var f standingFlags
	cmd := &cobra.Command{
		Use:   "members",
		Short: "List the servers of the cluster",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := f.report(cmd, io, showMembers)
			return err
		},
	}
	f.register(cmd)
	return cmd
}

func showMembers(w goio.Writer, r *cluster.Standing) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "HOST\tSTATE\tETCD\tSIZE\tCLIENTS\tPEERS")
	for _, m := range r.Members {
		host, version := m.Host, m.Version
		if host == "" {
			host = "(not started)"
		}
		if version == "" {
			version = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", host, m.State, version, size(m.Size), strings.Join(m.Clients, ","), strings.Join(m.Peers, ","))
	}
}

func clusterForgetCommand(io *streams) *cobra.Command {
	var f wholeFlags
	cmd := &cobra.Command{
		Use:   "forget HOST",
		Short: "Remove a dead host from the cluster, with what it has left",
		Long: `Forget removes a host that does not come back: its server is taken out of the cluster, and what
it exported is deleted. Values that it shared stay. The agent of the host is to be stopped first;
to lock out one that runs, revoke its certificate.

A host that only restarts needs no forgetting, and a server whose host is gone for more than some
seconds is replaced without it, as long as more than half of the servers run.`,
		Args: oneName("host"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, clusterLimit, func(ctx context.Context, admin *cluster.Admin) error {
				n, err := admin.Forget(ctx, args[0])
				if err == nil {
					fmt.Fprintf(io.out, "%s is forgotten: %s of it deleted\n", args[0], count(n, "key"))
				}
				return err
			})
		},
	}
	f.register(cmd)
	return cmd
}

// oneName demands one argument.
func oneName(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usagef(cmd, "name one %s", what)
		}
		return nil
	}
}

// storeLimit is how long reading or writing all of a store may take.
const storeLimit = 10 * time.Minute

func clusterSnapshotCommand(io *streams) *cobra.Command {
	var f wholeFlags
	cmd := &cobra.Command{
		Use:   "snapshot FILE",
		Short: "Write all that the cluster shares to a file",
		Long: `Snapshot writes the store of the cluster to a file that must not exist yet, and that only its
owner can read. It is in the form of etcd's own snapshots.`,
		Args: oneName("file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, storeLimit, func(ctx context.Context, admin *cluster.Admin) error {
				n, err := admin.Snapshot(ctx, args[0])
				if err == nil {
					fmt.Fprintf(io.out, "%s: %s\n", args[0], size(n))
				}
				return err
			})
		},
	}
	f.register(cmd)
	return cmd
}

func clusterRestoreCommand(io *streams) *cobra.Command {
	var f wholeFlags
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Bring back what a snapshot has",
		Long: `Restore makes what the cluster shares be what a snapshot has: values, exports and deploys; what is
not in it is deleted. The cluster that runs stays as it is: its servers, its hosts and their
certificates. If the cluster that the snapshot is of was lost, begin a new one by running an
agent with an empty working directory, and restore to that.`,
		Args: oneName("file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil {
				return fmt.Errorf("there is no snapshot to restore: %w", err)
			}
			return f.with(cmd, storeLimit, func(ctx context.Context, admin *cluster.Admin) error {
				n, err := admin.Restore(ctx, args[0])
				if err == nil {
					fmt.Fprintf(io.out, "%s restored\n", count(n, "key"))
				}
				return err
			})
		},
	}
	f.register(cmd)
	return cmd
}

func clusterCompactCommand(io *streams) *cobra.Command {
	var f wholeFlags
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Make room in the store, so that it takes writes again if it was full",
		Long: `Compact gives up the history of the store, and what its servers keep of their files without need.
If the store was full, and is not any more, it takes writes again. Remove first what nobody needs:
old deploys with mgmt deploy prune, dead hosts with mgmt cluster forget.

The servers do this one after the other; each answers nobody while it does. A cluster whose servers
are run by its agents does this by itself; etcd that is run otherwise may need it often.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.with(cmd, storeLimit, func(ctx context.Context, admin *cluster.Admin) error {
				done, err := admin.Compact(ctx)
				for _, s := range done {
					fmt.Fprintf(io.out, "%s: %s\n", s.Host, shrunk(s))
				}
				return err
			})
		},
	}
	f.register(cmd)
	return cmd
}

// shrunk says what has become of the data of a server.
func shrunk(s cluster.Shrinking) string {
	if s.Err != nil {
		return s.Err.Error()
	}
	return fmt.Sprintf("from %s to %s, of %s", size(s.Before), size(s.After), size(s.Quota))
}
