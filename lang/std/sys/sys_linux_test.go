package stdsys

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/internal/langtest"
	"mgmt/lang/types"
)

func entry(t *testing.T, name string) *funcs.Function {
	t.Helper()
	return langtest.Function(t, Module(), name)
}

// start runs a source and returns what it emits. The source ends with the test, which
// fails if it does not return the error of the context.
func start(t *testing.T, name string) <-chan types.Value {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	values, done := make(chan types.Value, 100), make(chan error, 1)
	go func() {
		done <- entry(t, name).Source(ctx, &funcs.Call{}, nil, func(v types.Value, err error) {
			if err != nil {
				t.Errorf("%s emitted %v", name, err)
			}
			values <- v
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != context.Canceled {
			t.Errorf("%s returned %v", name, err)
		}
	})
	return values
}

func next(t *testing.T, values <-chan types.Value) types.Value {
	t.Helper()
	select {
	case v := <-values:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("no value in ten seconds")
		return nil
	}
}

func TestFirstValues(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if got := next(t, start(t, "hostname")); got != types.Str(name) {
		t.Errorf("hostname is %v, want %s", got, name)
	}
	if got := next(t, start(t, "cpu_count")); got.(types.Int) < types.Int(1) {
		t.Errorf("cpu_count is %v", got)
	}
	if got := next(t, start(t, "load")).(*types.Struct); len(got.Elems) != 3 {
		t.Errorf("load is %v", got)
	}
	uptime := start(t, "uptime")
	if a, b := next(t, uptime).(types.Int), next(t, uptime).(types.Int); b != a+1 {
		t.Errorf("uptime went from %v to %v", a, b)
	}
}

// TestHostnameFollowsTheKernel runs itself in a UTS namespace of its own, where it may
// set the name.
func TestHostnameFollowsTheKernel(t *testing.T) {
	if os.Getenv("MGMT_TEST_UTS") == "" {
		if os.Getuid() != 0 {
			t.Skip("needs root, to make a UTS namespace")
		}
		cmd := exec.Command("unshare", "-u", os.Args[0], "-test.run", "^TestHostnameFollowsTheKernel$", "-test.v")
		cmd.Env = append(os.Environ(), "MGMT_TEST_UTS=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	values := start(t, "hostname")
	next(t, values)
	for i := range 5 {
		name := fmt.Sprintf("name%d", i)
		if err := syscall.Sethostname([]byte(name)); err != nil {
			t.Fatalf("setting the host name: %v", err)
		}
		if got := next(t, values); got != types.Str(name) {
			t.Errorf("hostname is %v, want %s", got, name)
		}
	}
}

// TestNothingIsLeft holds that a source that ended leaves neither descriptors nor
// goroutines.
func TestNothingIsLeft(t *testing.T) {
	run := func() {
		for _, name := range []string{"hostname", "cpu_count", "load", "uptime"} {
			ctx, cancel := context.WithCancel(t.Context())
			entry(t, name).Source(ctx, &funcs.Call{}, nil, func(types.Value, error) { cancel() })
		}
	}
	run()
	files, routines := openFiles(t), runtime.NumGoroutine()
	for range 20 {
		run()
	}
	if n := openFiles(t); n > files+2 {
		t.Errorf("%d descriptors are open, %d before", n, files)
	}
	if n := runtime.NumGoroutine(); n > routines+2 {
		t.Errorf("%d goroutines run, %d before", n, routines)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestParseCPUs(t *testing.T) {
	for text, want := range map[string]string{
		"0\n": "1", "0-3\n": "4", "0-3,6,8-9\n": "7", "": "error", "3-1": "error", "x": "error",
	} {
		got := "error"
		if n, err := parseCPUs(text); err == nil {
			got = strconv.Itoa(n)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestParseUptime(t *testing.T) {
	if got, err := parseUptime("350735.47 234388.90\n"); err != nil || got != 350735*time.Second+470*time.Millisecond {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := parseUptime("soon"); err == nil {
		t.Errorf("got %v", got)
	}
}

func TestParseLoad(t *testing.T) {
	got, err := parseLoad("0.20 0.18 0.12 1/80 11206\n")
	if err != nil || got.String() != "struct{x1: 0.2; x5: 0.18; x15: 0.12}" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := parseLoad("0.20 0.18"); err == nil {
		t.Errorf("got %v", got)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("MGMT_TEST_SET", "x=y")
	t.Setenv("MGMT_TEST_EMPTY", "")
	caught := &funcs.Call{Caught: true}
	for _, c := range []struct {
		f    string
		call *funcs.Call
		args []string
		want string
	}{
		{"getenv", caught, []string{"MGMT_TEST_SET"}, "x=y"},
		{"getenv", caught, []string{"MGMT_TEST_EMPTY"}, ""},
		{"getenv", caught, []string{"MGMT_TEST_UNSET"}, "error: the environment variable MGMT_TEST_UNSET is not set"},
		{"getenv", &funcs.Call{}, []string{"MGMT_TEST_UNSET"}, ""},
		{"defaultenv", nil, []string{"MGMT_TEST_SET", "d"}, "x=y"},
		{"defaultenv", nil, []string{"MGMT_TEST_EMPTY", "d"}, ""},
		{"defaultenv", nil, []string{"MGMT_TEST_UNSET", "d"}, "d"},
		{"hasenv", nil, []string{"MGMT_TEST_EMPTY"}, "true"},
		{"hasenv", nil, []string{"MGMT_TEST_UNSET"}, "false"},
	} {
		var got string
		v, err := entry(t, c.f).Impure(c.call, types.NewStrs(c.args).Elems)
		if err != nil {
			got = "error: " + err.Error()
			if !types.Catchable(err) {
				t.Errorf("%s%q: %v is not catchable", c.f, c.args, err)
			}
		} else {
			got = v.String()
		}
		if got != c.want {
			t.Errorf("%s%q = %s, want %s", c.f, c.args, got, c.want)
		}
	}
	v, err := env(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := v.(*types.Map).Get(types.Str("MGMT_TEST_SET")); got != types.Str("x=y") || !strings.Contains(v.String(), `"MGMT_TEST_EMPTY": ""`) {
		t.Errorf("env has %v for MGMT_TEST_SET in %v", got, v)
	}
}
