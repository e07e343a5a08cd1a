package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// SSHHostKeys returns where OpenSSH keeps the keys of a host that can open what is sealed to them.
func SSHHostKeys() []string {
	return []string{"/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_rsa_key"}
}

// ReadSSH reads a key of an OpenSSH server. Who may read it is that server's concern.
func ReadSSH(file string) (*Key, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the SSH key of this host: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKey))
	if err != nil {
		return nil, fmt.Errorf("reading the SSH key of this host: %w", err)
	}
	identity, err := agessh.ParseIdentity(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no SSH key that secrets can be sealed to: %w", file, err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no SSH key: %w", file, err)
	}
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	return &Key{identity, public}, nil
}

// Open opens what was sealed with the key in a file, or with one of the SSH keys in others. Those
// that are not there, or are not for us to read, are passed over.
func Open(text, file string, others []string) (string, error) {
	secret, err := openWith(text, file, Read)
	for _, other := range others {
		if !errors.Is(err, ErrNotForUs) && !errors.Is(err, fs.ErrNotExist) {
			break
		}
		if opened, another := openWith(text, other, ReadSSH); another == nil {
			return opened, nil
		}
	}
	return secret, err
}

// openWith opens what was sealed with one key.
func openWith(text, file string, read func(string) (*Key, error)) (string, error) {
	key, err := read(file)
	if err != nil {
		return "", err
	}
	secret, err := key.Open(text)
	if errors.Is(err, ErrNotForUs) {
		err = fmt.Errorf("%w; its recipient is %s", err, key.Recipient())
	}
	return secret, err
}

// parseRecipient reads recipients: one of mgmt seal --recipient, or the public keys of SSH servers, as
// in known_hosts and as ssh-keyscan prints them.
func parseRecipient(text string) ([]age.Recipient, error) {
	if !strings.Contains(text, "ssh-") {
		return age.ParseRecipients(strings.NewReader(text))
	}
	var all []age.Recipient
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		r, err := agessh.ParseRecipient(line)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}
