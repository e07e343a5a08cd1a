package stdsecret

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
	"mgmt/seal"
	"mgmt/watch"
)

// patience is how long a test waits for something that has to come.
const patience = 10 * time.Second

// emitted is one delivery of a source.
type emitted struct {
	text string
	err  error
}

// run runs a function of the module until the test ends.
func run(t *testing.T, host *funcs.Host, name, arg string) <-chan emitted {
	t.Helper()
	out := make(chan emitted, 100)
	emit := func(v types.Value, err error) {
		e := emitted{err: err}
		if err == nil {
			e.text = string(v.(types.Str))
		}
		out <- e
	}
	for _, f := range Module().Funcs {
		if f.Name != name {
			continue
		}
		if !f.Secret {
			t.Errorf("secret.%s is not secret", name)
		}
		done := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer close(done)
			_ = f.Source(ctx, &funcs.Call{Host: host}, []types.Value{types.Str(arg)}, emit)
		}()
		t.Cleanup(func() { cancel(); <-done })
	}
	return out
}

func newHost(t *testing.T) *funcs.Host {
	t.Helper()
	hub := watch.NewHub(nil)
	t.Cleanup(func() { hub.Close() })
	return &funcs.Host{Watch: hub, KeyFile: filepath.Join(t.TempDir(), "secret", "key")}
}

// until waits for a delivery that is wanted.
func until(t *testing.T, from <-chan emitted, what string, wanted func(emitted) bool) {
	t.Helper()
	late := time.After(patience)
	var last emitted
	for {
		select {
		case last = <-from:
			if wanted(last) {
				return
			}
		case <-late:
			t.Fatalf("%s did not come; the last was %q, %v", what, last.text, last.err)
		}
	}
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "password")
	from := run(t, newHost(t), "file", name)
	until(t, from, "that it is missing", func(e emitted) bool { return types.Catchable(e.err) })
	for _, x := range []struct{ content, want string }{{"a", "a"}, {"b\n", "b"}, {"c\r\n", "c"}, {"d\n\n", "d\n"}, {" e ", " e "}} {
		if err := os.WriteFile(name+".new", []byte(x.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			t.Fatal(err)
		}
		until(t, from, x.want, func(e emitted) bool { return e.err == nil && e.text == x.want })
	}
}

func TestEnv(t *testing.T) {
	t.Setenv("MGMT_TEST_SECRET", "open sesame")
	host := newHost(t)
	call := &funcs.Call{Host: host}
	if v, err := env(call, []types.Value{types.Str("MGMT_TEST_SECRET")}); v != types.Str("open sesame") || err != nil {
		t.Errorf("it is %v, %v", v, err)
	}
	if _, err := env(call, []types.Value{types.Str("MGMT_TEST_NOT_SET")}); !types.Catchable(err) {
		t.Errorf("of a variable that is not set: %v", err)
	}

	// What comes with a deploy goes first.
	key, err := seal.Make(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := seal.Seal([]byte("deployed"), []string{key.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	host.Sealed = map[string]string{"MGMT_TEST_SECRET": text}
	if _, err := env(call, []types.Value{types.Str("MGMT_TEST_SECRET")}); !types.Catchable(err) {
		t.Errorf("without a key: %v", err)
	}
	mine, err := seal.Make(host.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := env(call, []types.Value{types.Str("MGMT_TEST_SECRET")}); !types.Catchable(err) {
		t.Errorf("sealed to another host: %v", err)
	}
	if host.Sealed["MGMT_TEST_SECRET"], err = seal.Seal([]byte("deployed"), []string{key.Recipient(), mine.Recipient()}); err != nil {
		t.Fatal(err)
	}
	if v, err := env(call, []types.Value{types.Str("MGMT_TEST_SECRET")}); v != types.Str("deployed") || err != nil {
		t.Errorf("it is %v, %v", v, err)
	}
}

func TestSealed(t *testing.T) {
	host := newHost(t)
	other, err := seal.Make(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := seal.Make(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := seal.Seal([]byte("open sesame"), []string{other.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	from := run(t, host, "sealed", text)
	until(t, from, "that there is no key", func(e emitted) bool {
		return types.Catchable(e.err) && strings.Contains(e.err.Error(), "mgmt seal --recipient")
	})
	mine, err := seal.Make(host.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	until(t, from, "that it is for others", func(e emitted) bool {
		return types.Catchable(e.err) && strings.Contains(e.err.Error(), mine.Recipient())
	})
	if text, err = seal.Seal([]byte("open sesame"), []string{mine.Recipient(), ours.Recipient()}); err != nil {
		t.Fatal(err)
	}
	until(t, run(t, host, "sealed", text), "the secret", func(e emitted) bool { return e.text == "open sesame" })
	until(t, run(t, host, "sealed", "hello"), "that it is damaged", func(e emitted) bool {
		return e.err != nil && !types.Catchable(e.err)
	})
	until(t, run(t, &funcs.Host{Watch: host.Watch}, "sealed", text), "that there is no key at all", func(e emitted) bool {
		return types.Catchable(e.err)
	})
}
