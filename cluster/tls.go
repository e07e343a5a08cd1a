package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Client returns how a client shows itself by the certificate, and whom it trusts.
func (f *TLSFiles) Client() (*tls.Config, error) {
	authorities := x509.NewCertPool()
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("reading whom to trust: %w", err)
	}
	if !authorities.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading whom to trust: %s has no certificate", f.CA)
	}
	if _, err := tls.LoadX509KeyPair(f.Cert, f.Key); err != nil {
		return nil, fmt.Errorf("reading the certificate of this host: %w", err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		RootCAs:    authorities,
		// Read at each connection, because certificates are renewed.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			cert, err := tls.LoadX509KeyPair(f.Cert, f.Key)
			return &cert, err
		},
	}, nil
}
