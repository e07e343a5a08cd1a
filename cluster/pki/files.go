package pki

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// Files name the files with which a host identifies itself and decides whom to trust. All are PEM
// files except for the revocation list.
type Files struct {
	CA, Cert, Key string
	Revoked       string `json:",omitempty"` // none if empty
}

// Why a host cannot show its certificate.
var (
	ErrExpired     = errors.New("the certificate has expired")
	ErrNotYetValid = errors.New("the certificate is not valid yet")
	ErrOtherCA     = errors.New("the certificate is of another authority")
	ErrOtherHost   = errors.New("the certificate is of another host")
)

// Check returns why others would not accept the certificate as that of a host at a given time. An
// empty host stands for any.
func (f Files) Check(host string, now time.Time) error {
	authorities, err := f.authorities()
	if err != nil {
		return err
	}
	pair, err := f.load()
	if err != nil {
		return err
	}
	cert := pair.Leaf
	if host != "" && cert.Subject.CommonName != host && cert.VerifyHostname(host) != nil {
		return fmt.Errorf("%s is shown by %s: %w: %s; name this host so by --hostname, or let it join under its own name", f.Cert, host, ErrOtherHost, cert.Subject.CommonName)
	}
	if now.After(cert.NotAfter) {
		return fmt.Errorf("%s: %w: it was good until %s; %s", f.Cert, ErrExpired, cert.NotAfter.Local().Format(time.DateTime), f.renewal())
	}
	if now.Before(cert.NotBefore) {
		return fmt.Errorf("%s: %w: it is good from %s; is the clock of this host right?", f.Cert, ErrNotYetValid, cert.NotBefore.Local().Format(time.DateTime))
	}
	opts := x509.VerifyOptions{Roots: authorities, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, Intermediates: intermediates(pair)}
	if _, err := cert.Verify(opts); err != nil {
		return fmt.Errorf("%s: %w than those in %s: %w", f.Cert, ErrOtherCA, f.CA, err)
	}
	return NewRevocations(f.Revoked).Check(cert)
}

// renewal says how to get another certificate. Only certificates that the cluster has issued come
// with a list of revocations.
func (f Files) renewal() string {
	if f.Revoked == "" {
		return "put another one there"
	}
	return "let the host join again with a new token"
}

func intermediates(pair *tls.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if cert, err := x509.ParseCertificate(der); err == nil {
			pool.AddCert(cert)
		}
	}
	return pool
}

// Client returns the configuration of a client.
func (f Files) Client() (*tls.Config, error) {
	config, authorities, err := f.config()
	if err != nil {
		return nil, err
	}
	config.RootCAs = authorities
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return f.load() }
	return config, nil
}

// Server returns the configuration of a server. auth says whether clients have to present a
// certificate.
func (f Files) Server(auth tls.ClientAuthType) (*tls.Config, error) {
	config, authorities, err := f.config()
	if err != nil {
		return nil, err
	}
	config.ClientCAs, config.ClientAuth = authorities, auth
	config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.load() }
	return config, nil
}

// config returns what servers and clients have in common.
func (f Files) config() (*tls.Config, *x509.CertPool, error) {
	authorities, err := f.authorities()
	if err != nil {
		return nil, nil, err
	}
	if _, err := f.load(); err != nil {
		return nil, nil, err
	}
	revoked := NewRevocations(f.Revoked)
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return nil
			}
			return revoked.Check(state.PeerCertificates[0])
		},
	}, authorities, nil
}

// A CertificateFile is a file that holds the certificate of a host, and possibly its key. It is read
// again when it has changed.
type CertificateFile struct {
	path string

	mu   sync.Mutex // guards what follows
	read os.FileInfo
	cert *x509.Certificate
}

// NewCertificateFile returns the file at a path.
func NewCertificateFile(path string) *CertificateFile { return &CertificateFile{path: path} }

// Certificate returns the certificate.
func (f *CertificateFile) Certificate() (*x509.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if unchanged(info, f.read) {
		return f.cert, nil
	}
	cert, err := readCertificate(f.path)
	if err == nil {
		f.cert, f.read = cert, info
	}
	return cert, err
}

// unchanged reports whether a file is the one that was read; nil is none. Files are replaced, never
// rewritten.
func unchanged(file, read os.FileInfo) bool {
	return read != nil && os.SameFile(file, read) && file.ModTime().Equal(read.ModTime())
}

func (f Files) authorities() (*x509.CertPool, error) {
	text, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("reading whom to trust: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("reading whom to trust: %s has no certificate", f.CA)
	}
	return pool, nil
}

// load reads the certificate, anew at each connection because it is renewed.
func (f Files) load() (*tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		if strings.Contains(err.Error(), "private key does not match") {
			err = fmt.Errorf("the key in %s is not that of the certificate in %s", f.Key, f.Cert)
		}
		return nil, fmt.Errorf("reading the certificate of this host: %w", err)
	}
	return &cert, nil
}
