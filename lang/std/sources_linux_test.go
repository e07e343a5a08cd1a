package std

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mgmt/lang/funcs"
	"mgmt/lang/types"
	"mgmt/world"
)

// sourceArgs has arguments for the sources that take some.
var sourceArgs = map[string][]types.Value{
	".history":          {types.Str("x"), types.Int(1000)},
	"os.file_exists":    {types.Str("/etc/passwd")},
	"os.readfile":       {types.Str("/etc/passwd")},
	"os.readfilewait":   {types.Str("/nonexistent/file")},
	"os.modinfo_loaded": {types.Str("loop")},
	"os.system":         {types.Str("echo first; exec sleep 1000")},
	"os.user_exists":    {types.Str("root")},
	"secret.file":       {types.Str("/etc/passwd")},
	"test.one_stream":   {types.Int(3)},
	"value.get":         {types.Str("key")},
	"value.get_bool":    {types.Str("key")},
	"value.get_str":     {types.Str("key")},
	"value.get_int":     {types.Str("key")},
	"value.get_float":   {types.Str("key")},
	"world.getval":      {types.Str("key")},
	"world.kvlookup":    {types.Str("key")},
	"world.exchange":    {types.Str("key"), types.Str("value")},
	"world/collect.res": {types.Str("file")},
	"world.schedule":    {types.Str("key"), types.Zero(types.MustParse("struct{max int}"))},
}

// sourcesWithout are the sources that cannot run everywhere, with the reason.
func sourcesWithout(name string) string {
	switch name {
	case "example.vumeter":
		return "needs a microphone"
	case "secret.sealed":
		return "needs a key; tested with one"
	case "test.slow_string":
		return "takes five seconds; tested with a fake clock"
	case "os.modinfo_loaded":
		if _, err := os.Stat("/proc/modules"); errors.Is(err, fs.ErrNotExist) {
			return "needs a kernel with modules"
		}
	}
	return ""
}

// TestSources holds of each source that it delivers a first value without any change,
// that it ends with its context, and that it then has closed what it opened.
func TestSources(t *testing.T) {
	host := newHost(t)
	runSource(t, host, "os", Library().Func("os", "file_exists")) // starts what all share
	for path, m := range Library().Modules() {
		for _, f := range m.Funcs {
			if f.Source == nil {
				continue
			}
			t.Run(path+"."+f.Name, func(t *testing.T) {
				if why := sourcesWithout(path + "." + f.Name); why != "" {
					t.Skip(why)
				}
				files, routines := openFiles(t), runtime.NumGoroutine()
				for range 5 {
					runSource(t, host, path, f)
				}
				settled(t, routines)
				if n := openFiles(t); n > files {
					t.Errorf("%d descriptors are open, %d before", n, files)
				}
			})
		}
	}
}

// runSource runs a source until it has delivered a value.
func runSource(t *testing.T, host *funcs.Host, path string, f *funcs.Function) {
	t.Helper()
	sig := f.Sigs[0]
	if f.Name == "get" && path == "value" {
		sig = types.MustParse("func(key str) struct{value []int; ready bool}")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	delivered := false
	err := f.Source(ctx, &funcs.Call{Sig: sig, Host: host}, sourceArgs[path+"."+f.Name], func(v types.Value, err error) {
		if err != nil {
			t.Errorf("it emitted the error %v", err)
		} else if !types.HasType(v, sig.Elem) && sig.Elem.Kind != types.KindVar {
			t.Errorf("it emitted %v, which is no %v", v, sig.Elem)
		}
		delivered = true
		cancel()
	})
	if !delivered {
		t.Errorf("it delivered nothing in ten seconds")
	}
	if err != context.Canceled {
		t.Errorf("it returned %v, want the error of the context", err)
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

// settled waits until no more goroutines run than before: one that has nothing left to
// do may not have been rescheduled yet.
func settled(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines run, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// A recorder collects what a source emits.
type recorder struct {
	t      *testing.T
	values chan string
}

// follow runs a source until the test ends.
func follow(t *testing.T, host *funcs.Host, path, name string, args ...types.Value) recorder {
	t.Helper()
	r := recorder{t, make(chan string, 1000)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	f := Library().Func(path, name)
	go func() {
		done <- f.Source(ctx, &funcs.Call{Sig: f.Sigs[len(f.Sigs)-1], Host: host}, args, func(v types.Value, err error) {
			switch {
			case types.Catchable(err):
				r.values <- "catch"
			case err != nil:
				r.values <- "fatal"
			default:
				r.values <- v.String()
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != context.Canceled {
			t.Errorf("%s.%s returned %v", path, name, err)
		}
	})
	return r
}

// until waits for a value; others may come before it.
func (r recorder) until(want string) {
	r.t.Helper()
	var seen []string
	deadline := time.After(10 * time.Second)
	for {
		select {
		case v := <-r.values:
			if v == want {
				return
			}
			seen = append(seen, v)
		case <-deadline:
			r.t.Fatalf("%q did not come, only %q", want, seen)
		}
	}
}

func TestReadfileFollows(t *testing.T) {
	host, dir := newHost(t), t.TempDir()
	path := filepath.Join(dir, "a", "b", "file")
	content := follow(t, host, "os", "readfile", types.Str(path))
	waiting := follow(t, host, "os", "readfilewait", types.Str(path))
	exists := follow(t, host, "os", "file_exists", types.Str(path))
	content.until("catch")
	waiting.until("")
	exists.until("false")

	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	content.until("one")
	waiting.until("one")
	exists.until("true")
	write("two")
	content.until("two")
	waiting.until("two")

	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	content.until("catch")
	waiting.until("")
	exists.until("false")

	write("three")
	content.until("three")
	exists.until("true")
}

func TestReadfileFollowsALink(t *testing.T) {
	host, dir := newHost(t), t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "elsewhere", "link")
	for _, err := range []error{
		os.WriteFile(target, []byte("one"), 0o644),
		os.Mkdir(filepath.Dir(link), 0o755),
		os.Symlink(target, link),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	content := follow(t, host, "os", "readfile", types.Str(link))
	content.until("one")
	if err := os.WriteFile(target, []byte("two"), 0o644); err != nil {
		t.Fatal(err)
	}
	content.until("two")
}

func TestReadfileRefuses(t *testing.T) {
	host := newHost(t)
	for path, want := range map[string]string{
		"":          "catch",
		"relative":  "catch",
		"/etc":      "fatal",
		"/dev/zero": "fatal",
	} {
		follow(t, host, "os", "readfile", types.Str(path)).until(want)
	}
}

func TestSystemKillsTheWholeGroup(t *testing.T) {
	host := newHost(t)
	// The child ignores the first signal and holds the output.
	script := `sh -c 'trap "" TERM; echo $$; while :; do sleep 0.05; done' & wait`
	f := Library().Func("os", "system")
	ctx, cancel := context.WithCancel(t.Context())
	var child string
	start := time.Now()
	err := f.Source(ctx, &funcs.Call{Host: host}, []types.Value{types.Str(script)}, func(v types.Value, _ error) {
		child = v.String()
		cancel()
	})
	if err != context.Canceled || child == "" {
		t.Fatalf("it returned %v, child %q", err, child)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v to end", d)
	}
	for deadline := time.Now().Add(5 * time.Second); ; runtime.Gosched() {
		state, err := os.ReadFile("/proc/" + child + "/stat")
		if err != nil || zombie(string(state)) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the child %s is still there: %s", child, state)
		}
	}
}

// zombie reports whether a line of /proc is of a process that has ended.
func zombie(stat string) bool {
	_, state, _ := strings.Cut(stat, ") ")
	return strings.HasPrefix(state, "Z")
}

func TestSystemLines(t *testing.T) {
	host := newHost(t)
	lines := follow(t, host, "os", "system", types.Str("echo a; echo; echo log >&2; printf 'last'"))
	lines.until("a")
	lines.until("")
	lines.until("last")
}

func TestValueFollowsTheStore(t *testing.T) {
	host := newHost(t)
	values := follow(t, host, "value", "get_int", types.Str("key"))
	values.until("struct{value: 0; ready: false}")
	for _, step := range []struct {
		v    any
		want string
	}{
		{int64(7), "struct{value: 7; ready: true}"},
		{"seven", "fatal"},
		{int64(8), "struct{value: 8; ready: true}"},
		{nil, "struct{value: 0; ready: false}"},
	} {
		if _, err := host.Local.SetValue("key", step.v); err != nil {
			t.Fatal(err)
		}
		values.until(step.want)
	}
}

func TestWorldFollowsTheOthers(t *testing.T) {
	host := newHost(t)
	val := follow(t, host, "world", "getval", types.Str("key"))
	val.until(`struct{value: ""; exists: false}`)
	if err := host.World.SetString(t.Context(), "key", "x"); err != nil {
		t.Fatal(err)
	}
	val.until(`struct{value: "x"; exists: true}`)

	all := follow(t, host, "world", "kvlookup", types.Str("space"))
	all.until("{}")
	follow(t, host, "world", "exchange", types.Str("space"), types.Str("mine")).until(`{"h1": "mine"}`)
	all.until(`{"h1": "mine"}`)
}

func TestCollectFollowsTheOthers(t *testing.T) {
	host := newHost(t)
	host.HasKind = func(kind string) bool { return kind == "file" }
	files := follow(t, host, "world/collect", "res", types.Str("file"))
	files.until("[]")
	for _, key := range []world.ExportKey{
		{To: "h1", Kind: "file", Name: "/b"}, {To: "*", Kind: "file", Name: "/a"},
		{To: "h2", Kind: "file", Name: "/no"}, {To: "*", Kind: "exec", Name: "/no"},
	} {
		if err := host.World.Export(t.Context(), key, "data"); err != nil {
			t.Fatal(err)
		}
	}
	files.until(`[struct{name: "/a"; host: "h1"}, struct{name: "/b"; host: "h1"}]`)
	f := Library().Func("world/collect", "res")
	err := f.Source(t.Context(), &funcs.Call{Sig: f.Sigs[0], Host: host}, []types.Value{types.Str("fiel")}, func(types.Value, error) {})
	if err == nil || !strings.Contains(err.Error(), `no resource kind "fiel"`) {
		t.Errorf("an unknown kind: error %v", err)
	}
}

func TestScheduleWithOptionsEntersTheHost(t *testing.T) {
	host := newHost(t)
	opts := types.Value(&types.Struct{Names: []string{"max", "strategy"}, Elems: []types.Value{types.Int(2), types.Str("rr")}})
	picked := follow(t, host, "world", "schedule", types.Str("space"))
	picked.until("[]")
	t.Run("while the call is there", func(t *testing.T) {
		follow(t, host, "world", "schedule", types.Str("space"), opts).until(`["h1"]`)
		picked.until(`["h1"]`)
	})
	picked.until("[]")
}
