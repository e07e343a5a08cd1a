package seal

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// sshKey writes the key of an SSH server, and returns the file with its public key.
func sshKey(t *testing.T, key any) (file, public string) {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "root@web1")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ssh_host_key")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

func ed25519Key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSealedToSSHKeys(t *testing.T) {
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	mine := filepath.Join(t.TempDir(), "key")
	if _, err := Make(mine); err != nil {
		t.Fatal(err)
	}
	other, _ := sshKey(t, ed25519Key(t))
	for name, key := range map[string]any{"ed25519": ed25519Key(t), "rsa": long} {
		file, public := sshKey(t, key)
		for form, recipient := range map[string]string{
			"as it is": public, "with a comment": public + " root@web1", "as ssh-keyscan prints it": "web1,192.0.2.1 " + public + "\n",
		} {
			text := mustSeal(t, "open sesame", recipient)
			for where, keys := range map[string][]string{"without a key": {none}, "beside a key": {mine}} {
				if got, err := Open(text, keys[0], []string{none, other, file}); got != "open sesame" || err != nil {
					t.Errorf("%s, %s, %s: it opens to %q, %v", name, form, where, got, err)
				}
			}
			if _, err := Open(text, mine, []string{other}); !errors.Is(err, ErrNotForUs) || !strings.Contains(err.Error(), "age1") {
				t.Errorf("%s, %s: another host gets %v", name, form, err)
			}
			if _, err := Open(text, none, nil); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s, %s: a host without a key gets %v", name, form, err)
			}
		}
		if k, err := ReadSSH(file); err != nil || k.Recipient() != public {
			t.Errorf("%s: the key is of %v, error %v", name, k, err)
		}
	}
}

func TestBadSSHKeys(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file, public := sshKey(t, curve)
	if _, err := ReadSSH(file); err == nil {
		t.Error("a key of ECDSA is read")
	}
	locked := filepath.Join(t.TempDir(), "locked")
	block, err := ssh.MarshalPrivateKeyWithPassphrase(ed25519Key(t), "", []byte("word"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{locked: pem.EncodeToMemory(block), file: []byte("nothing"), file + ".empty": nil} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSSH(name); err == nil {
			t.Errorf("%.40q is read as a key", text)
		}
	}
	_, first := sshKey(t, ed25519Key(t))
	for _, r := range []string{public, "web1 " + first + "\n" + public, "ssh-ed25519 AAAA", "ssh-", "ssh-dss AAAAB3NzaC1kc3MAAAA="} {
		if _, err := Seal([]byte("x"), []string{r}); err == nil || !strings.Contains(err.Error(), "ssh-ed25519, or ssh-rsa with") {
			t.Errorf("sealing to %q: %v", r, err)
		}
	}
}

func TestSealedToSeveralSSHKeys(t *testing.T) {
	one, first := sshKey(t, ed25519Key(t))
	two, second := sshKey(t, ed25519Key(t))
	text := mustSeal(t, "open sesame", "# web1:22\nweb1 "+first+"\n\nweb2 "+second)
	for _, file := range []string{one, two} {
		if got, err := Open(text, file+".none", []string{file}); got != "open sesame" || err != nil {
			t.Errorf("sealed to two lines, it opens to %q, %v", got, err)
		}
	}
}
