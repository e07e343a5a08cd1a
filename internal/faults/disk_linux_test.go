package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// diskFull gives a host a disk of 256 MiB and fills it. What is shared goes on until the server of
// the host runs out of what it had set aside.
func diskFull(l *lab) time.Duration {
	_, others := l.whole()
	stays, h := others[0], others[1]
	restore := h.moveTo(256)
	defer restore()
	l.whole()
	said := len(h.log())
	fill := filepath.Join(h.dir, "fill")
	if err := fillUp(fill); err != nil {
		l.t.Fatal(err)
	}
	client := stays.reach(stays)
	defer client.Close()
	large := strings.Repeat("x", 1<<20)
	begin := time.Now()
	l.eventually(h.name+" says that its disk is full", func() bool {
		if err := putValue(client, stringsPrefix+"large", large); err != nil {
			l.t.Logf("a large value is not taken: %v", err)
		}
		for line := range strings.Lines(h.log()[said:]) {
			if strings.Contains(line, "the server of the cluster here has ended") && strings.Contains(line, "no space left on device") {
				return true
			}
		}
		return false
	})
	stays.set("with a full disk")
	l.sees("with a full disk", l.without(h)...)
	told := time.Since(begin)
	if err := os.Remove(fill); err != nil {
		l.t.Fatal(err)
	}
	stays.set("with space again")
	l.sees("with space again", l.hosts...)
	return told
}

// moveTo starts the agent of the host anew with all it has on a small disk, and returns how to move
// back.
func (h *host) moveTo(mib int) (restore func()) {
	l := h.lab
	l.t.Helper()
	h.kill()
	large, small := h.dir, l.mkdir("small")
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		l.t.Fatal(err)
	}
	if err := copyAll(large, small); err != nil {
		l.t.Fatal(err)
	}
	h.dir = small
	h.start()
	return func() {
		h.kill()
		h.dir = large
		if err := errors.Join(os.RemoveAll(large), copyAll(small, l.mkdir(h.name)), syscall.Unmount(small, 0)); err != nil {
			l.t.Fatal(err)
		}
		h.start()
	}
}

// fillUp writes a file until there is no more space.
func fillUp(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 1 << 10, 1} {
		for block := make([]byte, size); err == nil; {
			_, err = f.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
		err = nil
	}
	return nil
}

// copyAll copies a directory as it is.
func copyAll(from, to string) error {
	if out, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		return errors.New(string(out))
	}
	return nil
}
