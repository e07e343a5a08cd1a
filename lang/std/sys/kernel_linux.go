package stdsys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// hostname reads the name anew whenever the kernel says that it was set.
func hostname(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	read := func() error {
		name, err := readHostname()
		if err != nil {
			return fmt.Errorf("sys.hostname: %w", err)
		}
		emit(types.Str(name), nil)
		return nil
	}
	const path = "/proc/sys/kernel/hostname"
	poll, err := openPoll(path)
	if err != nil {
		return everyMinute(ctx, read)
	}
	defer poll.close()
	return poll.run(ctx, read)
}

// readHostname returns the name of the kernel, or the one to be set at the next start
// if it has none.
func readHostname() (string, error) {
	name, err := os.Hostname()
	if err == nil && name != "" && name != "(none)" {
		return name, nil
	}
	text, err := os.ReadFile("/etc/hostname")
	if err != nil {
		return "", fmt.Errorf("the kernel has no host name: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// cpuCount counts anew whenever the kernel reports that a processor came or went.
func cpuCount(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	count := func() error {
		text, err := os.ReadFile("/sys/devices/system/cpu/online")
		if err != nil {
			return fmt.Errorf("sys.cpu_count: %w", err)
		}
		n, err := parseCPUs(string(text))
		if err != nil {
			return fmt.Errorf("sys.cpu_count: %w", err)
		}
		emit(types.Int(n), nil)
		return nil
	}
	socket, err := listenUevents()
	if err != nil {
		return everyMinute(ctx, count)
	}
	defer socket.Close()
	defer context.AfterFunc(ctx, func() { socket.Close() })()
	return readUevents(ctx, socket, count)
}

// listenUevents opens a socket on which the kernel reports changes of devices.
func listenUevents() (*os.File, error) {
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

func readUevents(ctx context.Context, socket *os.File, count func() error) error {
	if err := count(); err != nil {
		return err
	}
	message := make([]byte, 1<<16)
	for {
		n, err := socket.Read(message)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, syscall.ENOBUFS): // messages were lost: one may have been ours
		case err != nil:
			return fmt.Errorf("sys.cpu_count: listening to the kernel: %w", err)
		case !bytes.Contains(message[:n], []byte("\x00SUBSYSTEM=cpu\x00")):
			continue
		}
		if err := count(); err != nil {
			return err
		}
	}
}

// everyMinute is for where the kernel lets nobody listen, as in some containers.
func everyMinute(ctx context.Context, read func() error) error {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		if err := read(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
