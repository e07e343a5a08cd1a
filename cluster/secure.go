package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"mgmt/cluster/pki"
)

// Keys of certificates, below the namespace of the store.
const (
	pkiPrefix    = "/pki/"
	signerPrefix = "/signer/" // URLs of those who renew certificates, by host
)

// ErrNoCertificate is why a host does not join a cluster without a token.
var ErrNoCertificate = errors.New("this host has no certificate of the cluster")

// secure has the host use the certificate that its cluster issues to it, unless it brings one along
// or needs none.
func (o *Options) secure() error {
	if o.TLS != nil || o.PKI == "" || o.Insecure || o.NoNetwork {
		if o.Token != nil {
			return errors.New("a token gets a certificate of the cluster's own: --token goes with none of --tls-cert, --insecure and --no-network")
		}
		return nil
	}
	all := slices.Concat(o.ClientURLs, o.ServerURLs, o.AdvertiseClientURLs, o.AdvertiseServerURLs)
	for _, seed := range o.Seeds {
		all = append(all, completeSeed(seed, true))
	}
	needed := slices.ContainsFunc(all, func(u string) bool { return strings.HasPrefix(u, "https://") })
	if needed || o.Token != nil || o.PKI.HasCertificate() {
		files := o.PKI.Files()
		o.TLS, o.managed = &files, true
	}
	switch has := o.PKI.HasCertificate(); {
	case !o.managed || has:
		return nil
	case o.Token != nil && len(o.Seeds) == 0:
		return errors.New("a token lets this host into the cluster of others: give --seeds along with --token")
	case o.Token == nil && len(o.Seeds) > 0:
		return fmt.Errorf("%w: run mgmt cluster token on one of its hosts, and give what that prints to this one by --token", ErrNoCertificate)
	}
	return nil
}

// names returns the names and addresses at which others reach this host. An address that the host
// has found by itself is left out: the signer adds it if the request comes from there.
func (o *Options) names() []string {
	if o.found != nil {
		return nil
	}
	var out []string
	for _, text := range slices.Concat(o.ClientURLs, o.ServerURLs, o.AdvertiseClientURLs, o.AdvertiseServerURLs) {
		if u, err := url.Parse(text); err == nil && u.Scheme == "https" {
			if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsUnspecified() {
				out = append(out, u.Hostname())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// dial returns how signers are reached; nil is directly.
func (o *Options) dial() pki.Dial {
	if o.Through == nil {
		return nil
	}
	return func(ctx context.Context, _, addr string) (net.Conn, error) { return o.Through(ctx, addr) }
}
