package pki

import (
	"crypto/x509"
	"slices"
	"strings"
)

// Roles that a certificate names.
const (
	RoleAgent  = "agent"  // all hosts
	RoleSigner = "signer" // those that have the key of the authority
	RoleServer = "server" // those that may run servers
	RoleDeploy = "deploy" // those that may deploy programs
)

// PeerName is among the names in the certificates of hosts that may run servers, and in no others:
// etcd servers check the names of their peers and know nothing of roles.
const PeerName = "server.mgmt"

// MaySign reports whether a certificate belongs to a signer.
func MaySign(cert *x509.Certificate) bool {
	return slices.Contains(cert.Subject.OrganizationalUnit, RoleSigner)
}

// MayDeploy reports whether a certificate belongs to a host that may deploy programs. Signers may,
// since they could give themselves the role.
func MayDeploy(cert *x509.Certificate) bool {
	return MaySign(cert) || slices.Contains(cert.Subject.OrganizationalUnit, RoleDeploy)
}

// MayServe reports whether a certificate belongs to a host that may run a server of the cluster.
// Signers may.
func MayServe(cert *x509.Certificate) bool {
	return MaySign(cert) || slices.Contains(cert.Subject.OrganizationalUnit, RoleServer)
}

// HasRoles reports whether a certificate states roles. Those that an authority of mgmt has signed
// do; those that users bring along do not.
func HasRoles(cert *x509.Certificate) bool {
	return slices.Contains(cert.Subject.Organization, organization)
}

// Is reports whether a certificate belongs to a host, by its own name or by another one that no
// other host can have. Upper and lower case do not matter.
func Is(cert *x509.Certificate, host string) bool {
	same := func(name string) bool { return strings.EqualFold(name, host) }
	return same(cert.Subject.CommonName) || !shared(strings.ToLower(host)) && slices.ContainsFunc(cert.DNSNames, same)
}
