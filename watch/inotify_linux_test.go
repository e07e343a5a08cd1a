package watch

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Instances that are left to the kernel are closed by it: a user may have so many only.
func TestInstancesAreFreed(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_user_instances")
	must(t, err)
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	must(t, err)
	if limit > 10_000 {
		t.Skipf("%d instances are too many to use up", limit)
	}
	dir := t.TempDir()
	deadline := time.Now().Add(patience)
	for range limit + 100 {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		for errors.Is(err, unix.EMFILE) && time.Now().Before(deadline) {
			fd, err = unix.InotifyInit1(unix.IN_CLOEXEC)
		}
		must(t, err)
		_, err = unix.InotifyAddWatch(fd, dir, unix.IN_CREATE)
		must(t, err)
		leaveToKernel(fd)
		must(t, unix.Close(fd))
	}
}
