package stdcore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
)

// runs history in a bubble and logs what it emits, without repetition, as
// "second: value".
func startHistory(t *testing.T, value string, index types.Int) (change func(string, types.Int), log func() []string) {
	t.Helper()
	changes := make(chan []types.Value)
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	var out []string
	var last types.Value
	done := make(chan error, 1)
	go func() {
		done <- runHistory(ctx, &funcs.Call{Changes: changes}, []types.Value{types.Str(value), index}, func(v types.Value, _ error) {
			if v != last {
				out = append(out, fmt.Sprintf("%v: %v", time.Since(start).Seconds(), v))
			}
			last = v
		})
	}()
	change = func(value string, index types.Int) { changes <- []types.Value{types.Str(value), index} }
	log = func() []string {
		synctest.Wait()
		cancel()
		if err := <-done; err != context.Canceled {
			out = append(out, err.Error())
		}
		return out
	}
	return change, log
}

func TestHistoryDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		change, log := startHistory(t, "a", 2000)
		time.Sleep(time.Second)
		change("b", 2000)
		time.Sleep(time.Second)
		change("c", 2000)
		time.Sleep(5 * time.Second)
		if got, want := log(), []string{"0: a", "3: b", "4: c"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestHistoryOfIndex0IsThePresent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		change, log := startHistory(t, "a", 0)
		time.Sleep(time.Second)
		change("b", 0)
		if got, want := log(), []string{"0: a", "1: b"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestHistoryForgetsWhenTheIndexChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		change, log := startHistory(t, "a", 10000)
		time.Sleep(time.Second)
		change("b", 10000)
		time.Sleep(time.Second)
		change("c", 5000)
		if got, want := log(), []string{"0: a", "2: c"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestHistoryRefusesANegativeIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, log := startHistory(t, "a", -1)
		if got := log(); len(got) != 1 || !strings.Contains(got[0], "-1 is negative") {
			t.Errorf("got %q", got)
		}
	})
}

func TestHistoryMemoryIsBounded(t *testing.T) {
	p, now := &past{}, time.Unix(0, 0)
	const delay = time.Hour
	for i := range types.Int(100_000) {
		now = now.Add(100 * time.Millisecond)
		p.record(now, i, delay)
		p.at(now)
	}
	if n := len(p.samples); n > 1100 {
		t.Errorf("%d samples are kept of an hour", n)
	}
	want := types.Int(100_000 - 36_000)
	if v, _ := p.at(now); v.(types.Int) < want-50 || v.(types.Int) > want+50 {
		t.Errorf("an hour ago the value was %v, want about %d", v, want)
	}
}
