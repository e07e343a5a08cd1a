package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mgmt/cluster/pki"
	"mgmt/world"
	"mgmt/world/etcd"
)

// storeFlags say how to reach the store of a cluster.
type storeFlags struct {
	seeds []string
	tls   pki.Files
}

func (f *storeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.seeds, "seeds", nil, "`addresses` of the cluster, as host:port (MGMT_SEEDS)")
	flags.StringVar(&f.tls.CA, "tls-ca", "", "`file` with the certificates of those to trust")
	flags.StringVar(&f.tls.Cert, "tls-cert", "", "`file` with the certificate to show")
	flags.StringVar(&f.tls.Key, "tls-key", "", "`file` with its key")
}

// reachLimit is how long a command tries to reach a cluster.
const reachLimit = 5 * time.Second

// open reaches the store, and returns what to call when it is not needed any more.
func (f *storeFlags) open(ctx context.Context, cmd *cobra.Command) (world.KV, func(), error) {
	seeds := addresses(f.seeds)
	if len(seeds) == 0 {
		seeds = addresses([]string{os.Getenv("MGMT_SEEDS")})
	}
	if len(seeds) == 0 {
		return nil, nil, usagef(cmd, "say where the cluster is: --seeds HOST:PORT")
	}
	var given int
	for _, name := range []string{f.tls.CA, f.tls.Cert, f.tls.Key} {
		given += min(len(name), 1)
	}
	secure := slices.ContainsFunc(seeds, func(s string) bool { return strings.HasPrefix(s, "https:") })
	switch {
	case given%3 != 0:
		return nil, nil, usagef(cmd, "--tls-ca, --tls-cert and --tls-key go together")
	case secure && given == 0:
		return nil, nil, usagef(cmd, "%s is reached with a certificate: give --tls-ca, --tls-cert and --tls-key", seeds[0])
	}
	store, done, err := f.dial(seeds, given > 0)
	if err != nil {
		return nil, nil, err
	}
	reach, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	if _, err := store.Get(reach, "/"); err != nil {
		done()
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, nil, fmt.Errorf("the cluster does not answer at %s; is that where it is, and how it is reached?", strings.Join(seeds, ", "))
	}
	return store, done, nil
}

func (f *storeFlags) dial(seeds []string, secure bool) (world.KV, func(), error) {
	client, err := etcd.Dial(seeds, nil)
	if secure {
		config, bad := f.tls.Client()
		if bad != nil {
			return nil, nil, bad
		}
		client, err = etcd.Dial(seeds, config)
	}
	if err != nil {
		return nil, nil, err
	}
	return etcd.New(client, etcd.Options{}).KV(), func() { client.Close() }, nil
}

// addresses splits the values of a flag, which may hold several addresses each.
func addresses(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",; ", r) })...)
	}
	return out
}
