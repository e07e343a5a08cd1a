package stdtest

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

func TestSources(t *testing.T) {
	for name, want := range map[string][]string{
		"forloop":     {`0s: ["foo"]`, `5s: ["bar"]`, `10s: ["bar"]`},
		"forkvloop":   {`0s: {"foo": "bar"}`, `5s: {"foo": "bar"}`, `10s: {"foo": "bar"}`},
		"slow_string": {"5s: this sentence took five seconds"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
			defer cancel()
			start := time.Now()
			var got []string
			entry(t, name).Source(ctx, nil, nil, func(v types.Value, _ error) {
				got = append(got, fmt.Sprintf("%v: %v", time.Since(start), v))
			})
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		})
	}
}

func TestFastcountEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	next := types.Int(0)
	err := fastcount(ctx, nil, nil, func(v types.Value, _ error) {
		if v != next {
			t.Fatalf("got %v, want %v", v, next)
		}
		if next++; next == 1000 {
			cancel()
		}
	})
	if err != context.Canceled || next != 1000 {
		t.Errorf("it returned %v after %v", err, next)
	}
}

func TestOneInstance(t *testing.T) {
	one, other := &funcs.Host{}, &funcs.Host{}
	a, b := &funcs.Call{Host: one}, &funcs.Call{Host: one}
	f := entry(t, "one_instance_b")
	for i, c := range []struct {
		call *funcs.Call
		ok   bool
	}{{a, true}, {a, true}, {b, false}, {&funcs.Call{Host: other}, true}} {
		if v, err := f.Impure(c.call, nil); (err == nil) != c.ok {
			t.Errorf("call %d: %v, %v", i, v, err)
		}
	}
	f = entry(t, "one_instance_a")
	for _, call := range []*funcs.Call{a, b} {
		if v, err := f.Impure(call, nil); err != nil || v != types.Str("hello") {
			t.Errorf("one_instance_a: %v, %v", v, err)
		}
	}
}
