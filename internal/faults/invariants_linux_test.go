package faults

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// joinPort is where a host lets others in, which have no certificate yet.
const joinPort = 2378

// check sees that nothing is lost and all is right, whatever has happened before. Something is
// deployed for that, by one host after the other.
func (l *lab) check(w *writer) {
	l.t.Helper()
	l.whole()
	l.onNewest()
	acked := w.finish()
	for _, h := range l.hosts {
		l.eventually(h.name+" says what it has", func() bool {
			lost, err := h.lost(acked)
			if len(lost) > 0 {
				l.t.Fatalf("%s lacks %d of %d values that were acknowledged, like %s", h.name, len(lost), len(acked), lost[0])
			}
			return err == nil
		})
	}
	l.eventually("what was written for the test is removed", func() bool { return l.hosts[0].forget() == nil })
	l.deploy(l.hosts[l.version%len(l.hosts)])
	l.onNewest()
	l.exchanged()
	for _, h := range l.hosts {
		h.listensSafely()
	}
}

// code is what the agents run. Each writes a value and its deploy to files, tells the others by
// a file that it exports, and stands for election.
func (l *lab) code(version int) string {
	return fmt.Sprintf(`import "strings"
import "world"
import "world/collect"

$dir = %q
$v = world.getval("v")
$chosen = world.schedule("faults", struct{max => 2,})

file "${dir}value" { state => "exists", content => if $v->exists { $v->value } else { "" }, }
file "${dir}deploy" { state => "exists", content => "%d", }
file "${dir}chosen" { state => "exists", content => strings.join_nonempty($chosen, " "), }
file "${dir}from-${hostname}" {
	state => "exists",
	content => "%d",
	Meta:hidden => true,
	Meta:export => ["*"],
}
collect file collect.res("file") {
	Meta:hidden => false,
}
`, l.here()+"/", version, version)
}

// deploy publishes the next version of the program from a host, and waits until the command says
// that all hosts run it.
func (l *lab) deploy(from *host) {
	l.t.Helper()
	l.version++
	out, err := l.publish(from, l.code(l.version), "--wait", "--timeout", "60s").CombinedOutput()
	if err != nil {
		l.fatalf("deploying from %s: %v\n%s", from.name, err, out)
	}
}

// publish returns the command on a host that deploys a program.
func (l *lab) publish(from *host, program string, flags ...string) *exec.Cmd {
	args := []string{"deploy", "--no-git", "--prefix", l.prefix(), "--sign", filepath.Join(l.dir, "key")}
	return from.mgmt(append(append(args, flags...), "lang", program)...)
}

// onNewest waits until all agents run the newest deploy.
func (l *lab) onNewest() {
	l.t.Helper()
	want := strconv.Itoa(l.version)
	for _, h := range l.hosts {
		l.eventually(h.name+" runs version "+want+" of the program", func() bool { return h.read("deploy") == want })
	}
}

// exchanged waits until each host has what each other one exports, and all have the same two hosts
// chosen among those that are there.
func (l *lab) exchanged() {
	l.t.Helper()
	want := strconv.Itoa(l.version)
	for _, h := range l.hosts {
		for _, from := range l.hosts {
			l.eventually(h.name+" has what "+from.name+" exports", func() bool { return h.read("from-"+from.name) == want })
		}
	}
	l.eventually("two hosts are chosen, and all know", func() bool {
		first := strings.Fields(l.hosts[0].read("chosen"))
		known := slices.ContainsFunc(l.hosts, func(h *host) bool { return len(first) > 0 && h.name == first[0] })
		return known && len(first) == 2 && !slices.ContainsFunc(l.hosts, func(h *host) bool {
			return !slices.Equal(strings.Fields(h.read("chosen")), first)
		})
	})
}

// listensSafely sees that what the host listens at, beyond itself, talks TLS 1.3 to those with a
// certificate only. Those who want to join have none.
func (h *host) listensSafely() {
	h.lab.t.Helper()
	var addresses []netip.AddrPort
	h.lab.eventually(h.name+" listens", func() (ok bool) { // its server may be replaced right then
		var err error
		addresses, err = h.listeners()
		return err == nil && len(addresses) > 0
	})
	for _, address := range addresses {
		if err := h.answers(address, nobody(tls.VersionTLS12)); err == nil {
			h.lab.t.Errorf("%s talks TLS 1.2 at %v", h.name, address)
		}
		switch err := h.answers(address, nobody(tls.VersionTLS13)); {
		case address.Port() == joinPort && err != nil:
			h.lab.t.Errorf("nobody can join at %v of %s: %v", address, h.name, err)
		case address.Port() != joinPort && (err == nil || !strings.Contains(err.Error(), "certificate required")):
			h.lab.t.Errorf("a client without certificate is told %v at %v of %s", err, address, h.name)
		}
	}
}

// nobody is a client without a certificate that trusts all servers.
func nobody(version uint16) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, MaxVersion: version, MinVersion: version}
}

// answers reports why a client does not get as far as to be listened to.
func (h *host) answers(address netip.AddrPort, config *tls.Config) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := h.dial(ctx, address.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	client := tls.Client(conn, config)
	if err := client.HandshakeContext(ctx); err != nil {
		return err
	}
	// With TLS 1.3, the server looks at the client when that takes the handshake for done.
	client.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	_, err = client.Read(make([]byte, 1))
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		return nil
	}
	return err
}

// listeners returns where programs on the host listen, as others reach it.
func (h *host) listeners() (out []netip.AddrPort, err error) {
	err = h.within(func() error {
		for _, table := range []string{"tcp", "tcp6"} {
			text, err := os.Open("/proc/thread-self/net/" + table)
			if err != nil {
				return err
			}
			defer text.Close()
			for lines := bufio.NewScanner(text); lines.Scan(); {
				fields := strings.Fields(lines.Text())
				const listens = "0A"
				if len(fields) < 4 || fields[3] != listens {
					continue
				}
				address, err := parseSocket(fields[1])
				if err != nil {
					return err
				}
				if !address.Addr().IsLoopback() {
					out = append(out, h.reached(address))
				}
			}
		}
		return nil
	})
	return out, err
}

// reached returns the address of the host in place of one that stands for all.
func (h *host) reached(address netip.AddrPort) netip.AddrPort {
	if address.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.MustParseAddr(h.address), address.Port())
	}
	return address
}

// parseSocket reads an address as the kernel has it: words in the order of this machine, in
// hexadecimal digits.
func parseSocket(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("reading the address %q: %w", text, err)
	}
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("reading the address %q: %w", text, err)
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	address, ok := netip.AddrFromSlice(raw)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("reading the address %q: it has %d bytes", text, len(raw))
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(number)), nil
}
