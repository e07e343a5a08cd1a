package tunnel

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

// quick is a pace for tests.
var quick = Pace{Connect: patience, Ask: 20 * time.Millisecond, Answer: 2 * time.Second, Again: time.Hour}

func newKey(t testing.TB) (ed25519.PrivateKey, ssh.Signer) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return private, signer
}

// writeKey writes a private key, with a passphrase if it is not empty, and the public one beside it.
func writeKey(t testing.TB, name string, key ed25519.PrivateKey, passphrase string) {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	write(t, name, pem.EncodeToMemory(block))
	write(t, name+".pub", ssh.MarshalAuthorizedKey(public))
}

func write(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// encoded is a public key in base64.
func encoded(key ssh.PublicKey) string { return base64.StdEncoding.EncodeToString(key.Marshal()) }

// A sshServer is a gateway in this process, for one key.
type sshServer struct {
	addr     string
	host     ssh.Signer
	client   ed25519.PrivateKey
	prohibit bool // it opens no channels

	mu    sync.Mutex
	conns []net.Conn
	count int // how many connections there were
}

// listen starts a gateway, which ends with the test.
func listen(t testing.TB) *sshServer {
	t.Helper()
	s := &sshServer{}
	_, s.host = newKey(t)
	var client ssh.Signer
	s.client, client = newKey(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if same(key, client.PublicKey()) {
			return nil, nil
		}
		return nil, ssh.ErrNoAuth
	}}
	config.AddHostKey(s.host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.count++
			s.mu.Unlock()
			all.Go(func() { s.serve(conn, config) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.cut()
		all.Wait()
	})
	return s
}

// cut ends all connections.
func (s *sshServer) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
	s.conns = nil
}

func (s *sshServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *sshServer) serve(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { ssh.DiscardRequests(requests) })
	for c := range channels {
		all.Go(func() { s.forward(c) })
	}
}

// forward does what a channel is for.
func (s *sshServer) forward(c ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if s.prohibit || c.ChannelType() != "direct-tcpip" {
		c.Reject(ssh.Prohibited, "open failed")
		return
	}
	if err := ssh.Unmarshal(c.ExtraData(), &to); err != nil {
		c.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	out, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.ParseIP(to.Host), Port: int(to.Port)})
	if err != nil {
		c.Reject(ssh.ConnectionFailed, "Connection refused")
		return
	}
	defer out.Close()
	ch, requests, err := c.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	back := make(chan struct{})
	go func() {
		defer close(back)
		io.Copy(ch, out)
		ch.Close()
	}()
	io.Copy(out, ch)
	out.Close()
	<-back
}

// home makes a home directory with the key of the gateway's user and a known_hosts file.
func (s *sshServer) home(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	writeKey(t, filepath.Join(dir, ".ssh", "id_ed25519"), s.client, "")
	know(t, dir, s.addr, s.host.PublicKey())
	return dir
}

// know writes a known_hosts file.
func know(t testing.TB, home, addr string, key ssh.PublicKey) {
	t.Helper()
	write(t, filepath.Join(home, ".ssh", "known_hosts"), []byte(knownhosts.Line([]string{addr}, key)+"\n"))
}

// options are those of a client that gets in.
func (s *sshServer) options(t testing.TB) Options {
	return optionsAt(s.addr, s.home(t))
}

func optionsAt(addr, home string) Options {
	return Options{
		Gateway: Gateway{User: "root", Addr: addr}, Home: home, AgentSocket: "none", Pace: quick,
		KnownHosts: []string{filepath.Join(home, ".ssh", "known_hosts")},
	}
}

// dialer returns a dialer, which ends with the test.
func dialer(t testing.TB, opts Options) *Dialer {
	t.Helper()
	opts.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	d, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// limited returns a context that ends in time.
func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// echo starts a server that says back what it hears, and returns its address.
func echo(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, func(conn net.Conn) { io.Copy(conn, conn) })
	return l.Addr().String()
}

// serve handles all connections that come in at a listener, until the test ends.
func serve(t testing.TB, l net.Listener, handle func(net.Conn)) {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
}

// talk sends some bytes to an echo and expects them back.
func talk(t testing.TB, conn net.Conn) {
	t.Helper()
	const text = "who is there?"
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != text {
		t.Fatalf("the echo is %q, %v", got, err)
	}
}

// through dials, and talks.
func through(t testing.TB, d *Dialer, addr string) net.Conn {
	t.Helper()
	conn, err := d.Dial(limited(t), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	talk(t, conn)
	return conn
}

// agentWith starts an ssh-agent that holds a key, and returns its socket.
func agentWith(t testing.TB, key ed25519.PrivateKey) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // the path of a socket is to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, func(conn net.Conn) { agent.ServeAgent(ring, conn) })
	return socket
}
