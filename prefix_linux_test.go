package mgmt

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Another user who can open the lock can take it, and so keep the agent out.
func TestStrangersDoNotTakeTheLock(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	flock, err := exec.LookPath("flock")
	if err != nil {
		t.Skip("there is no flock here")
	}
	dir, err := os.MkdirTemp("", "mgmt-lock-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "agent.lock")
	if err := os.WriteFile(name, nil, 0o644); err != nil { // as older agents have left it
		t.Fatal(err)
	}
	stranger := func() error {
		cmd := exec.Command(flock, "--exclusive", "--nonblock", name, "true")
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64001, Gid: 64001}}
		return cmd.Run()
	}
	if err := stranger(); err != nil {
		t.Skipf("a stranger cannot lock a file that all may read: %v", err)
	}
	lock, err := lockPrefix(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock.release()
	if stranger() == nil {
		t.Error("a stranger has taken the lock of the agent")
	}
}
