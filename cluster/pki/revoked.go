package pki

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"sync"
	"time"
)

// ErrRevoked is why a certificate counts no longer although it has not expired.
var ErrRevoked = errors.New("the certificate was revoked")

// list signs a revocation list.
func (a *Authority) list(certs []issued) ([]byte, error) {
	template := &x509.RevocationList{
		Number:     big.NewInt(time.Now().UnixNano()),
		ThisUpdate: time.Now().Add(-skew),
		NextUpdate: a.cert.NotAfter, // it is replaced when it changes, not when time passes
	}
	for _, c := range certs {
		serial, ok := new(big.Int).SetString(c.Serial, 16)
		if !ok {
			return nil, fmt.Errorf("revoking certificates: %q is no serial number", c.Serial)
		}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: serial, RevocationTime: time.Now()})
	}
	return x509.CreateRevocationList(rand.Reader, template, a.cert, a.key)
}

// SetRevoked keeps a revocation list, if it is one of the authority which this host trusts and
// not older than the one that the host has.
func (d Dir) SetRevoked(der []byte) error {
	authority, err := d.trusted()
	if err != nil {
		return err
	}
	list, err := x509.ParseRevocationList(der)
	if err == nil {
		err = list.CheckSignatureFrom(authority)
	}
	if err != nil {
		return fmt.Errorf("taking over the revocation list: %w", err)
	}
	if old, err := readList(d.path(revokedFile)); err == nil && old.CheckSignatureFrom(authority) == nil && old.Number.Cmp(list.Number) >= 0 {
		return nil
	}
	if err := d.write(revokedFile, der); err != nil {
		return fmt.Errorf("keeping the revocation list: %w", err)
	}
	return nil
}

func readList(path string) (*x509.RevocationList, error) {
	der, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return x509.ParseRevocationList(der)
}

// Revocations are those of a file. It is read again when it has changed.
type Revocations struct {
	path string

	mu      sync.Mutex // guards what follows
	read    os.FileInfo
	serials map[string]bool
}

// NewRevocations returns the revocations of a file. With an empty path there are none.
func NewRevocations(path string) *Revocations { return &Revocations{path: path} }

// Check returns an error if a certificate is revoked, or if nobody knows.
func (r *Revocations) Check(cert *x509.Certificate) error {
	if r.path == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(); err != nil {
		return fmt.Errorf("reading the revocation list: %w", err)
	}
	if r.serials[string(cert.SerialNumber.Bytes())] {
		return fmt.Errorf("%s shows the certificate %x: %w", cert.Subject.CommonName, cert.SerialNumber, ErrRevoked)
	}
	return nil
}

// refresh reads the file if it is another one. Files are replaced, never rewritten.
func (r *Revocations) refresh() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	if r.read != nil && os.SameFile(info, r.read) && info.ModTime().Equal(r.read.ModTime()) {
		return nil
	}
	list, err := readList(r.path)
	if err != nil {
		return err
	}
	r.serials = map[string]bool{}
	for _, entry := range list.RevokedCertificateEntries {
		r.serials[string(entry.SerialNumber.Bytes())] = true
	}
	r.read = info
	return nil
}
