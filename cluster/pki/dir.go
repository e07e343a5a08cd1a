package pki

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A Dir is the directory of a host with its certificate and with those that it trusts.
type Dir string

// The files of a Dir.
const (
	authorityFile    = "ca.pem"
	authorityKeyFile = "ca.key"
	hostFile         = "host.pem"
	joinKeyFile      = "join.key"
	revokedFile      = "revoked.crl"
)

func (d Dir) path(name string) string { return filepath.Join(string(d), name) }

// Files are what connections are made with.
func (d Dir) Files() Files {
	return Files{CA: d.path(authorityFile), Cert: d.path(hostFile), Key: d.path(hostFile), Revoked: d.path(revokedFile)}
}

// HasCertificate reports whether the host has a certificate, good or not.
func (d Dir) HasCertificate() bool {
	_, err := os.Stat(d.path(hostFile))
	return err == nil
}

// Covers reports whether the certificate of the host has all of some names and addresses.
func (d Dir) Covers(names []string) bool {
	cert, err := d.current()
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(names, func(name string) bool { return cert.Leaf.VerifyHostname(name) != nil })
}

// HasAuthority reports whether the key of the authority is here.
func (d Dir) HasAuthority() bool {
	_, err := os.Stat(d.path(authorityKeyFile))
	return err == nil
}

// Fingerprint returns that of the authority which the host trusts.
func (d Dir) Fingerprint() (Fingerprint, error) {
	cert, err := d.trusted()
	if err != nil {
		return Fingerprint{}, err
	}
	return FingerprintOf(cert), nil
}

// trusted returns the certificate of the authority.
func (d Dir) trusted() (*x509.Certificate, error) {
	cert, err := readCertificate(d.path(authorityFile))
	if err != nil {
		return nil, fmt.Errorf("reading whom this host trusts: %w", err)
	}
	return cert, nil
}

// write replaces a file as a whole, for nobody else to read.
func (d Dir) write(name string, data []byte) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(string(d), name+".*.next") // for its owner only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), d.path(name))
}

// writeHost replaces the certificate of the host together with its key. That of the authority is
// shown along with it, for those who know no more of it than its fingerprint.
func (d Dir) writeHost(cert, authority []byte, key *ecdsa.PrivateKey) error {
	text, err := encodeKey(key)
	if err != nil {
		return err
	}
	text = slices.Concat(encodeCertificate(cert), encodeCertificate(authority), text)
	if err := d.write(hostFile, text); err != nil {
		return fmt.Errorf("keeping the certificate of this host: %w", err)
	}
	return nil
}

// joinKey returns the key that a host asks for a certificate with. It is the same until there is
// an answer, so that asking again is known to be the same host.
func (d Dir) joinKey() (*ecdsa.PrivateKey, error) {
	key, err := readKey(d.path(joinKeyFile))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = newKey(); err != nil {
		return nil, err
	}
	text, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return key, d.write(joinKeyFile, text)
}

// accept keeps what a signer has answered.
func (d Dir) accept(a *Answer, key *ecdsa.PrivateKey) error {
	if err := d.write(authorityFile, encodeCertificate(a.Authority)); err != nil {
		return err
	}
	if err := d.SetRevoked(a.Revoked); err != nil {
		return err
	}
	if a.AuthorityKey != nil {
		text := pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: a.AuthorityKey})
		if err := d.write(authorityKeyFile, text); err != nil {
			return err
		}
	}
	if err := d.writeHost(a.Certificate, a.Authority, key); err != nil {
		return err
	}
	if err := os.Remove(d.path(joinKeyFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// current returns the certificate of the host.
func (d Dir) current() (*tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(d.path(hostFile), d.path(hostFile))
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of this host: %w", err)
	}
	return &cert, nil
}
