package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// sshd NAME starts an sshd with a key for this user, and puts its address, as USER@HOST:PORT,
// into the variable NAME. It ends with the story.
func sshd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sshd NAME")
	}
	me, err := user.Current()
	ts.Check(err)
	if me.Uid == "0" {
		ts.Check(os.MkdirAll("/run/sshd", 0o755)) // it insists on that
	}
	port, err := freePort()
	ts.Check(err)
	dir := ts.MkAbs("sshd")
	home := ts.MkAbs(".ssh")
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(os.MkdirAll(home, 0o700))
	key := filepath.Join(home, "id_ed25519")
	for _, name := range []string{filepath.Join(dir, "host"), key} {
		ts.Check(ts.Exec("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name))
	}
	host := strings.Fields(ts.ReadFile(filepath.Join(dir, "host.pub")))
	known := fmt.Sprintf("[127.0.0.1]:%s %s %s\n", port, host[0], host[1])
	ts.Check(os.WriteFile(filepath.Join(home, "known_hosts"), []byte(known), 0o600))
	config := fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s/host\nPidFile none\nAuthorizedKeysFile %s.pub\n"+
		"PermitRootLogin yes\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n", port, dir, key)
	file := filepath.Join(dir, "sshd_config")
	ts.Check(os.WriteFile(file, []byte(config), 0o600))
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-f", file)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(end) {
			ts.Fatalf("sshd does not listen: %v", err)
		}
	}
	ts.Setenv(args[0], me.Username+"@127.0.0.1:"+port)
}
