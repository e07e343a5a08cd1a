//go:build !windows

package mgmt

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// sudoer returns the user who became root by sudo. What is made for people to look at is
// theirs.
func sudoer() (uid, gid int, ok bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	uid, err := strconv.Atoi(os.Getenv("SUDO_UID"))
	if err != nil || uid <= 0 {
		return 0, 0, false
	}
	gid, err = strconv.Atoi(os.Getenv("SUDO_GID"))
	return uid, gid, err == nil && gid >= 0
}

// writeOwned writes a file that only the user may read who asked for it.
func writeOwned(name string, text []byte) error {
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return err
	}
	if uid, gid, ok := sudoer(); ok {
		return os.Lchown(name, uid, gid)
	}
	return nil
}

// asSudoer has a program run as the user who asked for it.
func asSudoer(cmd *exec.Cmd) {
	if uid, gid, ok := sudoer(); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}
