package main

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// as UID OUTCOME mgmt ARGUMENT... runs this program as another user, whose number that is. OUTCOME is
// ok, or a part of the error that it has to end with.
func as(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: as UID OUTCOME mgmt ARGUMENT...")
	}
	uid, err := strconv.ParseUint(args[0], 10, 32)
	ts.Check(err)
	var said bytes.Buffer
	cmd := exec.Command("/proc/self/exe") // the other user may not enter the directory that it is in
	cmd.Args, cmd.Dir, cmd.Env = args[2:], "/", []string{"HOME=/"}
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	err = cmd.Run()
	ts.Logf("%s", said.Bytes())
	if ok := args[1] == "ok"; ok != (err == nil) || !ok && !strings.Contains(said.String(), args[1]) {
		ts.Fatalf("as user %d: %v, want %s", uid, err, args[1])
	}
}
