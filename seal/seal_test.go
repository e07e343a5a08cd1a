package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
)

func makeKey(t *testing.T) *Key {
	t.Helper()
	k, err := Make(filepath.Join(t.TempDir(), "secret", "key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustSeal(t *testing.T, secret string, recipients ...string) string {
	t.Helper()
	text, err := Seal([]byte(secret), recipients)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSealedToSome(t *testing.T) {
	a, b, c := makeKey(t), makeKey(t), makeKey(t)
	for _, secret := range []string{"open sesame", "two\nlines\n", "ü", strings.Repeat("long ", 100000)} {
		text := mustSeal(t, secret, a.Recipient(), b.Recipient())
		if strings.ContainsAny(text, " \n") || strings.Contains(text, "sesame") {
			t.Errorf("the sealed text is %.100q", text)
		}
		for _, k := range []*Key{a, b} {
			if got, err := k.Open(text + "\n"); got != secret || err != nil {
				t.Errorf("it opens to %.100q, %v", got, err)
			}
		}
		if _, err := c.Open(text); !errors.Is(err, ErrNotForUs) {
			t.Errorf("somebody else gets %v", err)
		}
	}
}

// TestArmor opens what the tools of the format make.
func TestArmor(t *testing.T) {
	k := makeKey(t)
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, k.identity.(*age.X25519Identity).Recipient())
	if err == nil {
		_, err = w.Write([]byte("open sesame"))
	}
	if err := errors.Join(err, w.Close(), a.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open(out.String()); got != "open sesame" || err != nil {
		t.Errorf("it opens to %q, %v", got, err)
	}
}

// TestDamaged changes each byte of a sealed text.
func TestDamaged(t *testing.T) {
	k := makeKey(t)
	data, err := base64.StdEncoding.DecodeString(mustSeal(t, "open sesame", k.Recipient()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] ^= 1
		if got, err := k.Open(base64.StdEncoding.EncodeToString(data)); err == nil {
			t.Errorf("with another byte %d it opens to %q", i, got)
		}
		data[i] ^= 1
		if got, err := k.Open(base64.StdEncoding.EncodeToString(data[:i])); err == nil {
			t.Errorf("without what follows byte %d it opens to %q", i, got)
		}
	}
	for _, text := range []string{"", "not sealed", "aGVsbG8=", armor.Header, mustSeal(t, "\xff", k.Recipient())} {
		if got, err := k.Open(text); err == nil {
			t.Errorf("%q opens to %q", text, got)
		}
	}
}

func TestRecipients(t *testing.T) {
	k := makeKey(t)
	for _, r := range []string{"", "me", k.Recipient()[1:], k.Recipient() + "x", k.identity.(*age.X25519Identity).String()} {
		if _, err := Seal([]byte("x"), []string{k.Recipient(), r}); err == nil || strings.Contains(err.Error(), "AGE-SECRET-KEY-1") {
			t.Errorf("sealing to %q: %v", r, err)
		}
	}
	if _, err := Seal([]byte("x"), nil); err == nil {
		t.Error("it can be sealed to nobody")
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret", "key")
	if _, err := Read(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	keys := make([]*Key, 8)
	var wait sync.WaitGroup
	for i := range keys { // whoever is first makes it
		wait.Go(func() {
			var err error
			if keys[i], err = Make(file); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, k := range keys {
		if k == nil || k.Recipient() != keys[0].Recipient() {
			t.Fatal("there is more than one key")
		}
	}
	if left, err := os.ReadDir(filepath.Dir(file)); len(left) != 1 || err != nil {
		t.Errorf("beside the key there are %v, %v", left, err)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file is %v, %v; want mode 0600", info.Mode(), err)
		}
		if err := os.Chmod(file, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := Make(file); err == nil || !strings.Contains(err.Error(), "mode 0640") {
			t.Errorf("a key that others can read: %v", err)
		}
	}
	for _, text := range []string{"", "# nothing\n", "hello\n", keys[0].Recipient() + "\n"} {
		bad := filepath.Join(dir, "bad")
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(bad); err == nil || strings.Contains(err.Error(), "AGE-SECRET") {
			t.Errorf("reading %q: %v", text, err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	k, err := Make(filepath.Join(b.TempDir(), "key"))
	if err != nil {
		b.Fatal(err)
	}
	text, err := Seal([]byte("open sesame"), []string{k.Recipient()})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Open(text); err != nil {
			b.Fatal(err)
		}
	}
}
