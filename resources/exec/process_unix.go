//go:build unix

package exec

import (
	"fmt"
	"os"
	osexec "os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"mgmt/resource"
)

// checkSignal checks the name of a signal.
func checkSignal(name string) error {
	if unix.SignalNum(name) != 0 {
		return nil
	}
	for _, near := range []string{strings.ToUpper(name), "SIG" + strings.ToUpper(name)} {
		if unix.SignalNum(near) != 0 {
			return fmt.Errorf("there is no signal %q; did you mean %s?", name, near)
		}
	}
	return fmt.Errorf("there is no signal %q", name)
}

// checkAccount refuses another user or group where the agent is not root, as far as that can be
// told without looking at the system.
func checkAccount(name, group string) error {
	if os.Geteuid() == 0 {
		return nil
	}
	if me := strconv.Itoa(os.Geteuid()); name != "" && name != me && name != os.Getenv("USER") {
		return &resource.ParamError{Param: "user", Err: notRoot("is %q, and only root can run commands as somebody else", name)}
	}
	if mine := strconv.Itoa(os.Getegid()); group != "" && group != mine {
		return &resource.ParamError{Param: "group", Err: notRoot("is %q, and only root can run commands as another group", group)}
	}
	return nil
}

func notRoot(format string, args ...any) error {
	return &resource.AgentError{Err: fmt.Errorf(format, args...)}
}

// separate gives the command a process group of its own, and its account.
func separate(cmd *osexec.Cmd, name, group string) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 || name == "" && group == "" {
		return nil
	}
	c := &syscall.Credential{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid())}
	if name != "" {
		u, err := lookupUser(name)
		if err != nil {
			return err
		}
		c.Uid, c.Gid = number(u.Uid), number(u.Gid)
	}
	if group != "" {
		g, err := lookupGroup(group)
		if err != nil {
			return err
		}
		c.Gid = number(g.Gid)
	}
	cmd.SysProcAttr.Credential = c
	return nil
}

func number(id string) uint32 {
	n, _ := strconv.ParseUint(id, 10, 32)
	return uint32(n)
}

func lookupUser(name string) (*user.User, error) {
	if _, err := strconv.ParseUint(name, 10, 32); err == nil {
		if u, err := user.LookupId(name); err == nil {
			return u, nil
		}
		return &user.User{Uid: name, Gid: name}, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("there is no user %q on this machine", name)
	}
	return u, nil
}

func lookupGroup(name string) (*user.Group, error) {
	if _, err := strconv.ParseUint(name, 10, 32); err == nil {
		return &user.Group{Gid: name}, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return nil, fmt.Errorf("there is no group %q on this machine", name)
	}
	return g, nil
}

// signalGroup sends a signal to all processes of a group.
func signalGroup(pid int, name string) {
	syscall.Kill(-pid, unix.SignalNum(name))
}

// signalOf names the signal that ended a process, or "".
func signalOf(state *os.ProcessState) string {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return unix.SignalName(ws.Signal())
	}
	return ""
}
