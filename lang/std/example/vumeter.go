package stdexample

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

func vumeter(ctx context.Context, _ *funcs.Call, args []types.Value, emit func(types.Value, error)) error {
	for _, program := range []string{"rec", "sox"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w; install sox", err)
		}
	}
	symbol, most, peak := string(args[0].(types.Str)), int(args[1].(types.Int)), float64(args[2].(types.Float))
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		level, err := loudness(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		emit(types.Str(strings.Repeat(symbol, bars(level, peak, most))), nil)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// bars scales a level to a number of symbols, most of them at peak and above.
func bars(level, peak float64, most int) int {
	if !(level > 0 && peak > 0) || most <= 0 {
		return 0
	}
	return min(int(min(level/peak, 1)*float64(most)), most)
}

// loudness records a tenth of a second and returns its largest amplitude, 0 to 1.
func loudness(ctx context.Context) (float64, error) {
	rec := exec.CommandContext(ctx, "rec", "-q", "-c", "1", "-t", "wav", "-", "trim", "0", "0.1")
	sound, err := rec.Output()
	if err != nil {
		return 0, fmt.Errorf("recording with rec: %w", err)
	}
	sox := exec.CommandContext(ctx, "sox", "-t", "wav", "-", "-n", "stat")
	sox.Stdin = bytes.NewReader(sound)
	stats, err := sox.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("measuring with sox: %w", err)
	}
	return maximum(string(stats))
}

// maximum finds the largest amplitude in what sox prints.
func maximum(stats string) (float64, error) {
	const label = "Maximum amplitude:"
	for line := range strings.Lines(stats) {
		if value, ok := strings.CutPrefix(line, label); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("sox printed no %q", label)
}
