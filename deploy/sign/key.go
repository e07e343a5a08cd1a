package sign

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// FromAgent is what stands for the only key of the ssh-agent, where the name of a file is
// expected.
const FromAgent = "agent"

// Open returns the signer that an argument names, and what to call when it is not needed any
// more: [FromAgent], the file of a private key, or that of a public one whose private half an
// ssh-agent holds.
func Open(arg string) (s *Signer, done func(), err error) {
	if arg == FromAgent {
		return fromAgent(nil)
	}
	text, err := readKeys(arg)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the key to sign with: %w", err)
	}
	if key, _, err := parseKey(text); err == nil {
		return fromAgent(key)
	}
	s, err = ParseKey(text)
	if locked, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		if key := publicHalf(arg, locked); key != nil && os.Getenv("SSH_AUTH_SOCK") != "" {
			return fromAgent(key)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the key to sign with, %s: %w", arg, err)
	}
	return s, func() {}, nil
}

// largest is how many bytes a file of keys may have.
const largest = 1 << 20

// readKeys reads a file of keys. What has no end, like a device, is not read to the end of the memory.
func readKeys(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err == nil && len(text) > largest {
		err = fmt.Errorf("%s has more than %d KiB, so it is no file of keys", name, largest>>10)
	}
	return text, err
}

// publicHalf returns the public half of a key with a passphrase: the file has it, or the one beside
// that; nil if neither does.
func publicHalf(name string, locked *ssh.PassphraseMissingError) ssh.PublicKey {
	if locked.PublicKey != nil {
		return locked.PublicKey
	}
	text, err := readKeys(name + ".pub")
	if err != nil {
		return nil
	}
	key, _, err := parseKey(text)
	if err != nil {
		return nil
	}
	return key
}

// ParseKey reads a private key, as ssh-keygen or openssl write it.
func ParseKey(text []byte) (*Signer, error) {
	key, err := ssh.ParsePrivateKey(text)
	locked, ok := errors.AsType[*ssh.PassphraseMissingError](err)
	switch {
	case ok:
		return nil, fmt.Errorf("the key has a passphrase; load it into an ssh-agent with ssh-add (%w)", locked)
	case err != nil:
		return nil, fmt.Errorf("this is no private key: %w", err)
	}
	return &Signer{key}, nil
}

// fromAgent finds a key in the ssh-agent; nil is the only one.
func fromAgent(want ssh.PublicKey) (*Signer, func(), error) {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, nil, errors.New("there is no ssh-agent to sign with: SSH_AUTH_SOCK is not set; start one, or name the file of a private key")
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, nil, fmt.Errorf("reaching the ssh-agent: %w", err)
	}
	keys, err := agent.NewClient(conn).Signers()
	if err == nil {
		var s *Signer
		if s, err = choose(keys, want); err == nil {
			return s, func() { conn.Close() }, nil
		}
	}
	conn.Close()
	return nil, nil, fmt.Errorf("signing with the ssh-agent: %w", err)
}

func choose(keys []ssh.Signer, want ssh.PublicKey) (*Signer, error) {
	if want == nil && len(keys) == 1 {
		return &Signer{keys[0]}, nil
	}
	for _, k := range keys {
		if want != nil && string(k.PublicKey().Marshal()) == string(want.Marshal()) {
			return &Signer{k}, nil
		}
	}
	if want != nil {
		return nil, fmt.Errorf("it does not hold the key %s; add it with ssh-add", ssh.FingerprintSHA256(want))
	}
	if len(keys) == 0 {
		return nil, errors.New("it holds no keys; add one with ssh-add")
	}
	return nil, fmt.Errorf("it holds %d keys; name the file of the public key to use", len(keys))
}
