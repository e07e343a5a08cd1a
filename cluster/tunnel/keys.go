package tunnel

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// A keyring finds the keys to log in with, afresh for each connection.
type keyring struct {
	home string
	file string // the only key to use: the file of a private key, or of a public one; may be empty
	sock string // of the ssh-agent; may be empty
}

// open returns the keys, and what to call when they are not needed any more. Without a file these
// are the ones of the ssh-agent, and then those in ~/.ssh that have no passphrase.
func (k keyring) open() (keys []ssh.Signer, done func(), err error) {
	held, done := k.agent()
	if k.file != "" {
		keys, err = k.only(held)
	} else {
		keys = unique(append(held, k.files()...))
	}
	if err == nil && len(keys) == 0 {
		err = fmt.Errorf("%w: the ssh-agent has none, and %s has no id_* without a passphrase that has a .pub beside it; make one with ssh-keygen, load one with ssh-add, or name its file", ErrKeys, k.dir())
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return keys, done, nil
}

func (k keyring) dir() string { return filepath.Join(k.home, ".ssh") }

// agentLimit is how long an ssh-agent may take for everything. It may have to ask its user.
const agentLimit = 30 * time.Second

// agent returns the keys of the ssh-agent, if there is one.
func (k keyring) agent() ([]ssh.Signer, func()) {
	if k.sock == "" {
		return nil, func() {}
	}
	conn, err := net.Dial("unix", k.sock)
	if err != nil {
		return nil, func() {}
	}
	conn.SetDeadline(time.Now().Add(agentLimit))
	keys, err := agent.NewClient(conn).Signers()
	if err != nil {
		conn.Close()
		return nil, func() {}
	}
	return keys, func() { conn.Close() }
}

// only returns the key of the file, which the ssh-agent may hold.
func (k keyring) only(held []ssh.Signer) ([]ssh.Signer, error) {
	name := expand(k.file, k.home)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		key, err := ssh.ParsePrivateKey(text)
		if err == nil {
			return []ssh.Signer{key}, nil
		}
		var locked *ssh.PassphraseMissingError
		if !errors.As(err, &locked) {
			return nil, fmt.Errorf("%w: %s: %w", ErrKeys, name, err)
		}
		public = locked.PublicKey
	}
	if public == nil { // an old format, which does not contain the public key
		public, _ = publicKey(name)
	}
	for _, key := range held {
		if public != nil && same(key.PublicKey(), public) {
			return []ssh.Signer{key}, nil
		}
	}
	return nil, fmt.Errorf("%w: %s is a public key or has a passphrase, and no ssh-agent holds it; load it with ssh-add", ErrKeys, name)
}

// files returns the keys in ~/.ssh that can be used as they are.
func (k keyring) files() []ssh.Signer {
	publics, err := filepath.Glob(filepath.Join(escape(k.dir()), "id_*.pub"))
	if err != nil {
		return nil
	}
	var out []ssh.Signer
	for _, public := range publics {
		text, err := os.ReadFile(strings.TrimSuffix(public, ".pub"))
		if err != nil {
			continue
		}
		if key, err := ssh.ParsePrivateKey(text); err == nil {
			out = append(out, key)
		}
	}
	return out
}

// escape turns a directory into a pattern that matches nothing else.
func escape(dir string) string {
	if os.PathSeparator == '\\' { // where patterns have no escapes
		return dir
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// publicKey reads the public key beside a private one.
func publicKey(private string) (ssh.PublicKey, error) {
	text, err := os.ReadFile(private + ".pub")
	if err != nil {
		return nil, err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	return key, err
}

// unique returns each key once, in the same order.
func unique(keys []ssh.Signer) []ssh.Signer {
	var out []ssh.Signer
	for _, key := range keys {
		if !slices.ContainsFunc(out, func(o ssh.Signer) bool { return same(o.PublicKey(), key.PublicKey()) }) {
			out = append(out, key)
		}
	}
	return out
}

func same(a, b ssh.PublicKey) bool { return string(a.Marshal()) == string(b.Marshal()) }

// expand replaces a leading ~/ by the home directory.
func expand(name, home string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		return filepath.Join(home, rest)
	}
	return name
}
