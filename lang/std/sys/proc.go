package stdsys

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// load reads /proc/loadavg, which the kernel brings up to date every five seconds.
func load(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	ticker := time.NewTicker(5 * time.Second)
	defer ticker.Stop()
	for {
		text, err := os.ReadFile("/proc/loadavg")
		if err != nil {
			return err
		}
		v, err := parseLoad(string(text))
		if err != nil {
			return err
		}
		emit(v, nil)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

var loadNames = []string{"x1", "x5", "x15"}

// parseLoad reads three numbers such as in "0.20 0.18 0.12 1/80 11206".
func parseLoad(text string) (types.Value, error) {
	words := strings.Fields(text)
	if len(words) < len(loadNames) {
		return nil, fmt.Errorf("%q has less than three numbers", text)
	}
	out := &types.Struct{Names: loadNames, Elems: make([]types.Value, len(loadNames))}
	for i := range out.Elems {
		f, err := strconv.ParseFloat(words[i], 64)
		if err != nil {
			return nil, err
		}
		out.Elems[i] = types.Float(f)
	}
	return out, nil
}

func uptime(ctx context.Context, _ *funcs.Call, _ []types.Value, emit func(types.Value, error)) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		text, err := os.ReadFile("/proc/uptime")
		if err != nil {
			return err
		}
		up, err := parseUptime(string(text))
		if err != nil {
			return err
		}
		emit(types.Int(up/time.Second), nil)
		timer.Reset(time.Second - up%time.Second)
	}
}

// parseUptime reads the first number, in seconds, of such as "350735.47 234388.90".
func parseUptime(text string) (time.Duration, error) {
	word, _, _ := strings.Cut(text, " ")
	return time.ParseDuration(strings.TrimSpace(word) + "s")
}

// parseCPUs counts the numbers in ranges such as "0-3,6".
func parseCPUs(text string) (int, error) {
	count := 0
	for part := range strings.SplitSeq(strings.TrimSpace(text), ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || b < a {
			return 0, fmt.Errorf("%q is no list of processors", text)
		}
		count += b - a + 1
	}
	return count, nil
}
