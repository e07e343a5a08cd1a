package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mgmt/cluster"
	"mgmt/cluster/pki"
	"mgmt/deploy"
	"mgmt/world"
	"mgmt/world/etcd"
)

// clusterFlags say how an agent takes part in a cluster.
type clusterFlags struct {
	seeds, clientURLs, serverURLs            []string
	advertiseClientURLs, advertiseServerURLs []string

	idealSize int
	noServer  bool
	noMagic   bool
	noNetwork bool
	insecure  bool
	token     string
	tokenFile string
	joinPort  uint16
	quota     uint
	users     []string // of this machine
	tls       cluster.TLSFiles
	sshFlags
}

// maxQuota is the largest --store-quota, a TiB.
const maxQuota = 1 << 20

// clusterVariables are what the environment says in place of flags.
var clusterVariables = map[string]string{
	"seeds":                 "MGMT_SEEDS",
	"client-urls":           "MGMT_CLIENT_URLS",
	"server-urls":           "MGMT_SERVER_URLS",
	"advertise-client-urls": "MGMT_ADVERTISE_CLIENT_URLS",
	"advertise-server-urls": "MGMT_ADVERTISE_SERVER_URLS",
	"no-network":            "MGMT_NO_NETWORK",
	"ideal-cluster-size":    "MGMT_IDEAL_CLUSTER_SIZE",
	"token":                 tokenVariable,
	"token-file":            "MGMT_TOKEN_FILE",
	"local-users":           usersVariable,
}

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.seeds, "seeds", nil, "`addresses` of the cluster to join, as host:port (MGMT_SEEDS)")
	flags.StringVar(&f.token, "token", "", "the `token` that mgmt cluster token printed on a host of the cluster: it gets this one a certificate; other users see it in lists of processes, unlike the variable (MGMT_TOKEN)")
	flags.StringVar(&f.tokenFile, "token-file", "", "the `file` that has the token, in its place (MGMT_TOKEN_FILE)")
	flags.BoolVar(&f.noServer, "no-server", false, "be a client of the cluster only")
	flags.IntVar(&f.idealSize, "ideal-cluster-size", -1, "`number` of servers that a cluster which begins here is to have; -1 is 5 (MGMT_IDEAL_CLUSTER_SIZE)")
	flags.StringArrayVar(&f.clientURLs, "client-urls", nil, "`URLs` where the server here listens for clients (MGMT_CLIENT_URLS)")
	flags.StringArrayVar(&f.serverURLs, "server-urls", nil, "`URLs` where it listens for other servers (MGMT_SERVER_URLS)")
	flags.StringArrayVar(&f.serverURLs, "peer-urls", nil, "the same `URLs` by another name")
	flags.StringArrayVar(&f.advertiseClientURLs, "advertise-client-urls", nil, "`URLs` where clients reach it, if not there (MGMT_ADVERTISE_CLIENT_URLS)")
	flags.StringArrayVar(&f.advertiseServerURLs, "advertise-server-urls", nil, "`URLs` where other servers reach it, if not there (MGMT_ADVERTISE_SERVER_URLS)")
	flags.StringArrayVar(&f.advertiseServerURLs, "advertise-peer-urls", nil, "the same `URLs` by another name")
	flags.BoolVar(&f.noNetwork, "no-network", false, "let the server listen on a socket only (MGMT_NO_NETWORK)")
	flags.BoolVar(&f.noMagic, "no-magic", false, "stay at the seeds, whatever servers there are; with --no-server")
	flags.Uint16Var(&f.joinPort, "join-port", pki.DefaultPort, "`port` where this host lets others in, if it can")
	flags.UintVar(&f.quota, "store-quota", 0, "`MiB` that the store of the server here may take; 0 is 2048")
	f.sshFlags.register(flags)
	flags.StringArrayVar(&f.users, "local-users", nil, "other `users` of this machine, by name or number, who are trusted without TLS, as root and the user of this agent are: their programs reach the server here, and their servers are taken for the cluster (MGMT_LOCAL_USERS)")
	flags.BoolVar(&f.insecure, "insecure", false, "allow the network without TLS")
	flags.StringVar(&f.tls.CA, "tls-ca", "", "`file` with the certificates of those to trust, in place of the cluster's own")
	flags.StringVar(&f.tls.Cert, "tls-cert", "", "`file` with the certificate of this host")
	flags.StringVar(&f.tls.Key, "tls-key", "", "`file` with its key")
}

// asked reports whether somebody wants this agent to be part of a cluster.
func (f *clusterFlags) asked() bool {
	return len(f.seeds)+len(f.clientURLs)+len(f.serverURLs)+len(f.advertiseClientURLs)+len(f.advertiseServerURLs) > 0 || f.noNetwork || f.token != "" || f.tokenFile != "" || f.sshURL != ""
}

// membership returns what takes the agent into a cluster; through reaches the store, if it is not
// reached directly.
func (f *clusterFlags) membership(cmd *cobra.Command, hostname, prefix string, log *slog.Logger, connected func(bool), through etcd.Dialer) (*cluster.Membership, error) {
	if f.idealSize == 0 || f.idealSize < -1 {
		return nil, usagef(cmd, "--ideal-cluster-size is a number of servers, or -1 for the usual one")
	}
	if err := checkAddresses(cmd); err != nil {
		return nil, err
	}
	if f.quota > maxQuota {
		return nil, usagef(cmd, "--store-quota is a number of MiB up to %d", maxQuota)
	}
	files, err := f.tlsFiles(cmd)
	if err != nil {
		return nil, err
	}
	if hostname == "" {
		if hostname, err = os.Hostname(); err != nil {
			return nil, err
		}
	}
	certificates := pki.Dir(filepath.Join(prefix, pkiDir))
	token, err := f.readToken(cmd, certificates)
	if err != nil {
		return nil, err
	}
	users, err := parseUsers(f.users...)
	if err != nil {
		return nil, usagef(cmd, "--local-users: %w", err)
	}
	opts := cluster.Options{
		OnHealth: func(h etcd.Health) { connected(h.Connected || errors.Is(h.Err, etcd.ErrFull)) },
		Host:     hostname, Dir: filepath.Join(prefix, memberDir), Log: log,
		Seeds: addresses(f.seeds), NoServer: f.noServer, Fixed: f.noMagic, Wanted: max(f.idealSize, 0),
		ClientURLs: addresses(f.clientURLs), ServerURLs: addresses(f.serverURLs),
		AdvertiseClientURLs: addresses(f.advertiseClientURLs), AdvertiseServerURLs: addresses(f.advertiseServerURLs),
		NoNetwork: f.noNetwork, Insecure: f.insecure, TLS: files, LocalUsers: users,
		PKI: certificates, Token: token, JoinPort: int(f.joinPort), Through: through,
		Tidy: tidy, Quota: int64(f.quota) << 20,
	}
	if path, err := cluster.Program(); err == nil {
		opts.Launcher = cluster.Command{Path: path, Log: log}
	}
	m, err := cluster.NewMembership(opts, f.asked())
	if err != nil {
		return nil, usagef(cmd, "%w", err)
	}
	if f.insecure && !f.noNetwork {
		log.Warn("--insecure: what the agents share crosses the network in plain text, for all to read and to change")
	}
	return m, nil
}

// tidy removes the deploys that publishing another one would.
func tidy(ctx context.Context, store world.KV) (int, error) {
	gone, err := deploy.Prune(ctx, store, deploy.DefaultKeep)
	return len(gone), err
}

// tlsFiles returns the files of the certificate, nil if none are given.
func (f *clusterFlags) tlsFiles(cmd *cobra.Command) (*cluster.TLSFiles, error) {
	switch t := f.tls; {
	case t == cluster.TLSFiles{}:
		return nil, nil
	case t.CA == "" || t.Cert == "" || t.Key == "":
		return nil, usagef(cmd, "--tls-ca, --tls-cert and --tls-key go together")
	}
	return &f.tls, nil
}
