package stddatetime

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/internal/langtest"
	"mgmt/lang/types"
)

func entry(t *testing.T, name string) *funcs.Function {
	t.Helper()
	return langtest.Function(t, Module(), name)
}

// watch runs a source for a time and lists what it emitted and when.
func watch(t *testing.T, name string, d time.Duration) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	start := time.Now()
	var out []string
	err := entry(t, name).Source(ctx, &funcs.Call{}, nil, func(v types.Value, err error) {
		out = append(out, fmt.Sprintf("%v: %v", time.Since(start), v))
	})
	if err != context.DeadlineExceeded {
		t.Errorf("%s returned %v, want the error of the context", name, err)
	}
	return out
}

// The clock of a bubble starts at midnight UTC on Saturday, 2000-01-01.

func TestNowTicksWhenTheSecondChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond)
		got := watch(t, "now", 2500*time.Millisecond)
		want := []string{"0s: 946684800", "700ms: 946684801", "1.7s: 946684802"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := watch(t, "str_now", time.Millisecond); !slices.Equal(got, []string{"0s: 946684802"}) {
			t.Errorf("str_now: got %q", got)
		}
	})
}

func TestWeekdayChangesAtLocalMidnight(t *testing.T) {
	old := time.Local
	time.Local = time.FixedZone("east", 3*60*60)
	defer func() { time.Local = old }()
	synctest.Test(t, func(t *testing.T) {
		got := watch(t, "weekday_fast", 48*time.Hour)
		want := []string{"0s: saturday", "21h0m0s: sunday", "45h0m0s: monday"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestTimesAreLocal(t *testing.T) {
	old := time.Local
	time.Local = time.FixedZone("JST", 9*60*60)
	defer func() { time.Local = old }()
	v, err := entry(t, "print").Pure([]types.Value{types.Int(0)})
	if err != nil || v.String() != "1970-01-01 09:00:00 +0900 JST" {
		t.Errorf("got %v, %v", v, err)
	}
}
