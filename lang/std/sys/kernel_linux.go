package stdsys

import (
	"context"
	"fmt"
	"os"
	"strings"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/kernel"
	"mgmt/lang/types"
)

// hostname reads the name anew whenever the kernel says that it was set.
func hostname(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	read := func() error {
		name, err := readHostname()
		if err != nil {
			return err
		}
		emit(types.Str(name), nil)
		return nil
	}
	return kernel.FollowFile(ctx, "/proc/sys/kernel/hostname", read)
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

// cpuCount counts anew whenever a processor comes or goes.
func cpuCount(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	return kernel.FollowEvents(ctx, "cpu", func() error {
		text, err := os.ReadFile("/sys/devices/system/cpu/online")
		if err != nil {
			return err
		}
		n, err := parseCPUs(string(text))
		if err != nil {
			return err
		}
		emit(types.Int(n), nil)
		return nil
	})
}
