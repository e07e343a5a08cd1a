package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mgmt/cluster/pki"
)

// admit makes sure that the host has a certificate, if it needs one: one that it has already, one
// that it signs itself as the authority of a new cluster, or one that it gets with a token.
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

// heed keeps the host from running a server if its certificate does not allow that, or allows it
// only at another address than the one that the host has found: others see it elsewhere then.
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

// checkToken refuses a token of another cluster than the one that the host belongs to.
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
