package cluster

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mgmt/cluster/pki"
	"mgmt/world/etcd"
)

// guard keeps the certificate of this host valid and its revocation list up to date, until ctx
// ends. If the host has the key of the authority, it also answers requests for certificates.
func (n *Node) guard(ctx context.Context) {
	if !n.opts.managed {
		return
	}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		n.world.Follow(ctx, pkiPrefix+pki.ListKey, func(changes map[string]etcd.Change) {
			for _, c := range changes {
				if !c.Exists {
					continue
				}
				if err := n.opts.PKI.SetStoredList([]byte(c.Value)); err != nil {
					n.log.Warn("the revocation list of the cluster is not taken over", "error", err)
				}
			}
		})
	})
	store := certificatesOf(n.client)
	renew := n.renew
	if n.opts.PKI.HasAuthority() {
		authority, err := n.opts.PKI.Authority()
		if err != nil {
			n.log.Warn("this host cannot let others in", "error", err)
			return
		}
		signer := &pki.Signer{Authority: authority, Store: store, Log: n.log}
		renew = func(ctx context.Context) error { return signer.Recertify(ctx, n.opts.PKI, n.opts.names()) }
		all.Go(func() { n.sign(ctx, signer) })
	}
	if !n.opts.PKI.Covers(n.opts.names()) {
		if err := renew(ctx); err != nil {
			n.log.Warn("the certificate of this host lacks addresses by which it is reached", "addresses", n.opts.names(), "error", err)
		}
	}
	if err := pki.Keep(ctx, n.opts.PKI, n.log, renew); ctx.Err() == nil {
		n.log.Warn("the certificate of this host is not renewed", "error", err)
	}
}

// renew asks those who have the key of the authority for a new certificate.
func (n *Node) renew(ctx context.Context) error {
	urls, err := signerURLs(ctx, n.client)
	if err != nil {
		return err
	}
	return pki.Renew(ctx, n.opts.dial(), n.opts.PKI, n.opts.names(), urls)
}

// signPause is how long a signer waits after something failed.
const signPause = 2 * time.Second

// sign lets others in, and keeps the revocation list up to date, until ctx ends.
func (n *Node) sign(ctx context.Context, signer *pki.Signer) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, address := range n.joinAddresses(false) {
		all.Go(func() { n.serveJoins(ctx, signer, address) })
	}
	revoked := make(chan struct{}, 1)
	all.Go(func() {
		n.world.Follow(ctx, pkiPrefix+pki.RevokedKey, func(map[string]etcd.Change) {
			select {
			case revoked <- struct{}{}:
			default: // it is to look already
			}
		})
	})
	n.retry(ctx, "the certificate of this host is not noted yet", func() error { return signer.Adopt(ctx, n.opts.PKI) })
	for {
		n.retry(ctx, "the revocation list is not signed yet", func() error { return signer.Publish(ctx) })
		select {
		case <-ctx.Done():
			return
		case <-revoked:
		}
	}
}

// serveJoins answers those who want a certificate at one address.
func (n *Node) serveJoins(ctx context.Context, signer *pki.Signer, address string) {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		n.retry(ctx, "others are not told that this host renews certificates", func() error {
			return n.world.Hold(ctx, signerPrefix+n.opts.Host, strings.Join(n.joinAddresses(true), ","))
		})
		err = signer.Serve(ctx, n.opts.PKI, listener)
	}
	if ctx.Err() == nil {
		n.log.Warn("no host can join through this address", "address", address, "error", err)
	}
}

// joinAddresses returns where this host lets others in: as HOST:PORT to listen at, or as URLs that
// others use.
func (n *Node) joinAddresses(public bool) []string {
	urls := n.opts.ClientURLs
	if public && len(n.opts.AdvertiseClientURLs) > 0 {
		urls = n.opts.AdvertiseClientURLs
	}
	port := n.opts.JoinPort
	if port == 0 {
		port = pki.DefaultPort
	}
	var out []string
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" {
			continue
		}
		address := net.JoinHostPort(u.Hostname(), strconv.Itoa(port))
		if public {
			address = "https://" + address
		}
		out = append(out, address)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// retry does something until it works or ctx ends.
func (n *Node) retry(ctx context.Context, otherwise string, do func() error) {
	for {
		err := do()
		if err == nil || ctx.Err() != nil {
			return
		}
		n.log.Debug(otherwise, "error", err)
		sleep(ctx, signPause)
	}
}
