//go:build unix && !linux

package file

import (
	"errors"
	"syscall"
)

func changeTime(st *syscall.Stat_t) syscall.Timespec { return syscall.Timespec{} }

var errNoSELinux = errors.New("this system has no SELinux")

func selinuxContext(string) (string, error)  { return "", errNoSELinux }
func setSELinuxContext(string, string) error { return errNoSELinux }
