package peercred

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// pair returns both ends of a connection to an address.
func pair(t testing.TB, address string) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("no address %s here: %v", address, err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close() })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return dialed.(*net.TCPConn), accepted.(*net.TCPConn)
}

// ways are how a socket is found.
var ways = map[string]func(from, to netip.AddrPort) (socket, error){"ask": ask, "search": search}

func TestOwner(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "127.3.2.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0"} {
		client, server := pair(t, address)
		for side, c := range map[string]net.Conn{"client": client, "server": server} {
			if uid, err := Owner(c.LocalAddr(), c.RemoteAddr()); err != nil || uid != os.Geteuid() {
				t.Errorf("%s, seen by its %s: user %d, %v; want %d", address, side, uid, err, os.Geteuid())
			}
		}
	}
}

// Both ways find the same socket, and none that is almost the same.
func TestWays(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		client, _ := pair(t, address)
		from, to := client.LocalAddr().(*net.TCPAddr).AddrPort(), client.RemoteAddr().(*net.TCPAddr).AddrPort()
		for name, find := range ways {
			s, err := find(from, to)
			if err != nil || !s.open() || int(s.uid) != os.Geteuid() {
				t.Errorf("%s of %s: %+v, %v", name, address, s, err)
			}
			for _, other := range [][2]netip.AddrPort{
				{from, netip.AddrPortFrom(to.Addr(), to.Port()^1)},
				{netip.AddrPortFrom(from.Addr(), from.Port()^1), to},
				{netip.AddrPortFrom(next(from.Addr()), from.Port()), to},
				{from, netip.AddrPortFrom(next(to.Addr()), to.Port())},
			} {
				if s, err := find(other[0], other[1]); err == nil && s.open() {
					t.Errorf("%s finds %+v for %v, and there is no such connection", name, s, other)
				}
				if uid, err := Owner(net.TCPAddrFromAddrPort(other[0]), net.TCPAddrFromAddrPort(other[1])); !errors.Is(err, ErrElsewhere) {
					t.Errorf("user %d has %v, %v; there is no such connection", uid, other, err)
				}
			}
		}
	}
}

func next(a netip.Addr) netip.Addr {
	b := a.AsSlice()
	b[len(b)-1] ^= 2
	n, _ := netip.AddrFromSlice(b)
	return n
}

// A socket that was closed is root's in what the kernel tells: it must have no owner, whoever it
// was of, and that in all states that it goes through.
func TestAClosedConnectionHasNoOwner(t *testing.T) {
	for name, end := range map[string]func(client, server *net.TCPConn){
		"data on the way": func(client, _ *net.TCPConn) {
			client.Write([]byte("x"))
			client.Close()
		},
		"closed":         func(client, _ *net.TCPConn) { client.Close() },
		"half closed":    func(client, _ *net.TCPConn) { client.CloseWrite() },
		"reset":          func(client, _ *net.TCPConn) { client.SetLinger(0); client.Close() },
		"closed by both": func(client, server *net.TCPConn) { client.Close(); server.Close() },
	} {
		client, server := pair(t, "127.0.0.1:0")
		here, there := server.LocalAddr(), server.RemoteAddr()
		end(client, server)
		if uid, err := Owner(here, there); !errors.Is(err, ErrNoOwner) {
			t.Errorf("%s: user %d, %v; want that there is none", name, uid, err)
		}
		s, err := search(there.(*net.TCPAddr).AddrPort(), here.(*net.TCPAddr).AddrPort())
		if err == nil && s.open() {
			t.Errorf("%s: a search finds %+v", name, s)
		}
	}
}

// Until it is accepted, a connection has no owner, and who dialed waits for that.
func TestAcceptor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	here, there := conn.LocalAddr(), conn.RemoteAddr()
	if uid, err := Owner(here, there); !errors.Is(err, errPending) {
		t.Errorf("before it is accepted: user %d, %v", uid, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if uid, err := Acceptor(over, here, there); !errors.Is(err, ErrNoOwner) {
		t.Errorf("without time to wait: user %d, %v", uid, err)
	}
	accepted := make(chan net.Conn)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if uid, err := Acceptor(ctx, here, there); err != nil || uid != os.Geteuid() {
		t.Errorf("accepted: user %d, %v", uid, err)
	}
	(<-accepted).Close()
	if uid, err := Acceptor(ctx, here, there); !errors.Is(err, ErrNoOwner) {
		t.Errorf("closed: user %d, %v", uid, err)
	}
}

// Who listens at the port of a client that is gone is not the client.
func TestAListenerIsNoClient(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	nowhere := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	if uid, err := Owner(nowhere, l.Addr()); !errors.Is(err, ErrNoOwner) {
		t.Errorf("user %d, %v", uid, err)
	}
}

func TestOtherAddresses(t *testing.T) {
	socket := &net.UnixAddr{Name: "/x", Net: "unix"}
	if uid, err := Owner(socket, socket); err == nil {
		t.Errorf("a socket of the file system has user %d", uid)
	}
	if IsLocal(socket, socket) {
		t.Error("a socket of the file system has a loopback address")
	}
	outside, loopback := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, &net.TCPAddr{IP: net.IPv6loopback}
	if !IsLocal(loopback, outside) || !IsLocal(outside, loopback) || IsLocal(outside, outside) {
		t.Error("a connection is of this machine if one of its ends is at a loopback address")
	}
}

// What cannot be read is an error, and no user.
func TestDamagedAnswers(t *testing.T) {
	for _, buf := range [][]byte{nil, make([]byte, 3), make([]byte, 16), {20, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, append([]byte{24, 0, 0, 0, 20, 0}, make([]byte, 18)...)} {
		if a, err := parse(buf); !errors.Is(err, errNoAnswer) {
			t.Errorf("%v gives %+v, %v", buf, a, err)
		}
	}
	for _, line := range []string{"0: A B", "0: A B 1 - - - x - 5", "0: A B 1 - - - 0 - x", "0: A B zz - - - 0 - 5"} {
		if s, err := searchTable(strings.NewReader(line), "A", "B"); err == nil {
			t.Errorf("%q gives %+v", line, s)
		}
	}
}

func BenchmarkOwner(b *testing.B) {
	_, server := pair(b, "127.0.0.1:0")
	for b.Loop() {
		if _, err := Owner(server.LocalAddr(), server.RemoteAddr()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOwnerAmongMany: the number of connections must not matter.
func BenchmarkOwnerAmongMany(b *testing.B) {
	for range 5000 {
		pair(b, "127.0.0.1:0")
	}
	BenchmarkOwner(b)
}
