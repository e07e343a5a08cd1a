package peercred

import (
	"errors"
	"fmt"
	"net/netip"
)

// Supported says whether the system tells whose a connection is.
const Supported = true

// owner asks for the socket at from that is connected to to. The kernel is asked directly if it
// answers, and else, without sock_diag, its list of all sockets is read.
func owner(from, to netip.AddrPort) (uid int, err error) {
	s, err := ask(from, to)
	if errors.Is(err, errNoAnswer) {
		s, err = search(from, to)
	}
	switch {
	case err != nil:
		return -1, fmt.Errorf("finding out whose the connection from %s is: %w", from, err)
	case !s.open():
		return -1, ErrNoOwner
	}
	return int(s.uid), nil
}

// A socket is what the kernel tells of one.
type socket struct {
	state uint8
	uid   uint32
	inode uint32 // 0 if no program has it open; its user is root then, whoever that was
}

// established is the state TCP_ESTABLISHED.
const established = 1

// open reports whether a program has a connected socket open.
func (s socket) open() bool { return s.state == established && s.inode != 0 }
