package dashboard

import (
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// strangerVar makes the test binary a client of the agent that it names.
const strangerVar = "DASHBOARD_TEST_PREFIX"

func TestMain(m *testing.M) {
	if prefix := os.Getenv(strangerVar); prefix != "" {
		c, err := Dial(prefix)
		if err == nil {
			resp, err := c.http.Get("http://agent/")
			if err == nil {
				os.Stdout.WriteString(resp.Status[:3])
			}
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// answerAs returns the status that a user gets, or nothing.
func answerAs(t *testing.T, prefix string, uid uint32) string {
	t.Helper()
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	copied := prefix + "/client"
	if err := os.WriteFile(copied, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied)
	cmd.Env = []string{strangerVar + "=" + prefix}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Another user than root and that of the agent is turned away. The test is done by a process
// with another user, as the identity is that of a process.
func TestStranger(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	dir, err := os.MkdirTemp("", "mgmt-stranger-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := Listen(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { _ = http.Serve(l, http.NotFoundHandler()) }()
	for _, path := range []string{dir, filepath.Join(dir, socketDir)} { // even if the modes let it through
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, socketDir, socketName), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := answerAs(t, dir, 0); got != "404" {
		t.Errorf("root gets %q", got)
	}
	if got := answerAs(t, dir, 65534); got != "" {
		t.Errorf("a stranger gets %q", got)
	}
}
