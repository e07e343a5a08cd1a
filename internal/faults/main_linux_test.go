package faults

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reliability.md")

// inside is set in the process that has the namespaces; noSpaces says why there is none.
const inside = "MGMT_FAULTS_INSIDE"

var noSpaces string

// TestMain makes the test program one that carries frames or that steps the clock of a program, for
// these are done on a host. Otherwise it starts itself once more, with mounts and processes of its
// own: whatever the tests leave ends with them, however they end.
func TestMain(m *testing.M) {
	switch args := append(os.Args[1:], ""); {
	case args[0] == "carry" && len(args) == 7:
		end(carry(args[1], args[2], args[3], args[4], args[5]))
	case args[0] == "clocked" && len(args) > 2:
		end(clocked(os.Args[2:]))
	}
	flag.Parse()
	switch {
	case os.Getenv(inside) != "":
		if err := furnish(); err != nil {
			noSpaces = err.Error()
		}
	case testing.Short():
		noSpaces = "it takes minutes"
	case os.Geteuid() != 0:
		noSpaces = "network namespaces take root"
	default:
		again()
	}
	os.Exit(m.Run())
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// again runs the tests in namespaces and ends, or says why that cannot be.
func again() {
	if _, err := exec.LookPath("ip"); err != nil {
		noSpaces = "the program ip is missing; install iproute2"
		return
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL,
	}
	err := cmd.Run()
	var failed *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &failed):
		os.Exit(max(1, failed.ExitCode()))
	}
	noSpaces = fmt.Sprintf("this system gives no namespaces: %v", err)
}

// furnish mounts what has to fit the namespaces.
func furnish() error {
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("this system does not let tests mount: %w", err)
	}
	if err := os.MkdirAll("/run/netns", 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", "/run/netns", "tmpfs", 0, "size=1m"); err != nil {
		return fmt.Errorf("this system does not let tests mount: %w", err)
	}
	if out, err := exec.Command("ip", "netns", "add", "try").CombinedOutput(); err != nil {
		return fmt.Errorf("this system gives no network namespaces: %s", out)
	}
	return nil
}
