package pki

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

// A Signer issues certificates to hosts.
type Signer struct {
	Authority *Authority
	Store     Store
	Log       *slog.Logger
}

// A Request asks for a certificate.
type Request struct {
	CSR []byte // signed by the new key; its subject is the host

	// Token and Secret identify the invitation. A host that has a certificate presents that
	// instead.
	Token  string `json:",omitempty"`
	Secret []byte `json:",omitempty"`
}

// An Answer is a certificate and what the host needs to use it.
type Answer struct {
	Certificate  []byte
	Authority    []byte
	AuthorityKey []byte `json:",omitempty"` // for a new signer
	Revoked      []byte
}

// Why a host gets no certificate.
var (
	ErrNameTaken = errors.New("another host has the name")
	ErrRequest   = errors.New("the request cannot be understood")
)

// Join admits a host that presents a token. from is the address from which it asks.
func (s *Signer) Join(ctx context.Context, req Request, from net.IP) (*Answer, error) {
	csr, err := parseRequest(req.CSR)
	if err != nil {
		return nil, err
	}
	host, key := csr.Subject.CommonName, hashKey(csr)
	known, _, err := fetch[storedHost](ctx, s.Store, hostKey(host))
	if err != nil {
		return nil, err
	}
	// A host that has not received the answer asks again with the same key. That does not use up the token.
	again := known.Key == key && known.Token == req.Token && req.Token != "" && known.live(time.Now())
	var names []string
	token, err := s.useToken(ctx, req, !again, func() (err error) {
		if err = s.free(ctx, host, key); err == nil {
			names, err = s.names(ctx, csr, from)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("letting %s in: %w", host, err)
	}
	answer, err := s.certify(ctx, csr, names, token.roles(), func(h *storedHost) error {
		if h.live(time.Now()) && h.Key != key {
			return taken(host)
		}
		h.Token = req.Token
		return nil
	})
	if err == nil && token.Signer {
		answer.AuthorityKey, err = x509.MarshalPKCS8PrivateKey(s.Authority.key)
	}
	return answer, err
}

// Renew issues a new certificate to a host that presents one that is still valid.
func (s *Signer) Renew(ctx context.Context, req Request, shown *x509.Certificate, from net.IP) (*Answer, error) {
	csr, err := parseRequest(req.CSR)
	if err != nil {
		return nil, err
	}
	host := csr.Subject.CommonName
	if host != shown.Subject.CommonName {
		return nil, fmt.Errorf("renewing the certificate of %s: %w: %s asks for it", host, ErrOtherHost, shown.Subject.CommonName)
	}
	names, err := s.names(ctx, csr, from)
	if err != nil {
		return nil, fmt.Errorf("renewing the certificate of %s: %w", host, err)
	}
	roles := []string{RoleAgent} // signers renew their own
	if MayServe(shown) {
		roles = append(roles, RoleServer)
	}
	if MayDeploy(shown) {
		roles = append(roles, RoleDeploy)
	}
	replaced := false
	answer, err := s.certify(ctx, csr, names, roles, func(h *storedHost) error {
		if !h.has(shown) {
			return fmt.Errorf("renewing the certificate of %s: %w", host, ErrRevoked)
		}
		replaced = !h.last(shown)
		return nil
	})
	if err == nil && replaced {
		s.log().Warn("a certificate that was renewed before is renewed once more: either an answer was lost, or two hosts have it; if it was copied, run mgmt cluster revoke "+host,
			"host", host, "from", from)
	}
	return answer, err
}

// Adopt registers the certificate of the signer's own host, which is in dir.
func (s *Signer) Adopt(ctx context.Context, dir Dir) error {
	cert, err := dir.current()
	if err != nil {
		return err
	}
	host := cert.Leaf.Subject.CommonName
	return update(ctx, s.Store, hostKey(host), func(h *storedHost) error {
		if h.has(cert.Leaf) {
			return errUnchanged
		}
		h.add(cert.Leaf)
		h.Names = namesOf(cert.Leaf)
		return nil
	})
}

// Recertify gives a signer's own host a new certificate, and notes it.
func (s *Signer) Recertify(ctx context.Context, dir Dir, names []string) error {
	cert, err := dir.current()
	if err != nil {
		return err
	}
	if err := s.Authority.certify(dir, cert.Leaf.Subject.CommonName, names); err != nil {
		return err
	}
	return s.Adopt(ctx, dir)
}

// useToken checks a token, counts one use of it unless count is false, and returns it. If check
// returns an error, the token is not used up.
func (s *Signer) useToken(ctx context.Context, req Request, count bool, check func() error) (storedToken, error) {
	stored, version, err := fetch[storedToken](ctx, s.Store, tokenKey(req.Token))
	if err != nil {
		return stored, err
	}
	if version == 0 {
		return stored, ErrWrongToken
	}
	if !count {
		stored.Left = 1
	}
	if err := stored.check(req.Secret, time.Now()); err != nil {
		return stored, err
	}
	if err := check(); err != nil || !count {
		return stored, err
	}
	return stored, update(ctx, s.Store, tokenKey(req.Token), func(t *storedToken) error {
		if err := t.check(req.Secret, time.Now()); err != nil {
			return err
		}
		t.Left--
		return nil
	})
}

// certify signs a certificate for a host and registers it before anybody gets it.
func (s *Signer) certify(ctx context.Context, csr *x509.CertificateRequest, names, roles []string, allow func(*storedHost) error) (*Answer, error) {
	host := csr.Subject.CommonName
	cert, err := s.Authority.sign(csr.PublicKey, host, names, roles...)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate of %s: %w", host, err)
	}
	err = update(ctx, s.Store, hostKey(host), func(h *storedHost) error {
		if err := allow(h); err != nil {
			return err
		}
		h.add(cert)
		h.Names = names
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, err := s.currentList(ctx)
	if err != nil {
		return nil, err
	}
	s.log().Info("a certificate is signed", "host", host, "names", strings.Join(names, " "), "until", cert.NotAfter)
	return &Answer{Certificate: cert.Raw, Authority: s.Authority.cert.Raw, Revoked: list}, nil
}

func (s *Signer) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

// parseRequest reads a request and verifies that whoever made it has the key.
func parseRequest(der []byte) (*x509.CertificateRequest, error) {
	csr, err := x509.ParseCertificateRequest(der)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err == nil {
		err = checkAsked(csr.Subject.CommonName)
	}
	if err == nil && csr.PublicKeyAlgorithm != x509.ECDSA {
		err = errors.New("the key is not one of ECDSA")
	}
	if err == nil && len(csr.DNSNames)+len(csr.IPAddresses) > maxNames {
		err = fmt.Errorf("it has more than %d names", maxNames)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return csr, nil
}

func hashKey(csr *x509.CertificateRequest) string { return hashPublic(csr.RawSubjectPublicKeyInfo) }

func hashPublic(info []byte) string {
	sum := sha256.Sum256(info)
	return hex.EncodeToString(sum[:])
}
