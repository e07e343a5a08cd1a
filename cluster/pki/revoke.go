package pki

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Keys of the store that are followed.
const (
	// RevokedKey has the certificates that are revoked. Signers follow it.
	RevokedKey = "revoked"
	// ListKey has the revocation list. All hosts follow it.
	ListKey = "crl"
)

// Revoke revokes all certificates of a host and returns how many there were. The host may join
// again with a new token. Hosts learn of it once a signer has put them on the list that they follow.
func Revoke(ctx context.Context, store Store, host string) (int, error) {
	h, version, err := fetch[storedHost](ctx, store, hostKey(host))
	if err != nil {
		return 0, err
	}
	if version == 0 {
		return 0, fmt.Errorf("revoking the certificates of %s: no host of this name has joined the cluster", host)
	}
	// The list comes first: if this stops half way, the certificates are revoked all the same.
	certs := unexpired(h.Certs, time.Now())
	err = update(ctx, store, RevokedKey, func(all *[]issued) error {
		*all = unexpired(*all, time.Now())
		for _, c := range certs {
			if !slices.ContainsFunc(*all, func(o issued) bool { return o.Serial == c.Serial }) {
				*all = append(*all, c)
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("revoking the certificates of %s: %w", host, err)
	}
	err = update(ctx, store, hostKey(host), func(h *storedHost) error {
		h.Certs = slices.DeleteFunc(h.Certs, func(c issued) bool {
			return slices.ContainsFunc(certs, func(o issued) bool { return o.Serial == c.Serial })
		})
		h.Key, h.Token = "", ""
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("revoking the certificates of %s: %w", host, err)
	}
	return len(certs), nil
}

// signedList is the revocation list as it is stored.
type signedList struct {
	Serials []string
	List    []byte
}

// Publish signs the revocation list if it has changed, for hosts to follow at ListKey.
func (s *Signer) Publish(ctx context.Context) error {
	_, err := s.currentList(ctx)
	return err
}

// currentList returns the revocation list, signed again if certificates have been revoked since.
func (s *Signer) currentList(ctx context.Context) ([]byte, error) {
	revoked, _, err := fetch[[]issued](ctx, s.Store, RevokedKey)
	if err != nil {
		return nil, err
	}
	var serials []string
	for _, c := range revoked {
		serials = append(serials, c.Serial)
	}
	var current []byte
	err = update(ctx, s.Store, ListKey, func(l *signedList) error {
		if current = l.List; len(current) > 0 && slices.Equal(l.Serials, serials) {
			return errUnchanged
		}
		if current, err = s.Authority.list(revoked); err != nil {
			return err
		}
		*l = signedList{serials, current}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("signing the revocation list: %w", err)
	}
	return current, nil
}

// Listed reports whether all certificates that are revoked are on the list that hosts follow.
func Listed(ctx context.Context, store Store) (bool, error) {
	revoked, _, err := fetch[[]issued](ctx, store, RevokedKey)
	if err != nil {
		return false, err
	}
	list, _, err := fetch[signedList](ctx, store, ListKey)
	for _, c := range revoked {
		if !slices.Contains(list.Serials, c.Serial) {
			return false, err
		}
	}
	return true, err
}

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
