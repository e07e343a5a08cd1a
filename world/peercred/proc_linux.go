package peercred

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// search looks for a socket among all of this network namespace, for systems without sock_diag. A
// socket for IPv6 may have a connection of IPv4.
func search(from, to netip.AddrPort) (socket, error) {
	type table struct {
		name     string
		from, to netip.AddrPort
	}
	tables := []table{{"/proc/net/tcp6", mapped(from), mapped(to)}}
	if from.Addr().Is4() {
		tables = slices.Insert(tables, 0, table{"/proc/net/tcp", from, to})
	}
	for _, t := range tables {
		s, err := searchFile(t.name, entry(t.from), entry(t.to))
		if errors.Is(err, ErrElsewhere) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return s, err
	}
	return socket{}, ErrElsewhere
}

// mapped returns an address as a socket for IPv6 has it.
func mapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())
}

// entry returns an address as the tables have it: each four bytes of it are a number of the machine.
func entry(a netip.AddrPort) string {
	b := a.Addr().AsSlice()
	for i := 0; i < len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	return strings.ToUpper(hex.EncodeToString(b)) + fmt.Sprintf(":%04X", a.Port())
}

func searchFile(name, from, to string) (socket, error) {
	f, err := os.Open(name)
	if err != nil {
		return socket{}, err
	}
	defer f.Close()
	return searchTable(f, from, to)
}

// Fields of a line of a table, and how many there are at least.
const (
	fieldFrom  = 1
	fieldTo    = 2
	fieldState = 3
	fieldUser  = 7
	fieldInode = 9
	fieldCount = 10
)

func searchTable(r io.Reader, from, to string) (socket, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < fieldCount || f[fieldFrom] != from || f[fieldTo] != to {
			continue
		}
		state, stateErr := strconv.ParseUint(f[fieldState], 16, 8)
		user, userErr := strconv.ParseUint(f[fieldUser], 10, 32)
		inode, inodeErr := strconv.ParseUint(f[fieldInode], 10, 32)
		return socket{uint8(state), uint32(user), uint32(inode)}, errors.Join(stateErr, userErr, inodeErr)
	}
	if err := lines.Err(); err != nil {
		return socket{}, err
	}
	return socket{}, ErrElsewhere
}
