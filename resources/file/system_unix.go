//go:build unix

package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// A fileID tells a file from what takes its place, and from itself after a change.
type fileID struct {
	dev, ino uint64
	ctime    syscall.Timespec
}

func idOf(info fs.FileInfo) fileID {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{uint64(st.Dev), st.Ino, changeTime(st)}
}

// ownerOf returns the numbers of a file's owner and group.
func ownerOf(info fs.FileInfo) (uid, gid int) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, -1
	}
	return int(st.Uid), int(st.Gid)
}

// openFile opens a regular file for reading. It neither follows a link nor waits for a pipe.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, errMoved
	}
	return f, err
}

// rename puts a file at newPath in one move. It is os.Rename without the look at what is
// there, which costs as much as the move: the kernel refuses to replace a directory.
func rename(oldPath, newPath string) error {
	for {
		switch err := syscall.Rename(oldPath, newPath); err {
		case nil:
			return nil
		case syscall.EINTR:
		default:
			return &os.LinkError{Op: "rename", Old: oldPath, New: newPath, Err: err}
		}
	}
}

func isNotEmpty(err error) bool {
	return errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST)
}

// explainSystem adds what to do about conditions of the system.
func explainSystem(err error) error {
	for errno, hint := range map[syscall.Errno]string{
		syscall.ENOSPC:  "the old content is untouched; make room on the file system",
		syscall.EDQUOT:  "the old content is untouched; the quota is used up",
		syscall.EROFS:   "the file system is mounted read-only",
		syscall.ELOOP:   "symbolic links lead round in a circle",
		syscall.ENOTDIR: "something before the last part of the path is no directory",
	} {
		if errors.Is(err, errno) {
			return fmt.Errorf("%w; %s", err, hint)
		}
	}
	return err
}
