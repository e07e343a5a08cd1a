package pki

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"
)

// A Signer gives hosts their certificates.
type Signer struct {
	Authority *Authority
	Store     Store
	Log       *slog.Logger
}

// A Request asks for a certificate.
type Request struct {
	CSR []byte // signed by the new key; its subject is the host

	// Token and Secret are those of the invitation. A host that has a certificate shows that
	// instead.
	Token  string `json:",omitempty"`
	Secret []byte `json:",omitempty"`
}

// An Answer is a certificate, with what is needed to use it.
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

// Join lets a host in that shows a token. from is the address that it asks from.
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
	// A host that did not get the answer asks again with the same key, for free.
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

// Renew gives a new certificate to a host that shows one which is good still.
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

// Adopt notes the certificate of the host of a directory, which its own authority has signed.
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

func taken(name string) error {
	return fmt.Errorf("%w %s, and a certificate; if that host is no more, run mgmt cluster revoke %s first", ErrNameTaken, name, name)
}

// free refuses the name of a host that has another key, before the token is used.
func (s *Signer) free(ctx context.Context, host, key string) error {
	h, _, err := fetch[storedHost](ctx, s.Store, hostKey(host))
	if err == nil && h.live(time.Now()) && h.Key != key {
		err = taken(host)
	}
	if err != nil {
		return err
	}
	return s.claim(ctx, host, host)
}

// useToken checks a token, counts one use of it, and returns it. check says whether it would be
// wasted.
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

// certify signs what a host asks for, and notes it before anybody gets it.
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

// names returns which names and addresses the certificate of a host may have.
func (s *Signer) names(ctx context.Context, csr *x509.CertificateRequest, from net.IP) ([]string, error) {
	host := csr.Subject.CommonName
	asked := slices.Clone(csr.DNSNames)
	for _, ip := range csr.IPAddresses {
		asked = append(asked, ip.String())
	}
	out := []string{host}
	for _, name := range canonical(asked) {
		if err := checkAsked(name); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRequest, err)
		}
		if !shared(name) && name != from.String() {
			if err := s.claim(ctx, name, host); err != nil {
				return nil, err
			}
		}
		out = append(out, name)
	}
	if from != nil {
		out = append(out, from.String())
	}
	return canonical(out), nil
}

// shared reports whether a name is not that of one host.
func shared(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || name == PeerName || ip != nil && ip.IsLoopback()
}

// claim makes a name or an address that of a host, unless another host has it and is alive.
func (s *Signer) claim(ctx context.Context, name, host string) error {
	name = strings.ToLower(name)
	if !strings.EqualFold(name, host) {
		h, _, err := fetch[storedHost](ctx, s.Store, hostKey(name))
		if err != nil {
			return err
		}
		if h.live(time.Now()) {
			return taken(name)
		}
	}
	return update(ctx, s.Store, ownerKey(name), func(owner *string) error {
		if *owner == host {
			return errUnchanged
		}
		h, _, err := fetch[storedHost](ctx, s.Store, hostKey(*owner))
		if err != nil {
			return err
		}
		if *owner != "" && h.live(time.Now()) && slices.Contains(h.Names, name) {
			return fmt.Errorf("%w: %s is that of %s", ErrNameTaken, name, *owner)
		}
		*owner = host
		return nil
	})
}

// Revoke makes the certificates of a host count no longer. The host may join again, with a new
// token. A signer puts them on the list that hosts follow. It returns how many there were.
func Revoke(ctx context.Context, store Store, host string) (int, error) {
	h, version, err := fetch[storedHost](ctx, store, hostKey(host))
	if err != nil {
		return 0, err
	}
	if version == 0 {
		return 0, fmt.Errorf("revoking the certificates of %s: no host of this name has joined the cluster", host)
	}
	// The list first: should this stop half way, the certificates count for nothing all the same.
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

// currentList returns the revocation list, signed afresh if certificates were revoked since.
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

// SetStoredList keeps a copy of the revocation list that is stored at ListKey.
func (d Dir) SetStoredList(value []byte) error {
	var list signedList
	if err := json.Unmarshal(value, &list); err != nil {
		return fmt.Errorf("reading the revocation list: %w", err)
	}
	return d.SetRevoked(list.List)
}

func (s *Signer) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

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

// parseRequest reads what a host asks for, and makes sure that it has the key.
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

// checkAsked refuses a name that a host cannot have.
func checkAsked(name string) error {
	if strings.EqualFold(name, PeerName) {
		return fmt.Errorf("%s says that a host may run a server, and is the name of none", PeerName)
	}
	return checkName(name)
}

// maxNames is how many names and addresses a host may have.
const maxNames = 64

func hashKey(csr *x509.CertificateRequest) string { return hashPublic(csr.RawSubjectPublicKeyInfo) }

func hashPublic(info []byte) string {
	sum := sha256.Sum256(info)
	return hex.EncodeToString(sum[:])
}
