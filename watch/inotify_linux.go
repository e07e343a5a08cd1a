package watch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// events are what a directory is watched for.
const events = unix.IN_ATTRIB | unix.IN_MODIFY | unix.IN_CLOSE_WRITE |
	unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO |
	unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR

// moves are the events after which another thing may have an entry's name.
const moves = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO

// inotify is the backend of Linux.
type inotify struct {
	hub  *Hub
	fd   int
	file *os.File
}

func newBackend(h *Hub) (backend, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init", err)
	}
	b := &inotify{hub: h, fd: fd, file: os.NewFile(uintptr(fd), "inotify")}
	go b.read()
	return b, nil
}

func (b *inotify) add(path string) (int32, error) {
	wd, err := unix.InotifyAddWatch(b.fd, path, events)
	if err != nil {
		return 0, &fs.PathError{Op: "watch", Path: path, Err: err}
	}
	return int32(wd), nil
}

func (b *inotify) remove(watch int32) { unix.InotifyRmWatch(b.fd, uint32(watch)) }

// close closes the instance. The kernel waits up to 20 ms for that, and with it whoever closes the
// last descriptor, be it by the end of the process; so the last one is left to the kernel.
func (b *inotify) close() error {
	leaveToKernel(b.fd)
	return b.file.Close()
}

// leaveToKernel leaves a descriptor in a message that nobody can receive any more, as it is
// queued at a socket that is in the message, too. The kernel finds such messages and closes what
// is in them on its own time; see unix(7) on ancillary messages. If anything of that fails the
// descriptor is closed by its owner, as any other.
func leaveToKernel(fd int) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	_ = unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(fd, pair[1]), nil, 0)
	unix.Close(pair[0])
	unix.Close(pair[1])
}

// read hands on events until the hub is closed.
func (b *inotify) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := b.file.Read(buf)
		if err != nil {
			if !errors.Is(err, os.ErrClosed) {
				b.hub.log.Error("reading events of files", "error", err)
			}
			return
		}
		b.hub.mu.Lock()
		b.dispatch(buf[:n])
		b.hub.unlock()
	}
}

func (b *inotify) dispatch(buf []byte) {
	for len(buf) >= unix.SizeofInotifyEvent {
		e := (*unix.InotifyEvent)(unsafe.Pointer(&buf[0]))
		end := unix.SizeofInotifyEvent + int(e.Len)
		name, _, _ := bytes.Cut(buf[unix.SizeofInotifyEvent:end], []byte{0})
		buf = buf[end:]
		switch {
		case e.Mask&unix.IN_Q_OVERFLOW != 0:
			b.hub.log.Warn("events of files were lost; everything is checked again")
			b.hub.overflow()
		case e.Mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF|unix.IN_IGNORED|unix.IN_UNMOUNT) != 0:
			b.hub.gone(e.Wd)
		case len(name) == 0: // the directory's own attributes
			for _, n := range b.hub.byWatch[e.Wd] {
				b.hub.wakeNode(n)
			}
		default:
			b.hub.event(e.Wd, name, e.Mask&moves != 0)
		}
	}
}

func isNotDir(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// limitHint says what to do about a limit.
func limitHint(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "raise the limit with: sysctl fs.inotify.max_user_watches=1048576"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "raise the limit with: sysctl fs.inotify.max_user_instances=512"
	}
	return ""
}

// A fileID tells two files of one name apart.
type fileID struct {
	dev, ino      uint64
	ctime, ctime2 int64
}

func idOf(info os.FileInfo) fileID {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	id := fileID{dev: uint64(st.Dev), ino: st.Ino}
	if !info.IsDir() {
		id.ctime, id.ctime2 = int64(st.Ctim.Sec), int64(st.Ctim.Nsec)
	}
	return id
}

// Limits that agents want of the kernel.
const (
	wantInstances = 512
	wantWatches   = 242940
)

// RaiseLimits raises the kernel's limits of watches to what an agent may need. It takes
// root; limits that are high enough are left alone.
func RaiseLimits() error {
	return errors.Join(
		raise("/proc/sys/fs/inotify/max_user_instances", wantInstances),
		raise("/proc/sys/fs/inotify/max_user_watches", wantWatches),
	)
}

func raise(path string, want int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	have, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if have >= want {
		return nil
	}
	return os.WriteFile(path, []byte(strconv.Itoa(want)), 0o644)
}
