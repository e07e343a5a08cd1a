package main

import (
	"context"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mgmt/cluster/tunnel"
	"mgmt/world/etcd"
)

// sshFlags say how the store of a cluster is reached from another host.
type sshFlags struct{ sshURL, sshHostKey, sshID string }

func (f *sshFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.sshURL, "ssh-url", "", "reach the seeds from the `host` [ssh://][USER@]HOST[:PORT], through SSH")
	flags.StringVar(&f.sshHostKey, "ssh-hostkey", "", "the only host `key` that it may show, in base64, in place of ~/.ssh/known_hosts")
	flags.StringVar(&f.sshID, "ssh-id", "", "log in there with the key in this `file`, in place of those of the ssh-agent and of ~/.ssh")
}

// gateway returns what reaches the seeds, nil if that is done directly, and what to call when it
// is not needed any more.
func (f *sshFlags) gateway(cmd *cobra.Command, log *slog.Logger) (etcd.Dialer, func(), error) {
	gateway, err := f.tunnel(cmd, log)
	if err != nil || gateway == nil {
		return nil, func() {}, err
	}
	return gateway.Dial, func() { gateway.Close() }, nil
}

// tryGateway is gateway once one of the seeds can be reached through it; it says why none can.
func (f *sshFlags) tryGateway(ctx context.Context, cmd *cobra.Command, seeds []string) (etcd.Dialer, func(), error) {
	gateway, err := f.tunnel(cmd, nil)
	if err != nil || gateway == nil {
		return nil, func() {}, err
	}
	if err := reachable(ctx, gateway, seeds); err != nil {
		gateway.Close()
		return nil, nil, err
	}
	return gateway.Dial, func() { gateway.Close() }, nil
}

// reachable returns nil if one of the seeds can be reached through a gateway, and else why not.
func reachable(ctx context.Context, gateway *tunnel.Dialer, seeds []string) error {
	if err := gateway.Connect(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	var failed error
	for _, seed := range seeds {
		_, address, found := strings.Cut(seed, "://")
		if !found || strings.HasPrefix(seed, "unix:") {
			address = seed
		}
		conn, err := gateway.Dial(ctx, address)
		if err == nil {
			return conn.Close()
		}
		failed = err
	}
	return failed
}

// tunnel returns what reaches the seeds, nil if that is done directly.
func (f *sshFlags) tunnel(cmd *cobra.Command, log *slog.Logger) (*tunnel.Dialer, error) {
	if f.sshURL == "" {
		if f.sshHostKey != "" || f.sshID != "" {
			return nil, usagef(cmd, "--ssh-hostkey and --ssh-id go with --ssh-url")
		}
		return nil, nil
	}
	gateway, err := tunnel.ParseGateway(f.sshURL)
	if err != nil {
		return nil, usagef(cmd, "--ssh-url: %w", err)
	}
	if f.sshHostKey != "" {
		gateway.Key = f.sshHostKey
	}
	return tunnel.New(tunnel.Options{Gateway: gateway, Identity: f.sshID, Log: log})
}
