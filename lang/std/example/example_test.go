package stdexample

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/lang/types"
)

func TestFlipflop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		start := time.Now()
		var got []string
		flipflop(ctx, nil, nil, func(v types.Value, _ error) { got = append(got, fmt.Sprintf("%v: %v", time.Since(start), v)) })
		if want := []string{"0s: true", "5s: false", "10s: true"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		level, peak float64
		most, want  int
	}{{0, 1, 10, 0}, {0.5, 1, 10, 5}, {1, 1, 10, 10}, {3, 1, 10, 10}, {0.1, 0.2, 40, 20}, {1, 0, 10, 0}, {1, 1, -3, 0}} {
		if got := bars(c.level, c.peak, c.most); got != c.want {
			t.Errorf("level %v of %v: %d of %d bars, want %d", c.level, c.peak, got, c.most, c.want)
		}
	}
}

func TestMaximum(t *testing.T) {
	const stats = "Samples read:              4410\nMaximum amplitude:     0.182709\nMinimum amplitude:    -0.206482\n"
	if got, err := maximum(stats); err != nil || got != 0.182709 {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := maximum("nothing"); err == nil {
		t.Errorf("got %v", got)
	}
}
