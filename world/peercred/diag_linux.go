package peercred

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNoAnswer is why sock_diag tells nothing: it is not there, or knows of no such socket.
var errNoAnswer = errors.New("the kernel does not answer")

// Messages of sock_diag, as linux/inet_diag.h has them.
type (
	// socketID tells a socket from all others. Addresses and ports are in the order of the network.
	socketID struct {
		FromPort, ToPort [2]byte
		From, To         [16]byte
		Interface        uint32
		Cookie           [2]uint32
	}

	// request is inet_diag_req_v2.
	request struct {
		Header     unix.NlMsghdr
		Family     uint8
		Protocol   uint8
		Extensions uint8
		_          uint8
		States     uint32
		ID         socketID
	}

	// answer is inet_diag_msg.
	answer struct {
		Family, State, Timer, Retransmissions uint8
		ID                                    socketID
		Expires, ReadQueue, WriteQueue        uint32
		User, Inode                           uint32
	}
)

// ask looks up one socket, whatever the number of all. Without one that is connected, the kernel
// answers with one that listens at from.
func ask(from, to netip.AddrPort) (socket, error) {
	a, err := exchange(question(from, to))
	return socket{state: a.State, uid: a.User, inode: a.Inode}, err
}

func question(from, to netip.AddrPort) request {
	req := request{
		Header:   unix.NlMsghdr{Type: unix.SOCK_DIAG_BY_FAMILY, Flags: unix.NLM_F_REQUEST},
		Family:   unix.AF_INET6,
		Protocol: unix.IPPROTO_TCP,
		States:   ^uint32(0),
		ID:       socketID{Cookie: [2]uint32{^uint32(0), ^uint32(0)}}, // which is any
	}
	req.Header.Len = uint32(binary.Size(req))
	if from.Addr().Is4() {
		req.Family = unix.AF_INET
	}
	copy(req.ID.From[:], from.Addr().AsSlice())
	copy(req.ID.To[:], to.Addr().AsSlice())
	binary.BigEndian.PutUint16(req.ID.FromPort[:], from.Port())
	binary.BigEndian.PutUint16(req.ID.ToPort[:], to.Port())
	return req
}

// exchange sends a request and returns the answer, which is there as soon as it is sent.
func exchange(req request) (answer, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer unix.Close(fd)
	message, err := binary.Append(nil, binary.NativeEndian, req)
	if err != nil {
		return answer{}, err
	}
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return answer{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	buf := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return parse(buf[:n])
}

// parse reads the first of the messages that the kernel sent.
func parse(buf []byte) (a answer, err error) {
	messages, err := syscall.ParseNetlinkMessage(buf)
	switch {
	case err != nil:
		return a, fmt.Errorf("%w: %w", errNoAnswer, err)
	case len(messages) == 0:
		return a, errNoAnswer
	}
	switch m := messages[0]; m.Header.Type {
	case unix.NLMSG_ERROR:
		if len(m.Data) < 4 {
			return a, errNoAnswer
		}
		return a, fmt.Errorf("%w: %w", errNoAnswer, unix.Errno(-int32(binary.NativeEndian.Uint32(m.Data))))
	case unix.SOCK_DIAG_BY_FAMILY:
		if _, err := binary.Decode(m.Data, binary.NativeEndian, &a); err != nil {
			return a, fmt.Errorf("%w: %w", errNoAnswer, err)
		}
		return a, nil
	}
	return a, errNoAnswer
}
