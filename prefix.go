package mgmt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// DefaultPrefix returns the working directory of agents that are not given one: that of the
// service manager, or that of the system for root, or one in the home of the user.
func DefaultPrefix() (string, error) {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/mgmt", nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "mgmt"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no working directory: %w; name one with --prefix", err)
	}
	return filepath.Join(home, ".local", "state", "mgmt"), nil
}

// KeyFile returns where an agent with that working directory keeps the key that opens what is
// sealed to its host.
func KeyFile(prefix string) string { return filepath.Join(prefix, "secret", "key") }

// TmpPrefix makes a working directory that no other run has used, with the name of the agent
// in its own if it has one.
func TmpPrefix(hostname string) (string, error) {
	if hostname != "" {
		hostname += "-"
	}
	dir, err := os.MkdirTemp("", "mgmt-"+hostname)
	if err != nil {
		return "", fmt.Errorf("making a temporary working directory: %w", err)
	}
	return dir, nil
}

// MakePrefix makes a working directory.
func MakePrefix(dir string) error {
	if err := os.MkdirAll(dir, 0o775); err != nil {
		return fmt.Errorf("making the working directory: %w; name another one with --prefix, or use --tmp-prefix", err)
	}
	return nil
}

var hostnameForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)

// CheckHostname reports why a name cannot be that of an agent: it becomes part of paths and of
// keys that agents share.
func CheckHostname(name string) error {
	if len(name) > 255 || !hostnameForm.MatchString(name) || !strings.ContainsFunc(name, isAlnum) {
		return fmt.Errorf("the host name %q cannot be used: it may have letters, digits, dots, hyphens and underscores, 255 of them at most, and begins with none of . and -", name)
	}
	return nil
}

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// A prefixLock keeps other agents out of a working directory.
type prefixLock struct{ file *os.File }

// lockPrefix takes the lock of a working directory. If another agent has it, the error says
// which process that is. Other users do not read the file: who can open one can lock it, and would
// keep the agent out.
func lockPrefix(dir string) (*prefixLock, error) {
	if err := MakePrefix(dir); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "agent.lock")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the working directory: %w; name another one with --prefix, or use --tmp-prefix", err)
	}
	_ = f.Chmod(0o600) // one that is there already; it may be somebody else's, who then is trusted
	if err := lockFile(f); err != nil {
		pid, _ := os.ReadFile(name)
		f.Close()
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("another agent is running in %s (process %s); stop it, or name another directory with --prefix", dir, strings.TrimSpace(string(pid)))
		}
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	if err := f.Truncate(0); err == nil {
		fmt.Fprintln(f, os.Getpid())
	}
	return &prefixLock{f}, nil
}

func (l *prefixLock) release() { l.file.Close() }

var errLocked = errors.New("locked")
