package cluster

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/cluster/pki"
	"mgmt/world/etcd"
	"mgmt/world/peercred"
)

// An Admin decides who is of the cluster that the agent of this host belongs to.
type Admin struct {
	client       *clientv3.Client
	certificates pki.Dir
	store        pki.Store
}

var (
	// ErrNoCluster is why there is nothing to decide.
	ErrNoCluster = errors.New("no agent has been part of a cluster here")
	// ErrNoAuthority is why nobody can be invited to a cluster.
	ErrNoAuthority = errors.New("this cluster has no authority, for nothing of it listens beyond this machine: run its first agent with --client-urls https://ADDRESS:2379 --server-urls https://ADDRESS:2380")
	// ErrNoSigner is why nobody can be invited at present.
	ErrNoSigner = errors.New("no host lets others into this cluster at present: those that have the key of its authority (pki/ca.key) do not run, or do not listen for clients at https URLs")
)

// NewAdmin connects to the cluster of the agent with some directories, Options.Dir and Options.PKI,
// at servers of users of this machine as in etcd.Way.
func NewAdmin(dir string, users peercred.Users, certificates pki.Dir) (*Admin, error) {
	m := memory{dir}
	endpoints := m.endpoints()
	if _, err := os.Stat(m.path("endpoints")); errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("only root and the user of the agent may look into its working directory: %w", err)
	}
	if len(endpoints) == 0 {
		return nil, fmt.Errorf("%w: %s has no addresses of one; is the agent running, and is this its working directory (--prefix)? A store that agents do not run themselves is named by --seeds", ErrNoCluster, dir)
	}
	return dialAdmin(etcd.Way{Users: users}, endpoints, certificates)
}

// AdminAt connects to a cluster by some of its client URLs, or HOST or HOST:PORT. in some
// way.
func AdminAt(way etcd.Way, seeds []string, certificates pki.Dir) (*Admin, error) {
	var endpoints []string
	for _, seed := range seeds {
		u := completeSeed(seed, certificates.HasCertificate())
		if !strings.HasPrefix(u, "http") && !strings.HasPrefix(u, "unix:") {
			return nil, notAddress(seed)
		}
		endpoints = append(endpoints, u)
	}
	return dialAdmin(way, endpoints, certificates)
}

func dialAdmin(way etcd.Way, endpoints []string, certificates pki.Dir) (*Admin, error) {
	var config *tls.Config
	if certificates.HasCertificate() {
		var err error
		if config, err = certificates.Files().Client(); err != nil {
			return nil, err
		}
	}
	client, err := way.Dial(endpoints, config)
	if err != nil {
		return nil, err
	}
	return &Admin{client: client, certificates: certificates, store: certificatesOf(client)}, nil
}

// Endpoints returns where the agent with a directory, Options.Dir, has reached its cluster; none if it
// has not been part of one.
func Endpoints(dir string) []string { return memory{dir}.endpoints() }

// Close ends the connection.
func (a *Admin) Close() { a.client.Close() }

// Invite returns a token, and the hosts that let in whom it invites. Their port and the authority
// need not be given.
func (a *Admin) Invite(ctx context.Context, i pki.Invitation) (token pki.Token, hosts []string, err error) {
	if i.Authority, err = a.certificates.Fingerprint(); err != nil {
		return token, nil, fmt.Errorf("%w (%w)", ErrNoAuthority, err)
	}
	if hosts, i.Port, err = a.signers(ctx); err != nil {
		return token, nil, a.slow(err)
	}
	token, err = pki.NewToken(ctx, a.store, i)
	return token, hosts, a.slow(err)
}

// signers returns the hosts that let others in, and the port at which they do.
func (a *Admin) signers(ctx context.Context) (hosts []string, port uint16, err error) {
	urls, err := signerURLs(ctx, a.client)
	if err != nil {
		return nil, 0, err
	}
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil {
			continue
		}
		p, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			continue
		}
		if port == 0 {
			port = uint16(p)
		}
		if port == uint16(p) && !slices.Contains(hosts, u.Hostname()) {
			hosts = append(hosts, u.Hostname())
		}
	}
	if len(hosts) == 0 {
		return nil, 0, ErrNoSigner
	}
	return hosts, port, nil
}

// Revoke makes the certificates of a host count no longer, takes its server out, waits until all
// hosts can know, and returns how many certificates there were.
func (a *Admin) Revoke(ctx context.Context, host string) (int, error) {
	n, err := pki.Revoke(ctx, a.store, host)
	if err != nil {
		return 0, a.slow(err)
	}
	if err := a.unseat(ctx, host); err != nil {
		return n, fmt.Errorf("taking the server of %s out of the cluster: %w", host, a.slow(err))
	}
	return n, a.listed(ctx)
}

// unseat removes the server of a host, whose connections with the others stand still, unless it is
// the only one.
func (a *Admin) unseat(ctx context.Context, host string) error {
	resp, err := a.client.MemberList(ctx)
	if err != nil || len(resp.Members) == 1 {
		return err
	}
	for _, m := range resp.Members {
		if m.Name != host {
			continue
		}
		a.avoid(m.ClientURLs)
		w := etcd.New(a.client, etcd.Options{})
		for _, prefix := range []string{volunteerPrefix, nominatedPrefix, endpointsPrefix} {
			if err := w.Delete(ctx, prefix+host); err != nil {
				return err
			}
		}
		// The leader may have been faster, and does it later if the servers have just met.
		_, err := a.client.MemberRemove(ctx, m.ID)
		if err := ignore(err, rpctypes.ErrMemberNotFound, rpctypes.ErrUnhealthy); err != nil {
			return err
		}
	}
	return nil
}

// avoid makes the client go to other servers than one that is reached at some addresses.
func (a *Admin) avoid(urls []string) {
	if rest := without(a.client.Endpoints(), urls); len(rest) > 0 {
		a.client.SetEndpoints(rest...)
	}
}

// listLimit is how long it may take until what is revoked is on the list.
const listLimit = 20 * time.Second

// listed waits until all that is revoked is on the list that hosts follow. A store that has just lost
// a server may not answer at once.
func (a *Admin) listed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		listed, err := pki.Listed(ctx, a.store)
		if listed {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("what was revoked counts until a host runs that has the key of the authority: %w", cmp.Or(err, ctx.Err()))
		}
	}
}

// slow says why the store did not answer in time.
func (a *Admin) slow(err error) error {
	late := []error{context.DeadlineExceeded, rpctypes.ErrTimeout, rpctypes.ErrTimeoutDueToLeaderFail, rpctypes.ErrNoLeader}
	if !slices.ContainsFunc(late, func(e error) bool { return errors.Is(err, e) }) {
		return etcd.Plain(err)
	}
	if unreached := a.Reach(context.Background()); unreached != nil {
		return unreached
	}
	return errNoAgreement
}

// errNoAgreement is why servers that answer do nothing.
var errNoAgreement = errors.New("the cluster takes no requests: too few of its servers run, or none leads yet; mgmt cluster status shows them")

// Reach returns why no server of the cluster answers, nil if one does.
func (a *Admin) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*memberLimit)
	defer cancel()
	reason, where := etcd.Reason(ctx, a.client), strings.Join(a.client.Endpoints(), ", ")
	switch {
	case reason == nil:
		return nil
	case etcd.Refused(reason):
		return fmt.Errorf("asking the cluster at %s: %w", where, reason)
	}
	if a.certificates.HasCertificate() {
		config, err := a.certificates.Files().Client()
		if err != nil {
			return err
		}
		if refused := refusal(ctx, a.client.Endpoints(), config); refused != nil {
			return refused
		}
	}
	return fmt.Errorf("no server of the cluster answers at %s; is the agent running? (%w)", where, reason)
}

// signerURLs returns the URLs of the hosts that let others into a cluster at present, sorted.
func signerURLs(ctx context.Context, client *clientv3.Client) ([]string, error) {
	byHost, err := etcd.New(client, etcd.Options{}).List(ctx, signerPrefix)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, list := range byHost[signerPrefix] {
		out = append(out, splitURLs(list)...)
	}
	slices.Sort(out)
	return out, nil
}

// certificatesOf returns what is stored of certificates and tokens.
func certificatesOf(client *clientv3.Client) pki.Store { return etcd.NewCells(client, pkiPrefix) }
