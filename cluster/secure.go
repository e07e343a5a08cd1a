package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mgmt/cluster/pki"
	"mgmt/world/etcd"
)

// Keys of certificates, below the namespace of the store.
const (
	pkiPrefix    = "/pki/"
	signerPrefix = "/signer/" // URLs of those who renew certificates, by host
)

// ErrNoCertificate is why a host does not join a cluster without a token.
var ErrNoCertificate = errors.New("this host has no certificate of the cluster")

// secure makes the host show the certificate that its cluster gives it, if it shows any.
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

// names returns by which names and addresses others reach this host. One that it found by itself is in
// its certificate if the signer saw it come from there.
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

// admit makes sure that the host has a certificate, if it needs one: it is here, or the host makes
// the authority of a new cluster, or a token gets it.
func (n *Node) admit(ctx context.Context) error {
	if !n.opts.managed {
		if n.opts.TLS == nil {
			return nil
		}
		return n.opts.TLS.Check("", time.Now())
	}
	dir := n.opts.PKI
	switch {
	case dir.HasCertificate():
	case n.opts.Token != nil:
		return n.joinByToken(ctx)
	default:
		_, err := pki.Found(dir, n.opts.Host, n.opts.names())
		return err
	}
	if err := n.checkToken(); err != nil {
		return err
	}
	err := n.opts.TLS.Check(n.opts.Host, time.Now())
	switch {
	case dir.HasAuthority() && (errors.Is(err, pki.ErrExpired) || err == nil && !dir.Covers(n.opts.names())):
		_, err = pki.Found(dir, n.opts.Host, n.opts.names())
	case errors.Is(err, pki.ErrRevoked) && n.opts.Token == nil:
		return fmt.Errorf("%w; the host may join again with a new token", err)
	case err != nil && n.opts.Token != nil && !dir.HasAuthority():
		n.log.Info("the certificate of this host is of no use, and the token is to get another one", "reason", err)
		return n.joinByToken(ctx)
	}
	return err
}

// heed makes the host run no server if its certificate does not allow it to, or not at the address
// that it has found: then others see it at another one.
func (n *Node) heed() {
	if !n.opts.managed || n.opts.NoServer {
		return
	}
	cert, err := pki.NewCertificateFile(n.opts.TLS.Cert).Certificate()
	if err != nil {
		return
	}
	found := n.opts.found
	switch serves := pki.MayServe(cert); {
	case serves && found == nil:
		return
	case serves && cert.VerifyHostname(found.String()) == nil:
		if err := n.memory.setAddress(found); err != nil {
			n.log.Warn("the address of this host is not noted", "error", err)
		}
		return
	case serves:
		n.log.Info("this host runs no server: it is " + found.String() + " here, and others see it come from elsewhere; --server-urls and --advertise-server-urls say where they reach it")
	case len(n.opts.ServerURLs) > 0 && found == nil:
		n.log.Info("this host runs no server: the token that let it in was made by mgmt cluster token --no-server")
	}
	n.opts.NoServer = true
}

// checkToken refuses a token of another cluster than that of the host.
func (n *Node) checkToken() error {
	if n.opts.Token == nil {
		return nil
	}
	here, err := n.opts.PKI.Fingerprint()
	if err == nil && here != n.opts.Token.Authority {
		err = fmt.Errorf("%w than the certificate of this host; to join that one, move %s away", pki.ErrOtherCluster, string(n.opts.PKI))
	}
	return err
}

// joinByToken asks the seeds for a certificate until one answers.
func (n *Node) joinByToken(ctx context.Context) error {
	newcomer := pki.Newcomer{Dir: n.opts.PKI, Host: n.opts.Host, Names: n.opts.names(), Token: *n.opts.Token, Seeds: n.opts.Seeds, Dial: n.opts.dial()}
	said := reasons{}
	for delay := 100 * time.Millisecond; ; delay = min(2*delay, 10*time.Second) {
		err := newcomer.Join(ctx)
		if err == nil {
			return n.opts.TLS.Check(n.opts.Host, time.Now())
		}
		if !errors.Is(err, pki.ErrUnreachable) || ctx.Err() != nil {
			return err
		}
		n.unwell(err)
		if delay > time.Second && said.anew(err) {
			n.log.Warn("this host waits to be let in; --seeds is to name one that lets others in, as the first host of the cluster does", "error", err)
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
	}
}

// probeLimit is how long a server may take to look at a certificate.
const probeLimit = time.Second

// refusal returns why a server that is reached and this host do not take each other's certificates,
// which clients of etcd keep to themselves.
func (n *Node) refusal(ctx context.Context) error {
	config, err := n.clientTLS()
	if config == nil {
		return err
	}
	for _, text := range n.firstEndpoints() {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" {
			continue
		}
		if err := probe(ctx, u.Host, config); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// probe returns why the certificates of a connection are not taken, nil if they are or if there is
// no connection.
func probe(ctx context.Context, address string, config *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		var invalid *tls.CertificateVerificationError
		if errors.As(err, &invalid) || errors.Is(err, pki.ErrRevoked) {
			return err
		}
		return nil
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetReadDeadline(deadline)
	// A server that takes the certificate says something first; another one hangs up.
	if _, err := conn.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the certificate of this host is refused (%w); if it was revoked, remove the directory pki, and let the host join with a new token", err)
	}
	return nil
}

// guard keeps the certificate of this host and the revocation list, and answers those who want a
// certificate if it has the key of the authority, until ctx ends.
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

// dial returns how those are reached who make certificates; nil is directly.
func (o *Options) dial() pki.Dial {
	if o.Through == nil {
		return nil
	}
	return func(ctx context.Context, _, addr string) (net.Conn, error) { return o.Through(ctx, addr) }
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
