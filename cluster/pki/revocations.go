package pki

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// ErrRevoked is why a certificate is rejected although it has not expired.
var ErrRevoked = errors.New("the certificate was revoked")

// SetRevoked stores a revocation list, if it is signed by the authority that this host trusts and
// is newer than the list that the host has.
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

// SetStoredList keeps a copy of the revocation list that is stored at ListKey.
func (d Dir) SetStoredList(value []byte) error {
	var list signedList
	if err := json.Unmarshal(value, &list); err != nil {
		return fmt.Errorf("reading the revocation list: %w", err)
	}
	return d.SetRevoked(list.List)
}

func readList(path string) (*x509.RevocationList, error) {
	der, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return x509.ParseRevocationList(der)
}

// Revocations are the certificates on the revocation list in a file, which is read again when it
// has changed.
type Revocations struct {
	path string

	mu      sync.Mutex // guards what follows
	read    os.FileInfo
	serials map[string]bool
}

// NewRevocations returns the revocations of a file. With an empty path there are none.
func NewRevocations(path string) *Revocations { return &Revocations{path: path} }

// Check returns an error if a certificate is revoked, or if the list cannot be read.
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

// refresh reads the file if it has been replaced.
func (r *Revocations) refresh() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	if unchanged(info, r.read) {
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
