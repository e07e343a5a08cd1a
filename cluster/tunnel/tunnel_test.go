package tunnel

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func TestParseGateway(t *testing.T) {
	for text, want := range map[string]Gateway{
		"a.test":                          {User: "root", Addr: "a.test:22"},
		"ssh://a.test/":                   {User: "root", Addr: "a.test:22"},
		"joe@a.test:2222":                 {User: "joe", Addr: "a.test:2222"},
		"ssh://joe@[::1]:2222":            {User: "joe", Addr: "[::1]:2222"},
		"ssh://[::1]":                     {User: "root", Addr: "[::1]:22"},
		"a.test?hostkey=AA%2BB%2F%3D":     {User: "root", Addr: "a.test:22", Key: "AA+B/="},
		"ssh://a.test:22/?hostkey=AA+B/=": {User: "root", Addr: "a.test:22", Key: "AA+B/="},
	} {
		if got, err := ParseGateway(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"":                    "names no host",
		"ssh://":              "names no host",
		"https://a.test":      "begins with https",
		"joe:secret@a.test":   "password",
		"joe:secret@a.test:x": "is not the address",
		"a.test/dir":          "path",
		"a.test:0":            "no port 0",
		"a.test:70000":        "no port 70000",
		"a.test:x":            "is not the address of an SSH host",
		"a.test?key=1":        `parameter "key"`,
		"ssh://a.test#top":    "fragment",
		"ssh://a\x00b":        "is not the address of an SSH host",
		"ssh://%zz@a.test:22": "is not the address of an SSH host",
	} {
		if _, err := ParseGateway(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, without %q", text, err, want)
		}
	}
}

func FuzzParseGateway(f *testing.F) {
	for _, s := range []string{"a", "ssh://u@h:1?hostkey=AA", "[::1]:2", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if g, err := ParseGateway(text); err == nil && (g.User == "" || g.Addr == "") {
			t.Errorf("%q is %+v", text, g)
		}
	})
}

func TestOneConnectionForAll(t *testing.T) {
	s, to := listen(t), echo(t)
	d := dialer(t, s.options(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			conn, err := d.Dial(limited(t), to)
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
		})
	}
	all.Wait()
	through(t, d, to)
	if n := s.connections(); n != 1 {
		t.Errorf("there were %d connections", n)
	}
}

func TestHostKeys(t *testing.T) {
	s, to := listen(t), echo(t)
	_, other := newKey(t)
	t.Run("given", func(t *testing.T) {
		opts := s.options(t)
		opts.KnownHosts = []string{"/nonexistent"}
		opts.Gateway.Key = encoded(s.host.PublicKey())
		through(t, dialer(t, opts), to)
		opts.Gateway.Key = s.host.PublicKey().Type() + " " + opts.Gateway.Key
		through(t, dialer(t, opts), to)
	})
	refused := func(t *testing.T, opts Options, want string) {
		t.Helper()
		_, err := dialer(t, opts).Dial(limited(t), to)
		if !errors.Is(err, ErrHostKey) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, without %q", err, want)
		}
	}
	t.Run("another given", func(t *testing.T) {
		opts := s.options(t)
		opts.Gateway.Key = encoded(other.PublicKey())
		refused(t, opts, "the one that was given")
	})
	t.Run("another known", func(t *testing.T) {
		opts := s.options(t)
		know(t, opts.Home, s.addr, other.PublicKey())
		refused(t, opts, "known_hosts:1 has ssh-ed25519 SHA256:")
	})
	t.Run("unknown", func(t *testing.T) {
		opts := s.options(t)
		know(t, opts.Home, "a.test:22", other.PublicKey())
		refused(t, opts, encoded(s.host.PublicKey()))
	})
	t.Run("revoked", func(t *testing.T) {
		opts := s.options(t)
		write(t, opts.KnownHosts[0], append([]byte("@revoked * "), ssh.MarshalAuthorizedKey(s.host.PublicKey())...))
		refused(t, opts, "revoked at")
	})
	t.Run("no file", func(t *testing.T) {
		opts := s.options(t)
		os.Remove(opts.KnownHosts[0])
		if _, err := New(opts); !errors.Is(err, ErrHostKey) || !strings.Contains(err.Error(), opts.KnownHosts[0]) {
			t.Error(err)
		}
	})
	for text, want := range map[string]string{"AAAA": "base64", "?": "base64", " ": "empty", "ssh-ed25519 ": "base64"} {
		opts := s.options(t)
		opts.Gateway.Key = text
		if _, err := New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, without %q", text, err, want)
		}
	}
}

// A certificate of the host counts if its authority is known.
func TestHostCertificate(t *testing.T) {
	s, to := listen(t), echo(t)
	_, authority := newKey(t)
	opts := s.options(t)
	line := "@cert-authority " + knownhosts.Normalize(s.addr) + " " + string(ssh.MarshalAuthorizedKey(authority.PublicKey()))
	write(t, opts.KnownHosts[0], []byte(line))
	hosts, err := hostKeysOf(opts.Gateway, opts.KnownHosts)
	if err != nil || hosts.algorithms[0] != ssh.CertAlgoED25519v01 {
		t.Errorf("asked for first is %q, %v", hosts.algorithms, err)
	}
	if _, err := dialer(t, opts).Dial(limited(t), to); !errors.Is(err, ErrHostKey) {
		t.Errorf("a key without a certificate: %v", err)
	}
	cert := &ssh.Certificate{
		Key: s.host.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"}, ValidBefore: ssh.CertTimeInfinity,
	}
	if err := cert.SignCert(strings.NewReader(strings.Repeat("x", 64)), authority); err != nil {
		t.Fatal(err)
	}
	remote, err := net.ResolveTCPAddr("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := hosts.check(s.addr, remote, cert); err != nil {
		t.Error(err)
	}
}

func TestPreferred(t *testing.T) {
	if first := prefer(nil, nil)[0]; first != ssh.KeyAlgoED25519 {
		t.Errorf("an unknown host is asked for %s first, want the key that people compare", first)
	}
	all := prefer([]string{ssh.KeyAlgoRSA}, nil)
	if all[0] != ssh.KeyAlgoRSASHA512 || all[1] != ssh.KeyAlgoRSASHA256 {
		t.Errorf("the first are %q", all[:2])
	}
	seen := map[string]bool{}
	for _, a := range all {
		if seen[a] || strings.Contains(a, "-cert-") {
			t.Errorf("%s is there twice, or a certificate", a)
		}
		seen[a] = true
	}
	if !seen[ssh.KeyAlgoED25519] {
		t.Errorf("there are only %q", all)
	}
}

func TestKeys(t *testing.T) {
	s, to := listen(t), echo(t)
	stranger, _ := newKey(t)
	key := func(home string) string { return filepath.Join(home, ".ssh", "id_ed25519") }
	t.Run("in the agent", func(t *testing.T) {
		opts := s.options(t)
		os.Remove(key(opts.Home))
		opts.AgentSocket = agentWith(t, s.client)
		through(t, dialer(t, opts), to)
	})
	t.Run("named", func(t *testing.T) {
		opts := s.options(t)
		writeKey(t, filepath.Join(opts.Home, "deep", "key"), s.client, "")
		writeKey(t, key(opts.Home), stranger, "")
		opts.Identity = "~/deep/key"
		through(t, dialer(t, opts), to)
	})
	t.Run("named, and in the agent", func(t *testing.T) {
		opts := s.options(t)
		writeKey(t, key(opts.Home), s.client, "secret")
		opts.AgentSocket = agentWith(t, s.client)
		for _, suffix := range []string{"", ".pub"} {
			opts.Identity = key(opts.Home) + suffix
			through(t, dialer(t, opts), to)
		}
	})
	t.Run("second", func(t *testing.T) {
		opts := s.options(t)
		writeKey(t, filepath.Join(opts.Home, ".ssh", "id_a"), stranger, "")
		opts.AgentSocket = agentWith(t, stranger)
		through(t, dialer(t, opts), to)
	})
	t.Run("refused", func(t *testing.T) {
		opts := s.options(t)
		writeKey(t, key(opts.Home), stranger, "")
		d := dialer(t, opts)
		before := s.connections()
		for range 3 {
			_, err := d.Dial(limited(t), to)
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "SHA256:") || !strings.Contains(err.Error(), "authorized_keys of root") {
				t.Error(err)
			}
		}
		if n := s.connections() - before; n != 1 {
			t.Errorf("the gateway was bothered %d times", n)
		}
	})
	for name, spoil := range map[string]func(opts *Options){
		"none":                func(opts *Options) { os.Remove(key(opts.Home)) },
		"a passphrase":        func(opts *Options) { writeKey(t, key(opts.Home), s.client, "secret") },
		"no public one":       func(opts *Options) { os.Remove(key(opts.Home) + ".pub") },
		"no such file":        func(opts *Options) { opts.Identity = "/nonexistent" },
		"no key in the file":  func(opts *Options) { opts.Identity = opts.KnownHosts[0]; write(t, opts.Identity, []byte("?")) },
		"only a public one":   func(opts *Options) { opts.Identity = key(opts.Home) + ".pub" },
		"a named passphrase":  func(opts *Options) { opts.Identity = key(opts.Home); writeKey(t, opts.Identity, s.client, "secret") },
		"one that is no file": func(opts *Options) { opts.Identity = opts.Home },
	} {
		t.Run(name, func(t *testing.T) {
			opts := s.options(t)
			opts.Gateway.Key = encoded(s.host.PublicKey())
			spoil(&opts)
			if _, err := New(opts); !errors.Is(err, ErrKeys) {
				t.Error(err)
			}
		})
	}
}

func TestForwardingProhibited(t *testing.T) {
	s := listen(t)
	s.prohibit = true
	_, err := dialer(t, s.options(t)).Dial(limited(t), "127.0.0.1:2379")
	if !errors.Is(err, ErrForward) || !strings.Contains(err.Error(), "AllowTcpForwarding") {
		t.Error(err)
	}
}

func TestNobodyListens(t *testing.T) {
	s := listen(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := dialer(t, s.options(t)).Dial(limited(t), l.Addr().String()); err == nil || !strings.Contains(err.Error(), "does not reach "+l.Addr().String()) {
		t.Error(err)
	}
	opts := s.options(t)
	opts.Gateway.Addr = l.Addr().String()
	if err := dialer(t, opts).Connect(limited(t)); err == nil || !strings.Contains(err.Error(), "connecting to root@"+l.Addr().String()) {
		t.Error(err)
	}
}

func TestHealed(t *testing.T) {
	s, to := listen(t), echo(t)
	d := dialer(t, s.options(t))
	for range 3 {
		conn := through(t, d, to)
		s.cut()
		if _, err := io.ReadAll(conn); err != nil {
			t.Error("the channel ends with", err)
		}
		waitFor(t, func() error {
			conn, err := d.Dial(limited(t), to)
			if err == nil {
				talk(t, conn)
				conn.Close()
			}
			return err
		})
	}
}

// A connection that is dead, but not closed, is noticed.
func TestSilence(t *testing.T) {
	s, to := listen(t), echo(t)
	p := newProxy(t, s.addr)
	opts := optionsAt(p.addr, s.home(t))
	opts.Gateway.Key = encoded(s.host.PublicKey())
	opts.Pace.Answer = 200 * time.Millisecond
	d := dialer(t, opts)
	conn := through(t, d, to)
	p.hang()
	if _, err := io.ReadAll(conn); err != nil {
		t.Error("the channel ends with", err)
	}
	waitFor(t, func() error {
		conn, err := d.Dial(limited(t), to)
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// A gateway that breaks all connections off is told of once, though each of them has another port.
func TestBrokenOff(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(conn, make([]byte, 8)) // it has begun to speak
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}()
	s := listen(t)
	opts := optionsAt(l.Addr().String(), s.home(t))
	opts.Gateway.Key = encoded(s.host.PublicKey())
	d := dialer(t, opts)
	said := map[string]bool{}
	for range 5 {
		err := d.Connect(limited(t))
		if err == nil || errors.Is(err, ErrRefused) {
			t.Fatalf("connecting ends with %v", err)
		}
		said[err.Error()] = true
	}
	if len(said) > 1 {
		t.Errorf("it says %q", slices.Sorted(maps.Keys(said)))
	}
}

// Logging in may take longer than a dial: the next one finds the connection.
func TestSlowLogin(t *testing.T) {
	s, to := listen(t), echo(t)
	d := dialer(t, s.options(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Dial(ctx, to); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	through(t, d, to)
	if n := s.connections(); n != 1 {
		t.Errorf("there were %d connections", n)
	}
}

func TestClose(t *testing.T) {
	s, to := listen(t), echo(t)
	d := dialer(t, s.options(t))
	conn := through(t, d, to)
	d.Close()
	if _, err := io.ReadAll(conn); err != nil {
		t.Error("the channel ends with", err)
	}
	if _, err := d.Dial(limited(t), to); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// Close ends a login that hangs, too.
func TestCloseWhileConnecting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := listen(t)
	opts := s.options(t)
	opts.Gateway = Gateway{User: "root", Addr: l.Addr().String(), Key: encoded(s.host.PublicKey())}
	d := dialer(t, opts)
	failed := make(chan error, 1)
	go func() { failed <- d.Connect(limited(t)) }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	d.Close()
	if err := <-failed; err == nil {
		t.Error("it connected to one that is silent")
	}
}

// waitFor waits until something works.
func waitFor(t *testing.T, try func() error) {
	t.Helper()
	ctx := limited(t)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("it is not healed:", err)
		case <-tick.C:
		}
	}
}

// A proxy passes bytes on, until it hangs.
type proxy struct {
	addr string
	mu   sync.Mutex
	hung chan struct{} // closed when the connections so far hang
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), hung: make(chan struct{})}
	over := t.Context().Done()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", to)
			if err != nil {
				a.Close()
				continue
			}
			p.mu.Lock()
			hung := p.hung
			p.mu.Unlock()
			go pass(a, b, hung, over)
			go pass(b, a, hung, over)
		}
	}()
	return p
}

// hang makes the connections so far silent.
func (p *proxy) hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.hung)
	p.hung = make(chan struct{})
}

func pass(to, from net.Conn, hung, over <-chan struct{}) {
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		select {
		case <-hung:
			<-over
			return
		default:
		}
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
