package tunnel

import (
	"errors"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"

	"mgmt/world/peercred"
)

// What an sshd forwards is a connection of the user who has logged in there: so that is who an agent
// has to know, and not root.
func TestAForwardedConnectionIsOfTheLogin(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only the sshd of root lets other users in")
	}
	login, err := user.Lookup("daemon")
	if err != nil {
		t.Skipf("there is no other user to log in as: %v", err)
	}
	s := startSSHD(t, "")
	dir := filepath.Dir(s.config)
	for _, name := range []string{filepath.Join(dir, "authorized_keys"), dir, filepath.Dir(dir)} { // sshd reads it as the user
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	opts := s.options(t)
	opts.Gateway.User = login.Username
	conn, err := dialer(t, opts).Dial(limited(t), l.Addr().String())
	if errors.Is(err, ErrRefused) {
		t.Skipf("the sshd here lets %s not in: %v", login.Username, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	forwarded, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer forwarded.Close()
	uid, err := peercred.Owner(forwarded.LocalAddr(), forwarded.RemoteAddr())
	if err != nil || strconv.Itoa(uid) != login.Uid {
		t.Errorf("the connection is of user %d, %v; %s has logged in, who is %s", uid, err, login.Username, login.Uid)
	}
}
