package tunnel

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"
)

// An sshd is a real one, of this machine.
type sshd struct {
	addr, home string
	config     string // the file
	cmd        *exec.Cmd
}

// startSSHD starts an sshd on a free port with more lines of configuration. It ends with the test.
func startSSHD(t *testing.T, more string) *sshd {
	t.Helper()
	program, err := exec.LookPath("sshd")
	if err != nil {
		program = "/usr/sbin/sshd"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("there is no sshd here; install openssh-server to try the tunnel with a real one")
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // it insists on that
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshd{addr: l.Addr().String(), home: t.TempDir()}
	_, port, _ := net.SplitHostPort(s.addr)
	l.Close()
	dir := t.TempDir()
	hostKey, host := newKey(t)
	writeKey(t, filepath.Join(dir, "host"), hostKey, "")
	key, public := newKey(t)
	writeKey(t, filepath.Join(s.home, ".ssh", "id_ed25519"), key, "")
	know(t, s.home, s.addr, host.PublicKey())
	text, err := os.ReadFile(filepath.Join(s.home, ".ssh", "id_ed25519.pub"))
	if err != nil || public == nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "authorized_keys"), text)
	s.config = filepath.Join(dir, "sshd_config")
	write(t, s.config, fmt.Appendf(nil, `Port %s
ListenAddress 127.0.0.1
HostKey %s/host
PidFile none
AuthorizedKeysFile %s/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
UsePAM no
MaxStartups 100
%s
`, port, dir, dir, more))
	s.start(t, program)
	return s
}

// start runs the sshd until it answers.
func (s *sshd) start(t *testing.T, program string) {
	t.Helper()
	var said bytes.Buffer
	s.cmd = exec.Command(program, "-D", "-e", "-f", s.config)
	s.cmd.Stderr = &said
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := s.cmd
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	waitFor(t, func() error {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("sshd ends: %v\n%s", err, said.Bytes())
		default:
		}
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			conn.Close()
		}
		return err
	})
}

func (s *sshd) options(t *testing.T) Options {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	opts := optionsAt(s.addr, s.home)
	opts.Gateway.User = me.Username
	return opts
}

func TestSSHD(t *testing.T) {
	s, to := startSSHD(t, ""), echo(t)
	t.Run("key", func(t *testing.T) { through(t, dialer(t, s.options(t)), to) })
	t.Run("agent", func(t *testing.T) {
		opts := s.options(t)
		key, _ := newKey(t)
		writeKey(t, filepath.Join(opts.Home, ".ssh", "id_other"), key, "")
		opts.AgentSocket = agentWith(t, key)
		through(t, dialer(t, opts), to)
	})
	t.Run("refused", func(t *testing.T) {
		opts := s.options(t)
		opts.Home = t.TempDir()
		key, _ := newKey(t)
		writeKey(t, filepath.Join(opts.Home, ".ssh", "id_ed25519"), key, "")
		if err := dialer(t, opts).Connect(limited(t)); !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		opts := s.options(t)
		opts.KnownHosts = []string{filepath.Join(t.TempDir(), "known_hosts")}
		write(t, opts.KnownHosts[0], nil)
		if err := dialer(t, opts).Connect(limited(t)); !errors.Is(err, ErrHostKey) {
			t.Error(err)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		if _, err := dialer(t, s.options(t)).Dial(limited(t), "127.0.0.1:1"); err == nil || errors.Is(err, ErrForward) {
			t.Error(err)
		}
	})
	t.Run("socket", func(t *testing.T) {
		key, _ := newKey(t)
		conn, err := dialer(t, s.options(t)).Dial(limited(t), "unix://"+agentWith(t, key))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	})
}

func TestSSHDThatForwardsNothing(t *testing.T) {
	s := startSSHD(t, "AllowTcpForwarding no")
	if _, err := dialer(t, s.options(t)).Dial(limited(t), echo(t)); !errors.Is(err, ErrForward) {
		t.Error(err)
	}
}
