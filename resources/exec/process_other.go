//go:build !unix

package exec

import (
	"errors"
	"os"
	osexec "os/exec"

	"mgmt/resource"
)

func checkSignal(string) error { return nil }

func checkAccount(user, group string) error {
	if user != "" || group != "" {
		return &resource.AgentError{Err: errors.New("commands run as another user or group on unix systems only")}
	}
	return nil
}

func separate(*osexec.Cmd, string, string) error { return nil }

// signalGroup ends the process: there are neither groups nor signals.
func signalGroup(pid int, _ string) {
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}

func signalOf(*os.ProcessState) string { return "" }
