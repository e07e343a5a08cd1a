package file

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func changeTime(st *syscall.Stat_t) syscall.Timespec { return st.Ctim }

const selinuxAttribute = "security.selinux"

// hasSELinux reports whether the kernel enforces or logs contexts.
func hasSELinux() bool {
	_, err := os.Stat("/sys/fs/selinux/enforce")
	return err == nil
}

// selinuxContext returns the context of a path, "" for none.
func selinuxContext(path string) (string, error) {
	if !hasSELinux() {
		return "", errors.New("this kernel has no SELinux; leave the parameter out on this machine")
	}
	buf := make([]byte, 4096)
	n, err := unix.Lgetxattr(path, selinuxAttribute, buf)
	if errors.Is(err, unix.ENODATA) {
		return "", nil
	}
	if err != nil {
		return "", &os.PathError{Op: "getxattr", Path: path, Err: err}
	}
	return strings.TrimRight(string(buf[:n]), "\x00"), nil
}

func setSELinuxContext(path, context string) error {
	var err error
	if context == "" {
		err = unix.Lremovexattr(path, selinuxAttribute)
	} else {
		err = unix.Lsetxattr(path, selinuxAttribute, append([]byte(context), 0), 0)
	}
	if err != nil {
		return fmt.Errorf("setting the SELinux context of %s: %w", path, err)
	}
	return nil
}
