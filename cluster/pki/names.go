package pki

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

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

// shared reports whether a name does not belong to a single host.
func shared(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || name == PeerName || ip != nil && ip.IsLoopback()
}

// claim assigns a name or an address to a host, unless it belongs to another host that has valid
// certificates.
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

// free returns an error if the name of a host belongs to a host with another key.
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

func taken(name string) error {
	return fmt.Errorf("%w %s, and a certificate; if that host is no more, run mgmt cluster revoke %s first", ErrNameTaken, name, name)
}

// checkAsked refuses names that no host can ask for.
func checkAsked(name string) error {
	if strings.EqualFold(name, PeerName) {
		return fmt.Errorf("%s says that a host may run a server, and is the name of none", PeerName)
	}
	return checkName(name)
}

// maxNames is how many names and addresses a host may have.
const maxNames = 64

// namesFor returns the names that a host has in any case.
func namesFor(host string, roles []string) []string {
	names := []string{host, "localhost", "127.0.0.1", "::1"}
	if slices.Contains(roles, RoleServer) || slices.Contains(roles, RoleSigner) {
		names = append(names, PeerName)
	}
	return names
}

// canonical returns names in lower case, sorted, each once, and addresses in their usual form.
func canonical(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			name = ip.String()
		}
		out = append(out, strings.ToLower(name))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// namesOf returns the names and addresses of a certificate.
func namesOf(cert *x509.Certificate) []string {
	out := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		out = append(out, ip.String())
	}
	return canonical(out)
}

// checkName refuses what is neither a host name nor an address.
func checkName(name string) error {
	if net.ParseIP(name) != nil {
		return nil
	}
	ok := name != "" && len(name) <= 253 && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._", r))
	})
	if !ok || name[0] == '.' || name[0] == '-' {
		return fmt.Errorf("%.300q is neither a host name nor an address", name)
	}
	return nil
}
