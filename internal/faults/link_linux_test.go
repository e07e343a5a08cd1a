package faults

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A link is what happens to the frames that a host sends.
type link struct {
	loss  int           // percent of frames that are lost
	delay time.Duration // until a frame arrives
	both  bool          // and to those that it is sent
}

// through lets the frames of a host go through a bad link until the function it returns is called.
// A process carries them, so that no kernel has to have netem.
func (h *host) through(k link) (restore func()) {
	h.lab.t.Helper()
	port, bad, end := "p"+h.name[1:], "b"+h.name[1:], "e"+h.name[1:]
	h.lab.ip("-n", h.lab.bridge, "link", "set", port, "nomaster")
	h.lab.ip("-n", h.lab.bridge, "link", "add", bad, "type", "veth", "peer", "name", end)
	h.lab.ip("-n", h.lab.bridge, "link", "set", bad, "up")
	h.lab.ip("-n", h.lab.bridge, "link", "set", end, "master", "br0", "up")
	cmd := exec.Command("ip", "netns", "exec", h.lab.bridge, self(h.lab.t), "carry", port, bad, strconv.Itoa(k.loss), k.delay.String(), strconv.FormatBool(k.both))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		h.lab.t.Fatal(err)
	}
	return func() {
		cmd.Process.Kill()
		cmd.Wait()
		h.lab.ip("-n", h.lab.bridge, "link", "del", bad)
		h.lab.ip("-n", h.lab.bridge, "link", "set", port, "master", "br0")
	}
}

// carry carries frames between two interfaces, for ever.
func carry(one, other, loss, delay, both string) error {
	percent, err := strconv.Atoi(loss)
	if err != nil {
		return err
	}
	late, err := time.ParseDuration(delay)
	if err != nil {
		return err
	}
	back := link{}
	if both == "true" {
		back = link{loss: percent, delay: late}
	}
	a, err := tap(one)
	if err != nil {
		return err
	}
	b, err := tap(other)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- link{loss: percent, delay: late}.pump(a, b) }()
	go func() { failed <- back.pump(b, a) }()
	return <-failed
}

// tap opens a socket for all frames of an interface. They come with the header of virtio: what
// hosts leave to hardware, like checksums, is told to the other side.
func tap(name string) (int, error) {
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all)
	if err != nil {
		return 0, fmt.Errorf("opening a socket for %s: %w", name, err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
		return 0, fmt.Errorf("asking for headers at %s: %w", name, err)
	}
	port, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: port.Index}); err != nil {
		return 0, fmt.Errorf("binding to %s: %w", name, err)
	}
	return fd, nil
}

func (k link) pump(from, to int) error {
	type frame struct {
		at   time.Time
		data []byte
	}
	queue := make(chan frame, 4096)
	go func() {
		for f := range queue {
			time.Sleep(time.Until(f.at))
			unix.Write(to, f.data) // a frame that cannot be sent is lost
		}
	}()
	buf := make([]byte, 1<<17)
	for {
		n, sender, err := unix.Recvfrom(from, buf, 0)
		switch {
		case err == unix.EINTR || err == unix.ENETDOWN:
			continue
		case err != nil:
			return err
		}
		if s, ok := sender.(*unix.SockaddrLinklayer); ok && s.Pkttype == unix.PACKET_OUTGOING || rand.IntN(100) < k.loss {
			continue
		}
		select {
		case queue <- frame{time.Now().Add(k.delay), append([]byte(nil), buf[:n]...)}:
		default: // the line is full
		}
	}
}
