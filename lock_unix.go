//go:build unix

package mgmt

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile locks the file until it is closed, or until the process ends however it does.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}
