// Package pki decides who is of a cluster, by certificates that nobody has to handle.
//
// # Words
//
// The authority is the key that signs certificates, and its own certificate, which all hosts
// trust. The first host of a cluster makes it ([Found]). A signer is an agent that has the key and
// answers those who want a certificate ([Signer]); a token may make further hosts signers. Each host has one certificate for all that it
// does, as a server and as a client; it says the host's name, the names and addresses by which it
// is reached, and its roles. It lasts for [Lifetime] and is renewed when two thirds of that have
// passed ([Keep]).
//
// A token lets a host in that has no certificate yet ([Token]). It holds the fingerprint of the
// authority, so that the newcomer knows whom it talks to, and a secret, so that the signer knows
// that somebody has invited it. It works for a few hosts and for a short time. What the cluster
// stores of it is a hash of the secret.
//
// The revocation list has the certificates that count no longer although their time is not over
// ([Revoke]). A signer signs it, and all hosts keep a copy.
//
// # Files
//
// All is in one directory ([Dir]), which only the agent reads:
//
//	ca.pem       the certificate of the authority
//	ca.key       its key, where there is a signer
//	host.pem     the certificate of the host and its key, in one file so that they always fit
//	join.key     the key of a host that has asked for a certificate and has no answer yet
//	revoked.crl  the revocation list
//
// Every file is replaced as a whole, and read at each connection, so that a new one counts at once.
//
// # What is stored
//
// [Store] has single keys that change by comparing and swapping, so that any number of signers
// work side by side: tokens, the certificates of each host, who has which address, and the
// revocation list.
//
// # Rules
//
// A certificate is signed for a name that no other host has, until that host's certificates have
// expired or were revoked: who wants to be another host needs its key. The same holds for the
// names and addresses of hosts, except for loopback addresses, which all have, and for the address
// from which the host is seen to ask.
//
// Connections take TLS 1.3, and both sides show a certificate ([Files]).
package pki
