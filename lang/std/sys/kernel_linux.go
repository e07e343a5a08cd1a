package stdsys

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/std/uevent"
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

// cpuCount counts anew whenever a processor comes or goes.
func cpuCount(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	return uevent.Follow(ctx, "cpu", func() error {
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

// everyMinute is for where the kernel has no file to wait for.
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
