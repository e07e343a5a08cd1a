package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"mgmt/cluster/pki"
)

// refusal returns why this host and a server that it reaches do not accept each other's
// certificates. A client of etcd would not say.
func (n *Node) refusal(ctx context.Context) error {
	config, err := n.clientTLS()
	if config == nil {
		return err
	}
	return refusal(ctx, n.firstEndpoints(), config)
}

// refusal is the same of a host with a configuration, at some addresses.
func refusal(ctx context.Context, endpoints []string, config *tls.Config) error {
	for _, text := range endpoints {
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

// probeLimit is how long a server may take to look at a certificate.
const probeLimit = time.Second

// probe returns why one side of a connection does not accept the certificate of the other. It
// returns nil if both do, or if there is no connection.
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
