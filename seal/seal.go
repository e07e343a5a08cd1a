// Package seal encrypts secrets so that only certain hosts can read them.
//
// Each host has a [Key] in a file, which never leaves the host. The public part of the key is its
// recipient. [Seal] encrypts a secret to some recipients, as a text that may stand in a program: only
// those hosts can read it. The key of a host's SSH server works as well, with its public key as the
// recipient (ssh.go). The format is that of age (age-encryption.org/v1), in base64 on one line or
// armored.
package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// A Key opens what is sealed for one host.
type Key struct {
	identity  age.Identity
	recipient string
}

// maxKey bounds the size of a file with a key, in bytes.
const maxKey = 1 << 16

// Read reads the key in a file, which nobody but its owner may read.
func Read(file string) (*Key, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the key of this host: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the key of this host: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key of this host is open to others: %s has mode %04o; make it 0600, or make another key if somebody may have read it", file, info.Mode().Perm())
	}
	identities, err := age.ParseIdentities(io.LimitReader(f, maxKey))
	if err != nil {
		return nil, fmt.Errorf("%s is no key: %w", file, err)
	}
	identity, ok := identities[0].(*age.X25519Identity)
	if !ok {
		return nil, fmt.Errorf("%s has a %T, which is no key of a host", file, identities[0])
	}
	return keyOf(identity), nil
}

func keyOf(identity *age.X25519Identity) *Key {
	return &Key{identity, identity.Recipient().String()}
}

// Make reads the key in a file, and makes it if there is none.
func Make(file string) (*Key, error) {
	if k, err := Read(file); !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	identity, err := age.GenerateX25519Identity()
	if err == nil {
		err = keep(file, identity)
	}
	if errors.Is(err, fs.ErrExist) { // somebody else was faster
		return Read(file)
	}
	if err != nil {
		return nil, fmt.Errorf("making a key for this host: %w", err)
	}
	return keyOf(identity), nil
}

// keep writes a new file as a whole: others see all of it or nothing, and what is there already
// stays.
func keep(file string, identity *age.X25519Identity) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, "."+filepath.Base(file)+".*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = fmt.Fprintf(temp, "# The key of this host; it is for nobody else.\n# Recipient: %s\n%s\n", identity.Recipient(), identity)
	if err == nil {
		err = temp.Sync()
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Link(temp.Name(), file)
}

// Recipient returns what secrets are sealed to for the host.
func (k *Key) Recipient() string { return k.recipient }

// ErrNotForUs is why a host cannot open a secret that is all right.
var ErrNotForUs = errors.New("the secret is not sealed to this host")

// Open returns what was sealed.
func (k *Key) Open(text string) (string, error) {
	var sealed io.Reader
	if text = strings.TrimSpace(text); strings.HasPrefix(text, armor.Header) {
		sealed = armor.NewReader(strings.NewReader(text))
	} else {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return "", errors.New("the text is nothing that was sealed: it has to be a line that mgmt seal prints")
		}
		sealed = bytes.NewReader(data)
	}
	opened, err := age.Decrypt(sealed, k.identity)
	if _, other := errors.AsType[*age.NoIdentityMatchError](err); other {
		return "", ErrNotForUs
	}
	var secret []byte
	if err == nil {
		secret, err = io.ReadAll(opened)
	}
	if err != nil {
		return "", fmt.Errorf("the text is damaged: %w", err)
	}
	if !utf8.Valid(secret) {
		return "", errors.New("the secret is no text in UTF-8")
	}
	return string(secret), nil
}

// Seal closes a secret for the hosts with these recipients, of which there is at least one.
func Seal(secret []byte, recipients []string) (string, error) {
	var to []age.Recipient
	for _, r := range recipients {
		if strings.HasPrefix(strings.ToUpper(r), "AGE-SECRET-KEY-") {
			return "", errors.New("this is the key of a host, which must not leave it; seal to its recipient, and make another key if somebody may have seen this one")
		}
		parsed, err := parseRecipient(r)
		if err != nil {
			return "", fmt.Errorf("%q is no recipient: it has to be a line that mgmt seal --recipient prints, or an SSH host key of the type ssh-ed25519, or ssh-rsa with at least 2048 bits", r)
		}
		to = append(to, parsed...)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	if err == nil {
		_, err = w.Write(secret)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", fmt.Errorf("sealing: %w", err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}
