package pki

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Store is where the hosts of a cluster keep what they know of each other's certificates.
type Store interface {
	// Get returns the value of a key and its version, which is 0 if there is no value.
	Get(ctx context.Context, key string) (value []byte, version int64, err error)
	// List returns the values of all keys with a prefix.
	List(ctx context.Context, prefix string) (map[string][]byte, error)
	// Swap replaces the value of a key that has a version; nil deletes it. It reports false if the
	// version is another one by now.
	Swap(ctx context.Context, key string, value []byte, version int64) (bool, error)
}

// errUnchanged makes update leave a value as it is.
var errUnchanged = errors.New("unchanged")

// swapTries is how often a value is changed by others before that is an error.
const swapTries = 20

// update changes the value of a key as a whole. change may be called several times, and is given
// the zero value if there is none.
func update[T any](ctx context.Context, store Store, key string, change func(*T) error) error {
	for range swapTries {
		value, version, err := fetch[T](ctx, store, key)
		if err != nil {
			return err
		}
		if err := change(&value); err != nil {
			if errors.Is(err, errUnchanged) {
				return nil
			}
			return err
		}
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if done, err := store.Swap(ctx, key, data, version); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("storing %s: others change it all the time", key)
}

// fetch returns the value of a key, the zero value if there is none.
func fetch[T any](ctx context.Context, store Store, key string) (value T, version int64, err error) {
	data, version, err := store.Get(ctx, key)
	if err != nil || version == 0 {
		return value, 0, err
	}
	if err := json.Unmarshal(data, &value); err != nil {
		return value, version, fmt.Errorf("reading %s: %w", key, err)
	}
	return value, version, nil
}

// An issued certificate.
type issued struct {
	Serial  string // in hexadecimal digits
	Host    string
	Expires time.Time
}

// storedHost is what the cluster knows of a host: its certificates that have neither expired nor
// been revoked, the newest last.
type storedHost struct {
	Certs []issued
	Key   string // the hash of the public key of the newest one
	Token string // which let the host in
	Names []string
}

// Names of hosts are the same in small letters and in capitals.
func hostKey(host string) string  { return "host/" + strings.ToLower(host) }
func ownerKey(name string) string { return "name/" + strings.ToLower(name) }

// live reports whether the host has a certificate that counts.
func (h *storedHost) live(now time.Time) bool {
	h.forget(now)
	return len(h.Certs) > 0
}

// forget drops certificates that have expired.
func (h *storedHost) forget(now time.Time) { h.Certs = unexpired(h.Certs, now) }

// add notes a certificate.
func (h *storedHost) add(cert *x509.Certificate) {
	h.forget(time.Now())
	h.Certs = append(h.Certs, issued{fmt.Sprintf("%x", cert.SerialNumber), cert.Subject.CommonName, cert.NotAfter})
	h.Key = hashPublic(cert.RawSubjectPublicKeyInfo)
}

// has reports whether a certificate is one of the host's that count.
func (h *storedHost) has(cert *x509.Certificate) bool {
	serial := fmt.Sprintf("%x", cert.SerialNumber)
	return slices.ContainsFunc(h.Certs, func(c issued) bool { return c.Serial == serial })
}

// last reports whether a certificate is the newest of the host's.
func (h *storedHost) last(cert *x509.Certificate) bool {
	return len(h.Certs) > 0 && h.Certs[len(h.Certs)-1].Serial == fmt.Sprintf("%x", cert.SerialNumber)
}

func unexpired(certs []issued, now time.Time) []issued {
	var out []issued
	for _, c := range certs {
		if now.Before(c.Expires) {
			out = append(out, c)
		}
	}
	return out
}
