// Package sign makes and verifies signatures of texts with SSH keys.
//
// A [Signer] signs with a private key, from a file or held by an ssh-agent; [Open] finds it. A
// [Signature] has the format of OpenSSH, so ssh-keygen -Y verify accepts it too. It is made for a
// namespace, which says what is being signed, and is not valid in any other. [Trust] is a set of
// public keys to accept, read from a file in the format of authorized_keys; [Trust.Verify] checks
// that one of them made the signature of a text.
package sign

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/ssh"
)

// A Signer signs texts with one key.
type Signer struct{ key ssh.Signer }

// Key returns the fingerprint of the key.
func (s *Signer) Key() string { return ssh.FingerprintSHA256(s.key.PublicKey()) }

// PublicKey returns the key as a line of authorized_keys has it.
func (s *Signer) PublicKey() string {
	return string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(s.key.PublicKey())))
}

// A Signature is the text of one: an SSH signature in its armour.
type Signature []byte

// What follows are the parts of an SSH signature, as OpenSSH describes it in PROTOCOL.sshsig.

const (
	magic   = "SSHSIG"
	version = 1
	armour  = "SSH SIGNATURE"
)

// An envelope is a signature and what is needed to check it.
type envelope struct {
	Magic     [6]byte
	Version   uint32
	PublicKey []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

// A statement is what is really signed.
type statement struct {
	Magic     [6]byte
	Namespace string
	Reserved  string
	Hash      string
	Sum       []byte
}

func stated(namespace string, text []byte) []byte {
	sum := sha512.Sum512(text)
	return ssh.Marshal(statement{Magic: [6]byte([]byte(magic)), Namespace: namespace, Hash: "sha512", Sum: sum[:]})
}

// Sign signs a text for a namespace.
func (s *Signer) Sign(namespace string, text []byte) (Signature, error) {
	sig, err := s.sign(stated(namespace, text))
	if err != nil {
		return nil, fmt.Errorf("signing with the key %s: %w", s.Key(), err)
	}
	blob := ssh.Marshal(envelope{
		Magic: [6]byte([]byte(magic)), Version: version, PublicKey: s.key.PublicKey().Marshal(),
		Namespace: namespace, Hash: "sha512", Signature: ssh.Marshal(*sig),
	})
	return pem.EncodeToMemory(&pem.Block{Type: armour, Bytes: blob}), nil
}

// sign signs data. The usual algorithm of RSA keys would be the one with SHA-1.
func (s *Signer) sign(data []byte) (*ssh.Signature, error) {
	if s.key.PublicKey().Type() != ssh.KeyAlgoRSA {
		return s.key.Sign(rand.Reader, data)
	}
	signer, ok := s.key.(ssh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("this RSA key cannot sign with SHA-512; use an ed25519 key")
	}
	return signer.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA512)
}

// algorithms are those of signatures that count.
var algorithms = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519,
	ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256,
	ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
}

// parse takes a signature apart.
func parse(text Signature, namespace string) (ssh.PublicKey, *ssh.Signature, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != armour || len(bytes.TrimSpace(rest)) > 0 {
		return nil, nil, errors.New("it is no SSH signature")
	}
	var e envelope
	if err := ssh.Unmarshal(block.Bytes, &e); err != nil {
		return nil, nil, fmt.Errorf("it is damaged: %w", err)
	}
	switch {
	case string(e.Magic[:]) != magic || e.Version != version:
		return nil, nil, errors.New("it is no SSH signature of version 1")
	case e.Namespace != namespace:
		return nil, nil, fmt.Errorf("it was made for %.40q, not for %q", e.Namespace, namespace)
	case e.Hash != "sha512" || e.Reserved != "":
		return nil, nil, fmt.Errorf("it is made with the hash %.40q; use sha512", e.Hash)
	}
	key, err := ssh.ParsePublicKey(e.PublicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("its key is damaged: %w", err)
	}
	var sig ssh.Signature
	if err := ssh.Unmarshal(e.Signature, &sig); err != nil {
		return nil, nil, fmt.Errorf("it is damaged: %w", err)
	}
	if !slices.Contains(algorithms, sig.Format) {
		return nil, nil, fmt.Errorf("it is made with %.40q, which is not safe or not known", sig.Format)
	}
	return key, &sig, nil
}
