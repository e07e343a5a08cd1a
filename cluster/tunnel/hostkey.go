package tunnel

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// hostKeys say which host keys a gateway may show, and in which order it is asked for them.
type hostKeys struct {
	check      ssh.HostKeyCallback
	algorithms []string
}

// hostKeysOf returns the host keys of a gateway: the one that is given, or those of known_hosts
// files that exist.
func hostKeysOf(g Gateway, files []string) (hostKeys, error) {
	if g.Key != "" {
		key, err := parseHostKey(g.Key)
		if err != nil {
			return hostKeys{}, fmt.Errorf("the host key that is given for %s: %w", g, err)
		}
		return hostKeys{given(g, key), prefer([]string{key.Type()}, nil)}, nil
	}
	var present []string
	for _, name := range files {
		if _, err := os.Stat(name); err == nil {
			present = append(present, name)
		}
	}
	if len(present) == 0 {
		return hostKeys{}, fmt.Errorf("%w: %s is not known, for there is no %s; log in to it with ssh once and compare its key, or give its host key", ErrHostKey, g, strings.Join(files, " or "))
	}
	known, err := knownhosts.New(present...)
	if err != nil {
		return hostKeys{}, fmt.Errorf("reading the host keys in %s: %w; mend that line, or give the host key of %s", strings.Join(present, ", "), err, g)
	}
	wanted, err := knownKeys(known, g.Addr)
	if err != nil {
		return hostKeys{}, err
	}
	var types, authorities []string
	for _, w := range wanted {
		if isAuthority(w) {
			authorities = append(authorities, w.Key.Type())
		} else {
			types = append(types, w.Key.Type())
		}
	}
	return hostKeys{listed(g, known, present[0]), prefer(types, authorities)}, nil
}

// parseHostKey reads a public key: what ssh-keyscan prints, without or with its type, but not
// its host.
func parseHostKey(text string) (ssh.PublicKey, error) {
	fields := strings.Fields(text)
	if len(fields) > 1 {
		fields = fields[1:]
	}
	if len(fields) == 0 {
		return nil, errors.New("it is empty")
	}
	const form = "it is to be the base64 text in the .pub file of the key, after its type"
	wire, err := base64.StdEncoding.DecodeString(fields[0])
	if err != nil {
		return nil, errors.New(form)
	}
	key, err := ssh.ParsePublicKey(wire)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", form, err)
	}
	return key, nil
}

// given accepts one key.
func given(g Gateway, want ssh.PublicKey) ssh.HostKeyCallback {
	return func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if string(key.Marshal()) == string(want.Marshal()) {
			return nil
		}
		return fmt.Errorf("%w: %s shows %s, and the one that was given is %s; another host may pose as it", ErrHostKey, g, describe(key), describe(want))
	}
}

// listed accepts the keys of known_hosts files.
func listed(g Gateway, known ssh.HostKeyCallback, file string) ssh.HostKeyCallback {
	return func(host string, remote net.Addr, key ssh.PublicKey) error {
		err := known(host, remote, key)
		var mismatch *knownhosts.KeyError
		var revoked *knownhosts.RevokedError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &revoked):
			return fmt.Errorf("%w: %s shows %s, which is revoked at %s:%d", ErrHostKey, g, describe(key), revoked.Revoked.Filename, revoked.Revoked.Line)
		case errors.As(err, &mismatch) && len(mismatch.Want) == 0:
			return fmt.Errorf("%w: %s is not known; it shows %s. Compare that with ssh-keygen -l -f KEY.pub on that host, and if they are the same, add it to %s (ssh asks and does so), or give it as its host key: %s",
				ErrHostKey, g, describe(key), file, base64.StdEncoding.EncodeToString(key.Marshal()))
		case errors.As(err, &mismatch):
			w := mismatch.Want[0]
			return fmt.Errorf("%w: %s shows %s, and %s:%d has %s; another host may pose as it. If its key was changed on purpose, put the new one there",
				ErrHostKey, g, describe(key), w.Filename, w.Line, describe(w.Key))
		}
		return fmt.Errorf("%w: %s: %w", ErrHostKey, g, err)
	}
}

// describe names a key as ssh does.
func describe(key ssh.PublicKey) string { return key.Type() + " " + ssh.FingerprintSHA256(key) }

// knownKeys returns the keys that are known for a host. Package knownhosts lists them when it is
// asked about a wrong key, so it is shown one that nobody can have.
func knownKeys(known ssh.HostKeyCallback, addr string) ([]knownhosts.KnownKey, error) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	var mismatch *knownhosts.KeyError
	if errors.As(known(addr, nowhere{}, key), &mismatch) {
		return mismatch.Want, nil
	}
	return nil, nil
}

// isAuthority reports whether a known key is that of an authority, which signs the keys of hosts.
func isAuthority(k knownhosts.KnownKey) bool {
	text, err := os.ReadFile(k.Filename)
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	return k.Line <= len(lines) && strings.HasPrefix(strings.TrimSpace(lines[k.Line-1]), "@cert-authority")
}

// nowhere is a remote address that no file lists.
type nowhere struct{}

func (nowhere) Network() string { return "tcp" }
func (nowhere) String() string  { return "0.0.0.0:0" }

// prefer returns the algorithms of host keys, with those of some types of key first. A host is
// asked for a certificate only if there are authorities to check it.
func prefer(types, authorities []string) []string {
	var first []string
	if len(authorities) > 0 {
		first = append(first, certificates...)
	}
	if len(types) == 0 { // whoever compares the key by eye looks at that of ed25519 first, as ssh does
		types = []string{ssh.KeyAlgoED25519}
	}
	for _, t := range types {
		if t == ssh.KeyAlgoRSA {
			first = append(first, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			first = append(first, t)
		}
	}
	for _, a := range ssh.SupportedAlgorithms().HostKeys {
		if !slices.Contains(first, a) && !slices.Contains(certificates, a) {
			first = append(first, a)
		}
	}
	return first
}

// certificates are the algorithms of host keys that an authority has signed.
var certificates = []string{
	ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
	ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
}

// knownHostsFiles are those of the user, and of the machine.
func knownHostsFiles(home string) []string {
	return []string{filepath.Join(home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"}
}
