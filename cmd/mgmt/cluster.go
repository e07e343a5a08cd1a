package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"mgmt/cluster"
	"mgmt/cluster/pki"
)

// Where an agent keeps what it needs for its cluster, below its working directory.
const (
	memberDir = "etcd"
	pkiDir    = "pki"
)

func clusterCommand(io *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Look at a cluster, and decide who is of it",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	cmd.AddCommand(clusterStatusCommand(io), clusterMembersCommand(io), clusterForgetCommand(io),
		clusterSnapshotCommand(io), clusterRestoreCommand(io), clusterCompactCommand(io), tokenCommand(io), revokeCommand(io))
	return cmd
}

// clusterLimit is how long the store of a cluster may take to answer.
const clusterLimit = 10 * time.Second

// admin connects to the cluster of the agent.
func (f *agentFlags) admin() (*cluster.Admin, error) {
	dir, err := f.dir()
	if err != nil {
		return nil, err
	}
	users, err := trusted(dir)
	if err != nil {
		return nil, err
	}
	return cluster.NewAdmin(filepath.Join(dir, memberDir), users, pki.Dir(filepath.Join(dir, pkiDir)))
}

// tokenFlags are the flags of cluster token.
type tokenFlags struct {
	agentFlags
	uses   int
	ttl    time.Duration
	signer bool
	deploy bool
	client bool
}

func tokenCommand(io *streams) *cobra.Command {
	var f tokenFlags
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a token that lets a host into the cluster",
		Long: `Token prints a token, with which a new host gets a certificate of the cluster:

  mgmt cluster token                              on a host of the cluster
  MGMT_TOKEN=… mgmt run --seeds HOST site.mcl     on the new one

Whoever has the token can join until it has been used or has expired. The cluster stores no more
of it than a hash. On a terminal, what to do with it is shown along with it.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, io) },
	}
	cmd.Flags().StringVar(&f.prefix, "prefix", "", "working `directory` of the agent (MGMT_PREFIX)")
	cmd.Flags().IntVar(&f.uses, "uses", 1, "`number` of hosts that it lets in")
	cmd.Flags().DurationVar(&f.ttl, "ttl", time.Hour, "`duration` for which it works")
	cmd.Flags().BoolVar(&f.signer, "signer", false, "give these hosts the key of the authority, so that they let others in and renew certificates")
	cmd.Flags().BoolVar(&f.client, "no-server", false, "let these hosts run no server of the cluster, which would have all that is stored")
	cmd.Flags().BoolVar(&f.deploy, "deploy", false, "let these hosts deploy programs to the cluster")
	return cmd
}

// longestToken is how long a token may work.
const longestToken = 30 * 24 * time.Hour

func (f *tokenFlags) run(cmd *cobra.Command, io *streams) error {
	if f.uses < 1 {
		return usagef(cmd, "--uses is how many hosts the token lets in, one at least")
	}
	if f.ttl <= 0 || f.ttl > longestToken {
		return usagef(cmd, "--ttl is how long the token works: more than 0, and not more than %v", longestToken)
	}
	admin, err := f.admin()
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), clusterLimit)
	defer cancel()
	if err := admin.Reach(ctx); err != nil {
		return err
	}
	token, hosts, err := admin.Invite(ctx, pki.Invitation{Uses: f.uses, TTL: f.ttl, Signer: f.signer, Deploy: f.deploy, Client: f.client})
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, token)
	if io.outTTY {
		fmt.Fprintf(io.err, "It lets %s in until %s, each by\n  MGMT_TOKEN=… mgmt run --seeds %s PROGRAM\n",
			count(f.uses, "host"), time.Now().Add(f.ttl).Format(time.DateTime), hosts[0])
	}
	return nil
}

func revokeCommand(io *streams) *cobra.Command {
	var f agentFlags
	cmd := &cobra.Command{
		Use:   "revoke HOST",
		Short: "Make the certificates of a host count no longer",
		Long: `Revoke makes the certificates of a host count no longer: it is out of the cluster at once, and
its name is free. It can come back with a new token, after its own directory pki is removed.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd, "name one host")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return revoke(cmd, &f, args[0], io) },
	}
	cmd.Flags().StringVar(&f.prefix, "prefix", "", "working `directory` of the agent (MGMT_PREFIX)")
	return cmd
}

func revoke(cmd *cobra.Command, f *agentFlags, host string, io *streams) error {
	admin, err := f.admin()
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), clusterLimit)
	defer cancel()
	if err := admin.Reach(ctx); err != nil {
		return err
	}
	n, err := admin.Revoke(ctx, host)
	if err != nil {
		return err
	}
	if n == 0 {
		fmt.Fprintf(io.out, "the certificates of %s had been revoked before\n", host)
		return nil
	}
	fmt.Fprintf(io.out, "%s of %s revoked\n", count(n, "certificate"), host)
	return nil
}

// count returns a number of things, in words.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
