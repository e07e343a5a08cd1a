//go:build !unix

package stdos

import "os/exec"

// group does nothing where there are no process groups: the command alone is ended.
func group(*exec.Cmd) {}

func terminate(cmd *exec.Cmd) { cmd.Process.Kill() }

func kill(cmd *exec.Cmd) { cmd.Process.Kill() }
