package sign_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"mgmt/deploy/sign"
)

const namespace = "mgmt-test"

// private returns the file of a private key.
func private(t testing.TB, key crypto.PrivateKey) []byte {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "ann@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

func newKey(t testing.TB) (*sign.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sign.ParseKey(private(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

func trust(t testing.TB, lines ...string) *sign.Trust {
	t.Helper()
	out, err := sign.ParseTrust("trusted.pub", []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSignAndVerify(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.PrivateKey{"ed25519": ed, "ecdsa": ec, "rsa": rs} {
		s, err := sign.ParseKey(private(t, key))
		if err != nil {
			t.Fatal(err)
		}
		sig, err := s.Sign(namespace, []byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		who, err := trust(t, "# keys", "", s.PublicKey()+" ann").Verify(namespace, []byte("text"), sig)
		if who != "ann" || err != nil {
			t.Errorf("%s: signed by %q, %v", name, who, err)
		}
		if by := sign.SignedBy(sig, namespace); by != s.Key() {
			t.Errorf("%s: SignedBy: %q, want %q", name, by, s.Key())
		}
	}
	s, key := newKey(t)
	sig, _ := s.Sign(namespace, []byte("text"))
	raw := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	if _, err := trust(t, raw).Verify(namespace, []byte("text"), sig); err != nil {
		t.Errorf("a raw key: %v", err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	s, _ := newKey(t)
	other, _ := newKey(t)
	text := []byte("text")
	sig, err := s.Sign(namespace, text)
	if err != nil {
		t.Fatal(err)
	}
	believed := trust(t, s.PublicKey())
	for what, try := range map[string]func() (string, error){
		"there is no signature":  func() (string, error) { return believed.Verify(namespace, text, nil) },
		"is not in trusted.pub":  func() (string, error) { return trust(t, other.PublicKey()).Verify(namespace, text, sig) },
		"was changed":            func() (string, error) { return believed.Verify(namespace, []byte("Text"), sig) },
		"was made for":           func() (string, error) { return believed.Verify("mgmt-other", text, sig) },
		"it is no SSH signature": func() (string, error) { return believed.Verify(namespace, text, append(bytes.Clone(sig), sig...)) },
	} {
		if _, err := try(); !errors.Is(err, sign.ErrUntrusted) || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
}

// TestTampering changes each byte of what is signed, and of the signature.
func TestTampering(t *testing.T) {
	s, _ := newKey(t)
	text := []byte("a text that is signed")
	sig, err := s.Sign(namespace, text)
	if err != nil {
		t.Fatal(err)
	}
	believed := trust(t, s.PublicKey())
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		if _, err := believed.Verify(namespace, changed, sig); err == nil {
			t.Errorf("%q is taken", changed)
		}
	}
	block, _ := pem.Decode(sig)
	for i := range block.Bytes {
		changed := bytes.Clone(block.Bytes)
		changed[i] ^= 1
		armoured := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: changed})
		if _, err := believed.Verify(namespace, text, armoured); err == nil {
			t.Errorf("the signature is taken with byte %d changed", i)
		}
	}
}

func TestParseTrustRefuses(t *testing.T) {
	s, _ := newKey(t)
	for text, want := range map[string]string{
		"":                            "has no keys",
		"# only words\n":              "has no keys",
		"nonsense":                    "f:1: this is no public key",
		s.PublicKey() + "\n\nssh-rsa": "f:3: this is no public key",
		`restrict ` + s.PublicKey():   "the option",
	} {
		if _, err := sign.ParseTrust("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	if _, err := sign.ReadTrust(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestFilesWithoutEnd(t *testing.T) {
	name := filepath.Join(t.TempDir(), "endless")
	if err := os.WriteFile(name, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sign.ReadTrust(name); err == nil || !strings.Contains(err.Error(), "is no file of keys") {
		t.Errorf("as keys to trust: %v", err)
	}
	if _, _, err := sign.Open(name); err == nil || !strings.Contains(err.Error(), "is no file of keys") {
		t.Errorf("as a key to sign with: %v", err)
	}
}

func TestKeyWithPassphrase(t *testing.T) {
	_, key := newKey(t)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sign.Open(name); err == nil || !strings.Contains(err.Error(), "ssh-add") {
		t.Errorf("got %v; want what to do", err)
	}
	ring := agent.NewKeyring()
	t.Setenv("SSH_AUTH_SOCK", serveAgent(t, t.TempDir(), ring))
	if _, _, err := sign.Open(name); err == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Errorf("without the key in the ssh-agent: %v", err)
	}
	if _, _, err := sign.Open(sign.FromAgent); err == nil || !strings.Contains(err.Error(), "holds no keys") {
		t.Errorf("with an ssh-agent that has none: %v", err)
	}
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	if _, done, err := sign.Open(name); err != nil {
		t.Errorf("with the key in the ssh-agent: %v", err)
	} else {
		done()
	}
}

// TestAgent signs with keys that an ssh-agent holds.
func TestAgent(t *testing.T) {
	dir := t.TempDir()
	ring := agent.NewKeyring()
	s, key := newKey(t)
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSH_AUTH_SOCK", serveAgent(t, dir, ring))
	public, unknown := filepath.Join(dir, "key.pub"), filepath.Join(dir, "unknown.pub")
	other, otherKey := newKey(t)
	if err := errors.Join(os.WriteFile(public, []byte(s.PublicKey()), 0o600), os.WriteFile(unknown, []byte(other.PublicKey()), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{sign.FromAgent, public} {
		got, done, err := sign.Open(arg)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := got.Sign(namespace, []byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trust(t, s.PublicKey()).Verify(namespace, []byte("text"), sig); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
		done()
	}
	if _, _, err := sign.Open(unknown); err == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Errorf("a key that the agent does not hold: %v", err)
	}
	if err := ring.Add(agent.AddedKey{PrivateKey: otherKey}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sign.Open(sign.FromAgent); err == nil || !strings.Contains(err.Error(), "holds 2 keys") {
		t.Errorf("an agent with two keys: %v", err)
	}
}

// serveAgent serves a keyring on a socket until the test ends.
func serveAgent(t *testing.T, dir string, ring agent.Agent) (socket string) {
	t.Helper()
	socket = filepath.Join(dir, "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(ring, conn)
		}
	}()
	return socket
}

// TestOpenSSH holds both directions against ssh-keygen.
func TestOpenSSH(t *testing.T) {
	tool, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("there is no ssh-keygen")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(stdin string, args ...string) {
		t.Helper()
		cmd := exec.Command(tool, args...)
		cmd.Stdin = strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen %v: %v\n%s", args, err, out)
		}
	}
	s, key := newKey(t)
	sig, err := s.Sign(namespace, []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.WriteFile(at("key"), private(t, key), 0o600),
		os.WriteFile(at("sig"), sig, 0o600),
		os.WriteFile(at("allowed"), []byte("ann "+s.PublicKey()), 0o600),
		os.WriteFile(at("text"), []byte("text"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	run("text", "-Y", "verify", "-f", at("allowed"), "-I", "ann", "-n", namespace, "-s", at("sig"))
	run("", "-Y", "sign", "-f", at("key"), "-n", namespace, at("text"))
	theirs, err := os.ReadFile(at("text.sig"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust(t, s.PublicKey()).Verify(namespace, []byte("text"), theirs); err != nil {
		t.Errorf("what ssh-keygen signed: %v", err)
	}
}

// FuzzVerify holds that nothing panics and that only the one signature is taken.
func FuzzVerify(f *testing.F) {
	s, _ := newKey(f)
	sig, err := s.Sign(namespace, []byte("text"))
	if err != nil {
		f.Fatal(err)
	}
	block, _ := pem.Decode(sig)
	f.Add(block.Bytes)
	believed := trust(f, s.PublicKey())
	f.Fuzz(func(t *testing.T, blob []byte) {
		armoured := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: blob})
		if _, err := believed.Verify(namespace, []byte("another text"), armoured); err == nil {
			t.Errorf("%x is taken for a signature", blob)
		}
	})
}
