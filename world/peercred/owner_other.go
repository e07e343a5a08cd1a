//go:build !linux

package peercred

import "net/netip"

func owner(_, _ netip.AddrPort) (uid int, err error) { return -1, ErrUnsupported }
