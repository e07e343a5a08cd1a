package kernel

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// FollowFile calls read at once and after each change of a file of the kernel that
// reports its changes, such as /proc/sys/kernel/hostname, until ctx ends or read fails.
// Where it cannot listen it reads once a minute. It keeps a thread of the system waiting.
func FollowFile(ctx context.Context, path string, read func() error) error {
	p, err := openPoll(path)
	if err != nil {
		return everyMinute(ctx, read)
	}
	defer p.close()
	return p.run(ctx, read)
}

// A poll waits for the exceptional condition by which a file of the kernel reports that
// its content changed.
type poll struct {
	epoll int
	file  int
	stop  [2]int // a pipe; what is written to stop[1] ends the wait
}

func openPoll(path string) (*poll, error) {
	p := &poll{epoll: -1, file: -1, stop: [2]int{-1, -1}}
	if err := p.open(path); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poll) open(path string) (err error) {
	if p.file, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	if p.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err := syscall.Pipe2(p.stop[:], syscall.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	changed := syscall.EpollEvent{Events: syscall.EPOLLPRI | syscall.EPOLLERR, Fd: int32(p.file)}
	stopped := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(p.stop[0])}
	return os.NewSyscallError("epoll_ctl", errors.Join(
		syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_ADD, p.file, &changed),
		syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_ADD, p.stop[0], &stopped),
	))
}

func (p *poll) close() {
	for _, fd := range []int{p.epoll, p.file, p.stop[0], p.stop[1]} {
		if fd >= 0 {
			syscall.Close(fd)
		}
	}
}

func (p *poll) run(ctx context.Context, read func() error) error {
	written := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(written)
		syscall.Write(p.stop[1], []byte{0})
	})
	defer func() {
		if !cancel() { // let the function end before the pipe is closed
			<-written
		}
	}()
	for ctx.Err() == nil {
		if err := read(); err != nil {
			return err
		}
		if err := p.wait(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (p *poll) wait() error {
	events := make([]syscall.EpollEvent, 2)
	for {
		if _, err := syscall.EpollWait(p.epoll, events, -1); err != syscall.EINTR {
			return os.NewSyscallError("epoll_wait", err)
		}
	}
}
