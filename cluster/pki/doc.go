// Package pki decides who belongs to a cluster, by means of certificates that nobody has to handle.
//
// # Words
//
// The authority is the key that signs certificates, together with its own certificate, which every
// host trusts. The first host of a cluster makes it ([Found]). A signer is an agent that holds this
// key and answers requests for certificates ([Signer]); a token can make other hosts signers too.
// Each host has one certificate, which it uses both as a server and as a client. It holds the name
// of the host, the names and addresses at which the host is reached, and its roles. It is valid for
// [Lifetime], and is renewed when two thirds of that have passed ([Keep]).
//
// A token admits a host that has no certificate yet ([Token]). It contains the fingerprint of the
// authority, so that the newcomer knows whom it is talking to, and a secret, so that the signer
// knows that the newcomer was invited. It works for a few hosts and for a short time. The cluster
// stores only a hash of the secret.
//
// The revocation list names the certificates that are rejected although they have not expired
// ([Revoke]). A signer signs it, and every host keeps a copy.
//
// # Files
//
// Everything is in one directory ([Dir]), which only the agent may read:
//
//	ca.pem       the certificate of the authority
//	ca.key       its key, on hosts that are signers
//	host.pem     the certificate of the host and its key, in one file so that they always match
//	join.key     the key of a host that has asked for a certificate and has had no answer yet
//	revoked.crl  the revocation list
//
// Every file is replaced as a whole and is read anew for each connection, so that a new one takes
// effect at once.
//
// # What is stored
//
// A [Store] has keys that are changed one at a time, by compare-and-swap, so that any number of
// signers can work side by side. They hold the tokens, the certificates of each host, who has which
// address, and the revocation list.
//
// # Rules
//
// A name is certified only if no other host has it. It becomes free when the certificates of that
// host have all expired or been revoked, so posing as another host takes its key. The same holds
// for the names and addresses at which hosts are reached, except for loopback addresses, which
// every host has, and for the address from which the request comes.
//
// Connections use TLS 1.3, and both sides present a certificate ([Files]).
package pki
