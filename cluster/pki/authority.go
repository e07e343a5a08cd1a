package pki

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// How long certificates last.
const (
	Lifetime          = 30 * 24 * time.Hour // of a host
	authorityLifetime = 10 * 365 * 24 * time.Hour
	skew              = time.Hour // how far the clocks of hosts may be behind
)

const organization = "mgmt"

// An Authority signs certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// A Fingerprint identifies an authority. It is the SHA-256 sum of its certificate.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of a certificate.
func FingerprintOf(cert *x509.Certificate) Fingerprint { return sha256.Sum256(cert.Raw) }

// Found makes the authority of a new cluster, unless it exists in dir already, and gives this host
// a certificate. names are the host names and addresses at which the host is reached.
func Found(dir Dir, host string, names []string) (*Authority, error) {
	if err := checkName(host); err != nil {
		return nil, err
	}
	a, err := dir.makeAuthority()
	if err != nil {
		return nil, fmt.Errorf("making the authority of the cluster: %w", err)
	}
	if err := a.certify(dir, host, names); err != nil {
		return nil, fmt.Errorf("making the certificate of %s: %w", host, err)
	}
	return a, nil
}

// Authority returns the authority whose key is here.
func (d Dir) Authority() (*Authority, error) {
	cert, err := d.trusted()
	if err != nil {
		return nil, err
	}
	key, err := readKey(d.path(authorityKeyFile))
	if err != nil {
		return nil, fmt.Errorf("reading the key of the authority: %w", err)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("the key in %s is not that of the authority in %s", d.path(authorityKeyFile), d.path(authorityFile))
	}
	return &Authority{cert, key}, nil
}

// makeAuthority makes the authority and an empty revocation list. The certificate is written last:
// without it the key counts for nothing, and both are made again.
func (d Dir) makeAuthority() (*Authority, error) {
	if _, err := d.trusted(); err == nil {
		return d.Authority()
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	a, err := newAuthority(key)
	if err != nil {
		return nil, err
	}
	list, err := a.list(nil)
	if err != nil {
		return nil, err
	}
	text, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{authorityKeyFile, text}, {revokedFile, list}, {authorityFile, encodeCertificate(a.cert.Raw)}} {
		if err := d.write(f.name, f.data); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func newAuthority(key *ecdsa.PrivateKey) (*Authority, error) {
	id := rand.Text()[:8]
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: "mgmt cluster " + id, Organization: []string{organization}},
		NotBefore:             time.Now().Add(-skew),
		NotAfter:              time.Now().Add(authorityLifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cert, key}, err
}

// certify gives the host of a directory a certificate for a new key.
func (a *Authority) certify(dir Dir, host string, names []string) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	cert, err := a.sign(key.Public(), host, names, RoleAgent, RoleSigner)
	if err != nil {
		return err
	}
	return dir.writeHost(cert.Raw, a.cert.Raw, key)
}

// sign signs a certificate for a host that is also reached by other names and addresses.
func (a *Authority) sign(public any, host string, names []string, roles ...string) (*x509.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: host, Organization: []string{organization}, OrganizationalUnit: roles},
		NotBefore:             time.Now().Add(-skew),
		NotAfter:              time.Now().Add(Lifetime),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range canonical(append(namesFor(host, roles), names...)) {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// newSerial returns a number that no other certificate has.
func newSerial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[0] &= 0x7f
	b[0] |= 0x40
	return new(big.Int).SetBytes(b)
}
