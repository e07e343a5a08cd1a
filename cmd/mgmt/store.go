package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mgmt/cluster"
	"mgmt/cluster/pki"
	"mgmt/world"
	"mgmt/world/etcd"
	"mgmt/world/peercred"
)

// storeFlags say how to reach the store of a cluster. On a host of the cluster, its agent knows.
type storeFlags struct {
	agent agentFlags
	seeds []string
	tls   cluster.TLSFiles
	sshFlags
}

func (f *storeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.seeds, "seeds", nil, "`addresses` of the cluster, as host:port (MGMT_SEEDS); on a host of it, its agent knows them")
	flags.StringVar(&f.agent.prefix, "prefix", "", "working `directory` of that agent (MGMT_PREFIX)")
	flags.StringVar(&f.tls.CA, "tls-ca", "", "`file` with the certificates of those to trust")
	flags.StringVar(&f.tls.Cert, "tls-cert", "", "`file` with the certificate to show; the default is that of the agent")
	flags.StringVar(&f.tls.Key, "tls-key", "", "`file` with its key")
	f.sshFlags.register(flags)
}

// reachLimit is how long a command tries to reach a cluster.
const reachLimit = 5 * time.Second

// reasonLimit is how long it may take to find out why it does not answer.
const reasonLimit = 2 * time.Second

// open reaches the store, and returns what to call when it is not needed any more.
func (f *storeFlags) open(ctx context.Context, cmd *cobra.Command) (world.KV, func(), error) {
	store, done, err := f.connect(ctx, cmd)
	if err != nil {
		return nil, nil, err
	}
	if err := store.answers(ctx); err != nil {
		done()
		return nil, nil, err
	}
	return store.KV, done, nil
}

// A remoteStore is a store that may not have been reached.
type remoteStore struct {
	world.KV
	seeds  []string
	reason func(context.Context) error // why it is not reached; nil if it is
}

// connect begins to reach the store, and returns what to call when it is not needed any more.
func (f *storeFlags) connect(ctx context.Context, cmd *cobra.Command) (*remoteStore, func(), error) {
	seeds, err := f.where(cmd)
	if err != nil {
		return nil, nil, err
	}
	config, err := f.client(cmd, seeds)
	if err != nil {
		return nil, nil, err
	}
	users, err := f.users()
	if err != nil {
		return nil, nil, err
	}
	through, leave, err := f.tryGateway(ctx, cmd, seeds)
	if err != nil {
		return nil, nil, err
	}
	client, err := etcd.Way{Through: through, Users: users}.Dial(seeds, config)
	if err != nil {
		leave()
		return nil, nil, err
	}
	done := func() {
		client.Close()
		leave()
	}
	return &remoteStore{etcd.New(client, etcd.Options{}).KV(), seeds, func(ctx context.Context) error { return etcd.Reason(ctx, client) }}, done, nil
}

// answers returns nil when the store has answered.
func (s *remoteStore) answers(ctx context.Context) error {
	reach, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	if _, err := s.Get(reach, "/deploy/"); err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	where := strings.Join(s.seeds, ", ")
	why, cancel := context.WithTimeout(ctx, reasonLimit)
	defer cancel()
	switch err := s.reason(why); {
	case err == nil:
		return fmt.Errorf("the cluster at %s takes no requests: too few of its servers run, or none leads yet; mgmt cluster status shows them", where)
	case ctx.Err() != nil:
		return ctx.Err()
	case etcd.Refused(err):
		return fmt.Errorf("asking the cluster at %s: %w", where, err)
	default:
		return fmt.Errorf("the cluster does not answer at %s; is that where it is, and how it is reached? (%w)", where, err)
	}
}

// users returns those of this machine whose servers are taken for the cluster.
func (f *storeFlags) users() (peercred.Users, error) {
	dir, err := f.agent.dir()
	if err != nil {
		dir = "" // which nobody has
	}
	return trusted(dir)
}

// where returns the addresses of the cluster.
func (f *storeFlags) where(cmd *cobra.Command) ([]string, error) {
	if err := checkAddresses(cmd); err != nil {
		return nil, err
	}
	seeds := addresses(f.seeds)
	if len(seeds) == 0 {
		seeds = addresses([]string{os.Getenv("MGMT_SEEDS")})
	}
	if len(seeds) > 0 {
		for i, seed := range seeds {
			if err := cluster.CheckSeed(seed); err != nil {
				return nil, usagef(cmd, "--seeds: %w", err)
			}
			seeds[i] = withPort(seed)
		}
		return seeds, nil
	}
	dir, err := f.agent.dir()
	if err == nil {
		seeds = cluster.Endpoints(filepath.Join(dir, memberDir))
	}
	if len(seeds) == 0 {
		return nil, usagef(cmd, "say where the cluster is: --seeds HOST:PORT")
	}
	return seeds, nil
}

// client returns how this command shows itself; nil is not at all.
func (f *storeFlags) client(cmd *cobra.Command, seeds []string) (*tls.Config, error) {
	files := f.tls
	if dir, err := f.agent.dir(); files == (cluster.TLSFiles{}) && err == nil {
		if d := pki.Dir(filepath.Join(dir, pkiDir)); d.HasCertificate() {
			files = d.Files()
		}
	}
	secure := slices.ContainsFunc(seeds, func(s string) bool { return strings.HasPrefix(s, "https:") })
	plain := slices.ContainsFunc(seeds, func(s string) bool { return strings.HasPrefix(s, "http:") || strings.HasPrefix(s, "unix:") })
	switch {
	case files == cluster.TLSFiles{} && secure:
		return nil, usagef(cmd, "%s is reached with a certificate: give --tls-ca, --tls-cert and --tls-key", seeds[0])
	case files == cluster.TLSFiles{}, f.tls == cluster.TLSFiles{} && plain:
		return nil, nil
	case files.CA == "" || files.Cert == "" || files.Key == "":
		return nil, usagef(cmd, "--tls-ca, --tls-cert and --tls-key go together")
	}
	return files.Client()
}

// withPort adds the usual port to the address of a store that has none.
func withPort(seed string) string {
	scheme, host, found := strings.Cut(seed, "://")
	switch {
	case !found:
		host = seed
	case scheme != "http" && scheme != "https":
		return seed
	}
	if _, _, err := net.SplitHostPort(host); err == nil {
		return seed
	}
	return strings.TrimSuffix(seed, host) + net.JoinHostPort(strings.Trim(host, "[]"), "2379")
}

// addresses splits the values of a flag, which may hold several addresses each.
func addresses(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",; ", r) })...)
	}
	return out
}

// checkAddresses refuses a flag that was to have addresses and has none: a variable that it was made of
// may be empty. Without seeds, a host would begin a cluster of its own.
func checkAddresses(cmd *cobra.Command) error {
	var empty string
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if list, ok := flag.Value.(pflag.SliceValue); ok && addressFlags[flag.Name] && len(addresses(list.GetSlice())) == 0 {
			empty = flag.Name
		}
	})
	if empty == "" {
		return nil
	}
	return usagef(cmd, "--%s is given without an address", empty)
}

var addressFlags = map[string]bool{
	"seeds": true, "client-urls": true, "server-urls": true, "peer-urls": true,
	"advertise-client-urls": true, "advertise-server-urls": true, "advertise-peer-urls": true,
}
