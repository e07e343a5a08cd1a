package kernel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// FollowEvents calls read at once and after each event of the subsystem, such as "cpu" or
// "module", until ctx ends or read fails. Where it cannot listen it reads once a
// minute.
func FollowEvents(ctx context.Context, subsystem string, read func() error) error {
	socket, err := listen()
	if err != nil {
		return everyMinute(ctx, read)
	}
	defer socket.Close()
	defer context.AfterFunc(ctx, func() { socket.Close() })()
	if err := read(); err != nil {
		return err
	}
	ours := []byte("\x00SUBSYSTEM=" + subsystem + "\x00")
	message := make([]byte, 1<<16)
	for {
		n, err := socket.Read(message)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, syscall.ENOBUFS): // messages were lost: one may have been ours
		case err != nil:
			return fmt.Errorf("listening to the kernel: %w", err)
		case !bytes.Contains(message[:n], ours):
			continue
		}
		if err := read(); err != nil {
			return err
		}
	}
}

// listen opens a socket on which the kernel reports its events.
func listen() (*os.File, error) {
	const kernelGroup = 1
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, syscall.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: kernelGroup}); err != nil {
		syscall.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), "uevents"), nil
}
