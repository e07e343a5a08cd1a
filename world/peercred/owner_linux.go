package peercred

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
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
	case s.pending():
		return -1, errPending
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

// States of a connection, as the kernel numbers them.
const (
	established = 1
	synReceived = 3
	newRequest  = 12
)

// open reports whether a program has a connected socket open.
func (s socket) open() bool { return s.state == established && s.inode != 0 }

// pending reports whether a program may still accept the connection.
func (s socket) pending() bool {
	return s.inode == 0 && (s.state == established || s.state == synReceived || s.state == newRequest)
}

// FileOwner returns the user who has a file.
func FileOwner(name string) (uid int, ok bool) {
	info, err := os.Stat(name)
	if err != nil {
		return -1, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, false
	}
	return int(stat.Uid), true
}
