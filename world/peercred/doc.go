// Package peercred finds out which user of this machine is at the other end of a TCP connection that
// stays on it, as SO_PEERCRED says it of a unix socket.
//
// The kernel knows the user of each socket. [Owner] asks it for the one socket that a connection
// leads to, by both addresses and both ports, so that what is found cannot be that of somebody else.
// A socket that its program has closed belongs to root in all that the kernel says of it; it has no
// owner here.
package peercred

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// ErrNoOwner is why nobody is found at the other end: it is closed, or not on this machine.
var ErrNoOwner = errors.New("no program on this machine has the other end of the connection open")

// ErrElsewhere is an [ErrNoOwner] of a connection that no socket of this machine is at the other end
// of: the kernel forwards it, to a container for instance, or it is gone.
var ErrElsewhere = fmt.Errorf("%w: there is no such socket", ErrNoOwner)

// errPending is why nobody is found as long as no program has accepted the connection.
var errPending = fmt.Errorf("%w yet", ErrNoOwner)

// IsLocal reports whether a connection between two addresses stays on this machine, as far as these
// tell: one of them is a loopback address.
func IsLocal(here, there net.Addr) bool { return isLoopback(here) || isLoopback(there) }

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// Owner returns the number of the user who has the other end of a connection, whose ends are here
// and there. Where nothing is [Supported], that is the error.
func Owner(here, there net.Addr) (uid int, err error) {
	from, fromErr := addrPort(there)
	to, toErr := addrPort(here)
	if err := errors.Join(fromErr, toErr); err != nil {
		return -1, err
	}
	return owner(from, to)
}

// addrPort returns an IPv4 address as such, whatever the socket that it is of.
func addrPort(a net.Addr) (netip.AddrPort, error) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%s %v is no address of TCP", a.Network(), a)
	}
	p := tcp.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port()), nil
}

// Delays of [Acceptor].
const (
	firstDelay = 50 * time.Microsecond
	lastDelay  = 20 * time.Millisecond
)

// Acceptor is [Owner] for the side that has dialed: until a program accepts a connection, the other
// end has no owner. It waits for that until ctx ends.
func Acceptor(ctx context.Context, here, there net.Addr) (uid int, err error) {
	for delay := firstDelay; ; delay = min(2*delay, lastDelay) {
		uid, err := Owner(here, there)
		if !errors.Is(err, errPending) {
			return uid, err
		}
		select {
		case <-ctx.Done():
			return -1, err
		case <-time.After(delay):
		}
	}
}
