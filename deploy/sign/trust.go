package sign

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Trust is the public keys that are believed. Without any, nothing is.
type Trust struct {
	source string
	keys   []trusted
}

type trusted struct {
	name string // the comment of the key, or its fingerprint
	wire string // the key as it is sent
}

// ErrUntrusted is why a text is refused.
var ErrUntrusted = errors.New("it is not signed by anyone who is trusted")

// ReadTrust reads the keys of a file.
func ReadTrust(name string) (*Trust, error) {
	text, err := readKeys(name)
	if err != nil {
		return nil, fmt.Errorf("reading the keys to trust: %w", err)
	}
	return ParseTrust(name, text)
}

// ParseTrust reads keys, one a line: as authorized_keys has them, or the 32 bytes of an ed25519
// key in base64. Empty lines and those that begin with # say nothing. Source is for messages.
func ParseTrust(source string, text []byte) (*Trust, error) {
	t := &Trust{source: source}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, name, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", source, n, err)
		}
		t.keys = append(t.keys, trusted{name, string(key.Marshal())})
	}
	if len(t.keys) == 0 {
		return nil, fmt.Errorf("%s has no keys; put the public key of whoever may deploy on a line", source)
	}
	return t, nil
}

func parseKey(line []byte) (ssh.PublicKey, string, error) {
	if raw, err := base64.StdEncoding.DecodeString(string(line)); err == nil && len(raw) == ed25519.PublicKeySize {
		key, err := ssh.NewPublicKey(ed25519.PublicKey(raw))
		if err != nil {
			return nil, "", err
		}
		return key, ssh.FingerprintSHA256(key), nil
	}
	key, comment, options, rest, err := ssh.ParseAuthorizedKey(line)
	switch {
	case err != nil || len(rest) > 0:
		return nil, "", errors.New("this is no public key: a line is like one of authorized_keys, or an ed25519 key in base64")
	case len(options) > 0:
		return nil, "", fmt.Errorf("the key has the option %.40q; options of keys mean nothing here, so leave them out", options[0])
	case strings.Contains(key.Type(), "-cert-"):
		return nil, "", errors.New("this is a certificate; name the key itself")
	}
	if comment == "" {
		comment = ssh.FingerprintSHA256(key)
	}
	return key, comment, nil
}

// Verify checks that a signature was made of the text, for the namespace, with a key that is
// trusted, and returns the name of that. Otherwise it is ErrUntrusted and says why.
func (t *Trust) Verify(namespace string, text []byte, sig Signature) (name string, err error) {
	if len(sig) == 0 {
		return "", fmt.Errorf("%w: there is no signature", ErrUntrusted)
	}
	key, made, err := parse(sig, namespace)
	if err != nil {
		return "", fmt.Errorf("%w: the signature cannot be used: %w", ErrUntrusted, err)
	}
	name, ok := t.find(key)
	if !ok {
		return "", fmt.Errorf("%w: the key %s is not in %s", ErrUntrusted, ssh.FingerprintSHA256(key), t.source)
	}
	if err := key.Verify(stated(namespace, text), made); err != nil {
		return "", fmt.Errorf("%w: the text was changed after %s signed it, or the signature was", ErrUntrusted, name)
	}
	return name, nil
}

func (t *Trust) find(key ssh.PublicKey) (name string, ok bool) {
	wire := string(key.Marshal())
	for _, k := range t.keys {
		if k.wire == wire {
			return k.name, true
		}
	}
	return "", false
}

// SignedBy returns the fingerprint of the key that a signature names, which says nothing yet of
// whether it is right.
func SignedBy(sig Signature, namespace string) string {
	key, _, err := parse(sig, namespace)
	if err != nil {
		return ""
	}
	return ssh.FingerprintSHA256(key)
}
