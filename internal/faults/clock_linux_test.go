package faults

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The clock of the machine is not for tests to change, and no namespace has one of its own that can
// be set. So the kernel asks the test when a program on the host reads the clock (a filter of seccomp
// does that), and the test answers with a time that differs. Timers go on as they do when the clock of
// a machine is set. A program reads the clock without the kernel, through a function that it finds by
// name in what the kernel maps for it. A copy of the program looks for a name that is not there.

// A clock is what programs on a host take for the time.
type clock struct {
	differs atomic.Int64 // from the time of the machine, in nanoseconds
	asked   *os.File     // the kernel asks here
}

func (c *clock) step(d time.Duration) { c.differs.Add(int64(d)) }

// now returns what programs on the host take for the time.
func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.differs.Load())) }

// logged returns the time of day at which the agent of the host says that it logged something last.
func (h *host) logged() time.Time {
	h.lab.t.Helper()
	lines := strings.Split(strings.TrimSpace(h.log()), "\n")
	at, err := time.ParseInLocation(time.TimeOnly, lines[len(lines)-1][:len(time.TimeOnly)], time.Local)
	if err != nil {
		h.lab.t.Fatal(err)
	}
	now := time.Now()
	return time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.Local)
}

// mappedNames are those of the function that reads the clock without the kernel.
var mappedNames = []string{"__vdso_clock_gettime", "__kernel_clock_gettime"}

// copyAsking copies a program to one that asks the kernel for the time.
func copyAsking(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	changed := bytes.Clone(text)
	for _, name := range mappedNames {
		changed = bytes.ReplaceAll(changed, []byte(name), []byte(strings.ToUpper(name)))
	}
	if bytes.Equal(text, changed) {
		return fmt.Errorf("%s does not look for a clock", from)
	}
	return os.WriteFile(to, changed, 0o700)
}

// errNoClock is why a host has no clock of its own.
var errNoClock = errors.New("this system does not let a test answer for the clock")

// startClocked starts the agent of the host with a clock of its own.
func (h *host) startClocked(program string) (*clock, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "ours"), os.NewFile(uintptr(ends[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	cmd := h.at(append([]string{self(h.lab.t), "clocked", program}, h.run()...)...)
	cmd.ExtraFiles = []*os.File{theirs}
	h.launch(cmd)
	theirs.Close()
	asked, err := receive(ours)
	if err != nil {
		return nil, fmt.Errorf("%w: %w\n%s", errNoClock, err, h.log())
	}
	c := &clock{asked: asked}
	go c.answer()
	return c, nil
}

// receive receives a file.
func receive(socket *os.File) (*os.File, error) {
	conn, err := net.FileConn(socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	buf, rights := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := conn.(*net.UnixConn).ReadMsgUnix(buf, rights)
	if err != nil {
		return nil, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	if err != nil || len(messages) != 1 {
		return nil, fmt.Errorf("no file arrives (%v)", err)
	}
	files, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(files[0]), "clock"), nil
}

// clocked becomes a program whose questions for the time go to whoever has the other end of its
// fourth file.
func clocked(args []string) error {
	runtime.LockOSThread()
	asked, err := filter()
	if err != nil {
		return fmt.Errorf("filtering system calls: %w", err)
	}
	const socket = 3
	if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(asked), nil, 0); err != nil {
		return fmt.Errorf("handing on the clock: %w", err)
	}
	unix.Close(socket)
	return syscall.Exec(args[0], args, os.Environ())
}

// filter makes the kernel ask for the time of day, and returns where. It counts for this thread and
// for what it becomes.
func filter() (fd int, err error) {
	const number, clockID = 0, 16 // where the kernel shows the call and its first argument
	const ask = 0x7fc00000        // SECCOMP_RET_USER_NOTIF
	const allow = 0x7fff0000      // SECCOMP_RET_ALLOW
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: unix.SYS_CLOCK_GETTIME},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: clockID},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.CLOCK_REALTIME},
		{Code: unix.BPF_RET | unix.BPF_K, K: ask},
		{Code: unix.BPF_RET | unix.BPF_K, K: allow},
	}
	const setFilter, newListener = 1, 8
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, setFilter, newListener,
		uintptr(unsafe.Pointer(&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})))
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}

// A question is what the kernel asks, and an answer what it is told.
type (
	question struct {
		id         uint64
		thread     uint32
		_          uint32
		number     int32
		_          uint32
		_          uint64
		parameters [6]uint64
	}
	answer struct {
		id    uint64
		value int64
		err   int32
		_     uint32
	}
)

// The requests to the kernel by which it asks and is answered.
const (
	receiveQuestion = 0xc0502100
	sendAnswer      = 0xc0182101
)

// answer answers until all programs that ask have ended.
func (c *clock) answer() {
	defer c.asked.Close()
	fd := int(c.asked.Fd())
	for {
		events := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(events, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if events[0].Revents&unix.POLLHUP != 0 {
			return
		}
		if events[0].Revents&unix.POLLIN == 0 {
			continue
		}
		var q question
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), receiveQuestion, uintptr(unsafe.Pointer(&q))); errno != 0 {
			continue // who asked is no more
		}
		a := answer{id: q.id}
		if err := c.tell(&q); err != nil {
			a.err = -int32(unix.EFAULT)
		}
		unix.Syscall(unix.SYS_IOCTL, uintptr(fd), sendAnswer, uintptr(unsafe.Pointer(&a)))
	}
}

// tell writes the time to where who asks wants it.
func (c *clock) tell(q *question) error {
	now := unix.NsecToTimespec(c.now().UnixNano())
	size := int(unsafe.Sizeof(now))
	local := []unix.Iovec{{Base: (*byte)(unsafe.Pointer(&now))}}
	local[0].SetLen(size)
	remote := []unix.RemoteIovec{{Base: uintptr(q.parameters[1]), Len: size}}
	_, err := unix.ProcessVMWritev(int(q.thread), local, remote, 0)
	return err
}

// clockSteps sets the clocks of the hosts, forward and back, while their agents run.
func clockSteps(l *lab) (longest time.Duration) {
	l.whole()
	asking := l.file("mgmt.asking")
	if err := copyAsking(l.program(), asking); err != nil {
		l.t.Fatal(err)
	}
	clocks := map[*host]*clock{}
	for _, h := range l.hosts {
		h.kill()
	}
	defer func() {
		for _, h := range l.hosts {
			h.kill()
			h.start()
		}
	}()
	for _, h := range l.hosts {
		c, err := h.startClocked(asking)
		if errors.Is(err, errNoClock) {
			l.t.Log(err)
			return skipped
		} else if err != nil {
			l.t.Fatal(err)
		}
		clocks[h] = c
	}
	leader, others := l.whole()
	for i, s := range []struct {
		h  *host
		by time.Duration
	}{{leader, time.Hour}, {others[0], -30 * time.Minute}, {others[1], 48 * time.Hour}, {leader, -90 * time.Minute}} {
		begin := time.Now()
		clocks[s.h].step(s.by)
		for j, h := range l.hosts {
			value := fmt.Sprintf("step %d, %d", i, j)
			h.set(value)
			l.sees(value, l.hosts...)
		}
		l.deploy(s.h)
		l.onNewest()
		if off := s.h.logged().Sub(clocks[s.h].now()).Abs() % (24 * time.Hour); off > time.Minute && off < 24*time.Hour-time.Minute {
			l.t.Errorf("after a step by %v, the log of %s is off by %v", s.by, s.h.name, off)
		}
		longest = max(longest, time.Since(begin))
	}
	l.exchanged()
	return longest
}
