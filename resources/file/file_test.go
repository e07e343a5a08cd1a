package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mgmt/resource"
	"mgmt/watch"
)

// A bench holds what resources of a test share.
type bench struct {
	t      testing.TB
	dir    string
	mu     sync.Mutex
	shared map[any]any
	hub    *watch.Hub
}

func newBench(t testing.TB) *bench {
	hub := watch.NewHub(nil)
	t.Cleanup(func() { hub.Close() })
	return &bench{t: t, dir: t.TempDir(), shared: map[any]any{}, hub: hub}
}

func (b *bench) path(name string) string { return b.dir + "/" + name }

func (b *bench) env(name string) *resource.Env {
	return &resource.Env{
		ID:  resource.ID{Kind: "file", Name: name},
		Hub: b.hub,
		Shared: func(key any, make func() any) any {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.shared[key] == nil {
				b.shared[key] = make()
			}
			return b.shared[key]
		},
	}
}

// open validates and opens a resource.
func (b *bench) open(r *Resource) *Resource {
	b.t.Helper()
	r.SetName(r.Path)
	if err := r.Validate(); err != nil {
		b.t.Fatalf("Validate: %v", err)
	}
	env := b.env(r.Path)
	r.Declare(env.Shared, true)
	if err := r.Open(env); err != nil {
		b.t.Fatalf("Open: %v", err)
	}
	b.t.Cleanup(func() { r.Close() })
	return r
}

// converge checks, applies, and demands that all is well then. It returns the changes.
func (b *bench) converge(r *Resource) string {
	b.t.Helper()
	ctx := context.Background()
	changes, err := r.Check(ctx)
	if err != nil {
		b.t.Fatalf("Check: %v", err)
	}
	if len(changes) == 0 {
		return ""
	}
	if err := r.Apply(ctx, changes); err != nil {
		b.t.Fatalf("Apply of %v: %v", changes, err)
	}
	if again, err := r.Check(ctx); len(again) > 0 || err != nil {
		b.t.Fatalf("after Apply of %v there is still %v, error %v", changes, again, err)
	}
	var out []string
	for _, c := range changes {
		out = append(out, c.String())
	}
	return strings.Join(out, "; ")
}

func (b *bench) want(r *Resource, want string) {
	b.t.Helper()
	if got := b.converge(r); got != want {
		b.t.Errorf("changes are %q, want %q", got, want)
	}
}

func (b *bench) write(name, text string) string {
	b.t.Helper()
	path := b.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bench) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b *bench) mode(name string) string {
	b.t.Helper()
	info, err := os.Lstat(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return showMode(info.Mode() & modeBits)
}

func (b *bench) gone(name string) {
	b.t.Helper()
	if _, err := os.Lstat(b.path(name)); !errors.Is(err, fs.ErrNotExist) {
		b.t.Errorf("%s is still there (%v)", name, err)
	}
}

func (b *bench) fails(r *Resource, part string) {
	b.t.Helper()
	if changes, err := r.Check(context.Background()); err == nil || !strings.Contains(err.Error(), part) {
		b.t.Errorf("Check: %v, %v; want an error that says %q", changes, err, part)
	}
}

func ptr(s string) *string { return &s }

func TestContent(t *testing.T) {
	b := newBench(t)
	r := b.open(&Resource{Path: b.path("f"), State: exists, Content: ptr("one\ntwo\n"), Mode: "0640"})
	b.want(r, "state: created (8 bytes)")
	if got := b.read("f"); got != "one\ntwo\n" || b.mode("f") != "0640" {
		t.Errorf("content %q, mode %s", got, b.mode("f"))
	}
	b.write("f", "one\nthree\n")
	b.want(r, "content: 1 line differs")
	if b.mode("f") != "0640" {
		t.Errorf("mode %s", b.mode("f"))
	}
	if err := os.Chmod(b.path("f"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.want(r, "mode: 0600 → 0640")
	b.want(r, "")
	if err := os.Remove(b.path("f")); err != nil {
		t.Fatal(err)
	}
	b.want(r, "state: created (8 bytes)")
}

func TestDiff(t *testing.T) {
	b := newBench(t)
	b.write("f", "a\nb\n")
	r := b.open(&Resource{Path: b.path("f"), Content: ptr("a\nc\n")})
	changes, err := r.Check(context.Background())
	if err != nil || len(changes) != 1 || changes[0].Diff == nil {
		t.Fatalf("Check: %v, %v", changes, err)
	}
	if d := changes[0].Diff(); !strings.Contains(d, "-b\n") || !strings.Contains(d, "+c\n") {
		t.Errorf("the diff is %q", d)
	}
}

func TestKeepsOwnershipAndMode(t *testing.T) {
	b := newBench(t)
	b.write("f", "old")
	if err := os.Chmod(b.path("f"), 0o4711); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Chmod(b.path("f"), 0o4711); err != nil {
		t.Fatal(err)
	}
	owner := 0
	if os.Geteuid() == 0 {
		owner = 12345
		if err := os.Chown(b.path("f"), owner, owner); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Chmod(b.path("f"), 0o4711); err != nil {
			t.Fatal(err)
		}
	}
	r := b.open(&Resource{Path: b.path("f"), Content: ptr("new")})
	b.converge(r)
	info, _ := os.Lstat(b.path("f"))
	if uid, gid := ownerOf(info); os.Geteuid() == 0 && (uid != owner || gid != owner) {
		t.Errorf("the owner is %d:%d, want %d", uid, gid, owner)
	}
	if b.mode("f") != "4711" {
		t.Errorf("the mode is %s, want 4711", b.mode("f"))
	}
}

func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	b := newBench(t)
	b.write("f", "")
	r := b.open(&Resource{Path: b.path("f"), Owner: "12345", Group: "daemon", Mode: "4755"})
	got := b.converge(r)
	if !strings.Contains(got, "owner: root → 12345") || !strings.Contains(got, "group: root → daemon") || b.mode("f") != "4755" {
		t.Errorf("changes %q, mode %s", got, b.mode("f"))
	}
	b.fails(b.open(&Resource{Path: b.path("f"), Owner: "no-such-user"}), "no-such-user")
}

func TestModes(t *testing.T) {
	b := newBench(t)
	for _, x := range []struct{ have, mode, want string }{
		{"0644", "0600", "0600"}, {"0644", "u=rwx,go=rx", "0755"}, {"0644", "g=rw", "0664"}, {"0777", "a=r", "0444"},
		{"0755", "u=rwxs", "4755"}, {"0755", "g=rxs", "2755"}, {"0755", "1777", "1777"}, {"4755", "u=rwx", "0755"},
		{"0600", "=", "0000"}, {"0755", "o=rxt", "1755"},
	} {
		b.write("f", "")
		n, _ := parseMode(x.have)
		if err := os.Chmod(b.path("f"), n.set); err != nil {
			t.Fatal(err)
		}
		b.converge(b.open(&Resource{Path: b.path("f"), Mode: x.mode}))
		if got := b.mode("f"); got != x.want {
			t.Errorf("%s on %s gives %s, want %s", x.mode, x.have, got, x.want)
		}
	}
	for _, bad := range []string{"999", "u+x", "u=q", "x=r", "u=r,u=w", "77777", "a"} {
		if m, err := parseMode(bad); err == nil {
			t.Errorf("parseMode(%q) = %v, want an error", bad, m)
		}
	}
	dir := b.open(&Resource{Path: b.path("d/"), State: exists, Mode: "1770"})
	b.want(dir, "state: created (directory)")
	if b.mode("d") != "1770" {
		t.Errorf("the mode of a new directory is %s", b.mode("d"))
	}
}

func TestAbsent(t *testing.T) {
	b := newBench(t)
	b.write("f", "")
	b.want(b.open(&Resource{Path: b.path("f"), State: absent}), "state: removed (file)")
	b.gone("f")
	if err := os.Symlink("/nowhere", b.path("l")); err != nil {
		t.Fatal(err)
	}
	b.want(b.open(&Resource{Path: b.path("l"), State: absent}), "state: removed (symbolic link)")
	b.gone("l")
	b.write("d/x", "")
	r := b.open(&Resource{Path: b.path("d/"), State: absent})
	changes, _ := r.Check(context.Background())
	if err := r.Apply(context.Background(), changes); err == nil || !strings.Contains(err.Error(), "recurse") {
		t.Errorf("a full directory was removed without recurse, or the error says nothing of it: %v", err)
	}
	b.converge(b.open(&Resource{Path: b.path("d/"), State: absent, Recurse: true}))
	b.gone("d")
}

func TestWrongTypes(t *testing.T) {
	b := newBench(t)
	target := b.write("target", "untouched")
	if err := os.Symlink(target, b.path("l")); err != nil {
		t.Fatal(err)
	}
	b.write("d/x", "")
	for _, x := range []struct {
		r     Resource
		after string
	}{
		{Resource{Path: b.path("l"), State: exists, Content: ptr("c")}, "file"},
		{Resource{Path: b.path("d"), State: exists, Content: ptr("c")}, "file"},
		{Resource{Path: b.path("target/"), State: exists}, "directory"},
		{Resource{Path: b.path("l"), State: exists, Symlink: true, Source: "/etc"}, "symbolic link"},
	} {
		if x.r.Symlink {
			b.write("l2", "")
			x.r.Path = b.path("l2")
		}
		plain := x.r
		b.fails(b.open(&plain), "force")
		forced := x.r
		forced.Force = true
		b.converge(b.open(&forced))
		info, err := os.Lstat(strings.TrimSuffix(x.r.Path, "/"))
		if err != nil || typeName(info.Mode()) != x.after {
			t.Errorf("%s is %v (%v), want a %s", x.r.Path, info, err, x.after)
		}
	}
}

func TestNeverWritesThroughALink(t *testing.T) {
	b := newBench(t)
	target := b.write("target", "untouched")
	if err := os.Symlink(target, b.path("l")); err != nil {
		t.Fatal(err)
	}
	b.converge(b.open(&Resource{Path: b.path("l"), State: exists, Content: ptr("new"), Force: true}))
	if got := b.read("target"); got != "untouched" {
		t.Errorf("what the link pointed to is now %q", got)
	}
}

func TestSymlink(t *testing.T) {
	b := newBench(t)
	r := b.open(&Resource{Path: b.path("l"), State: exists, Symlink: true, Source: "/one"})
	b.want(r, "state: created (link to /one)")
	if err := os.Remove(b.path("l")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/two", b.path("l")); err != nil {
		t.Fatal(err)
	}
	b.want(r, "source: /two → /one")
}

func TestDirectory(t *testing.T) {
	b := newBench(t)
	orphan := b.open(&Resource{Path: b.path("x/f"), State: exists, Content: ptr("")})
	found, _ := orphan.Check(context.Background())
	if err := orphan.Apply(context.Background(), found); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("the error of a file without a directory is %v", err)
	}
	deep := b.open(&Resource{Path: b.path("a/b/c/"), State: exists, Recurse: true})
	b.want(deep, "state: created (directory)")
	shallow := b.open(&Resource{Path: b.path("q/r/"), State: exists})
	changes, _ := shallow.Check(context.Background())
	if err := shallow.Apply(context.Background(), changes); err == nil || !strings.Contains(err.Error(), "recurse") {
		t.Errorf("the error of a directory without parents is %v", err)
	}
}

func TestSource(t *testing.T) {
	b := newBench(t)
	src := b.write("src", "text")
	if err := os.Chmod(src, 0o750); err != nil {
		t.Fatal(err)
	}
	r := b.open(&Resource{Path: b.path("f"), State: exists, Source: src})
	b.converge(r)
	if b.read("f") != "text" || b.mode("f") != "0750" {
		t.Errorf("the copy has %q and mode %s", b.read("f"), b.mode("f"))
	}
	b.write("src", "other text")
	b.want(r, "source: 1 line differs")
	b.fails(b.open(&Resource{Path: b.path("g"), State: exists, Source: b.path("none")}), "no such file")
}

func TestFragments(t *testing.T) {
	b := newBench(t)
	b.write("frag/b", "B")
	b.write("frag/a", "A")
	b.write("frag/sub/x", "no")
	last := b.write("last", "Z")
	r := b.open(&Resource{Path: b.path("f"), State: exists, Fragments: []string{b.path("frag") + "/", last}})
	b.converge(r)
	if got := b.read("f"); got != "ABZ" {
		t.Errorf("content %q, want ABZ", got)
	}
	b.write("frag/0", "0")
	b.converge(r)
	if got := b.read("f"); got != "0ABZ" {
		t.Errorf("content %q, want 0ABZ", got)
	}
}

func TestMirrorAndPurge(t *testing.T) {
	b := newBench(t)
	b.write("src/a", "1")
	b.write("src/sub/b", "2")
	if err := os.Symlink("a", b.path("src/link")); err != nil {
		t.Fatal(err)
	}
	b.write("dst/stray", "x")
	b.write("dst/kept/mine", "m")
	b.write("dst/kept/stray", "x")
	b.open(&Resource{Path: b.path("dst/kept/mine"), State: exists, Content: ptr("m")})
	r := b.open(&Resource{Path: b.path("dst/"), State: exists, Source: b.path("src") + "/", Recurse: true})
	b.converge(r)
	if b.read("dst/a") != "1" || b.read("dst/sub/b") != "2" || b.read("dst/kept/mine") != "m" {
		t.Error("the copy is not complete, or took away what another resource manages")
	}
	if l, _ := os.Readlink(b.path("dst/link")); l != "a" {
		t.Errorf("the link was copied as %q", l)
	}
	b.gone("dst/stray")
	b.gone("dst/kept/stray")
	b.write("src/a", "changed")
	b.converge(r)
	if b.read("dst/a") != "changed" {
		t.Error("a change of the source did not arrive")
	}

	b.write("p/x", "")
	b.want(b.open(&Resource{Path: b.path("p/"), State: exists, Recurse: true, Purge: true}), "purge: 1 entry removed")
	b.gone("p/x")
}

// TestNeverHalfVisible reads a file all the time while it is rewritten.
func TestNeverHalfVisible(t *testing.T) {
	b := newBench(t)
	contents := []string{strings.Repeat("a", 300_000), strings.Repeat("b", 200_000)}
	b.write("f", contents[0])
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got := b.read("f"); got != contents[0] && got != contents[1] {
				t.Errorf("a reader saw %d bytes that nobody wrote", len(got))
				return
			}
		}
	})
	for i := range 100 {
		b.converge(b.open(&Resource{Path: b.path("f"), Content: &contents[i%2]}))
	}
	close(stop)
	wg.Wait()
}

func TestLeftoversOfAKilledAgent(t *testing.T) {
	for name, r := range map[string]*Resource{
		"a wrong file": {State: exists, Content: ptr("whole")},
		"a right file": {State: exists, Content: ptr("right")},
		"a right link": {State: exists, Symlink: true, Source: "right"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			r.Path = b.path("f")
			b.converge(b.open(&Resource{Path: r.Path, State: r.State, Content: ptr("right")}))
			if r.Symlink {
				os.Remove(r.Path)
				b.converge(b.open(&Resource{Path: r.Path, State: exists, Symlink: true, Source: r.Source}))
			}
			left := tempName(r.Path)
			if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			b.converge(b.open(r))
			if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there", left)
			}
		})
	}
}

func TestLongNames(t *testing.T) {
	b := newBench(t)
	name := strings.Repeat("n", 255)
	b.converge(b.open(&Resource{Path: b.path(name), State: exists, Content: ptr("x")}))
	r := &Resource{Path: b.path(name + "n")}
	r.SetName(r.Path)
	if err := r.Validate(); err == nil {
		t.Error("a name of 256 bytes was accepted")
	}
}

// TestVanishesBetweenCheckAndApply removes the path, or puts another thing there, after it
// was looked at.
func TestVanishesBetweenCheckAndApply(t *testing.T) {
	b := newBench(t)
	for what, disturb := range map[string]func(path string){
		"removed":     func(p string) { os.Remove(p) },
		"a directory": func(p string) { os.Remove(p); os.Mkdir(p, 0o755) },
	} {
		os.RemoveAll(b.path("f"))
		b.write("f", "old")
		r := b.open(&Resource{Path: b.path("f"), State: exists, Mode: "0600", Force: true})
		changes, err := r.Check(context.Background())
		if err != nil || len(changes) == 0 {
			t.Fatalf("Check: %v, %v", changes, err)
		}
		disturb(b.path("f"))
		if err := r.Apply(context.Background(), changes); err != nil {
			t.Errorf("%s: Apply: %v", what, err)
		}
		b.converge(r) // the event of the disturbance brings another check
		if info, err := os.Lstat(b.path("f")); err != nil || !info.Mode().IsRegular() || b.mode("f") != "0600" {
			t.Errorf("%s: in the end there is %v (%v)", what, info, err)
		}
	}
}

func TestFullAndReadOnlyFileSystems(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	b := newBench(t)
	if err := os.Mkdir(b.path("m"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "t", b.path("m")).CombinedOutput(); err != nil {
		t.Skipf("this machine mounts no tmpfs: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("umount", b.path("m")).Run() })
	b.write("m/f", "old")
	big := strings.Repeat("x", 200_000)
	r := b.open(&Resource{Path: b.path("m/f"), Content: &big})
	changes, err := r.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Apply(context.Background(), changes); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "untouched") {
		t.Errorf("Apply on a full disk: %v", err)
	}
	if got := b.read("m/f"); got != "old" {
		t.Errorf("the content is %q, want the old one", got)
	}
	if list, _ := os.ReadDir(b.path("m")); len(list) != 1 {
		t.Errorf("%d entries are left, want one", len(list))
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", b.path("m")).CombinedOutput(); err != nil {
		t.Skipf("this machine does not remount: %v: %s", err, out)
	}
	small := b.open(&Resource{Path: b.path("m/f"), Content: ptr("new")})
	changes, err = small.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := small.Apply(context.Background(), changes); !errors.Is(err, syscall.EROFS) {
		t.Errorf("Apply on a read-only file system: %v", err)
	}
}

func TestLinkLoop(t *testing.T) {
	b := newBench(t)
	if err := os.Symlink("loop", b.path("loop")); err != nil {
		t.Fatal(err)
	}
	b.fails(b.open(&Resource{Path: b.path("loop/f"), State: exists}), "circle")
	b.write("file", "")
	b.fails(b.open(&Resource{Path: b.path("file/f"), State: exists}), "no directory")
}

func TestValidate(t *testing.T) {
	for why, r := range map[string]Resource{
		"relative":              {Path: "f"},
		"NUL":                   {Path: "/a\x00b"},
		"state":                 {Path: "/f", State: "there"},
		"two contents":          {Path: "/f", Content: ptr(""), Source: "/g"},
		"absent with content":   {Path: "/f", State: absent, Content: ptr("")},
		"root removed":          {Path: "/", State: absent},
		"directory content":     {Path: "/d/", Content: ptr("")},
		"purge without recurse": {Path: "/d/", Purge: true},
		"file from directory":   {Path: "/f", Source: "/d/"},
		"directory, no recurse": {Path: "/d/", Source: "/e/"},
		"file with recurse":     {Path: "/f", Source: "/g", Recurse: true},
		"fragment relative":     {Path: "/f", Fragments: []string{"g"}},
		"fragment contains":     {Path: "/d/f", Fragments: []string{"/d/"}},
		"link without target":   {Path: "/l", State: exists, Symlink: true},
		"link with content":     {Path: "/l", Symlink: true, Content: ptr("")},
		"mode":                  {Path: "/f", Mode: "u+x"},
		"dirname":               {Path: "/f", Dirname: "/d"},
		"basename":              {Path: "/f", Basename: "/b"},
	} {
		if err := r.Validate(); err == nil {
			t.Errorf("%s: accepted", why)
		}
	}
	for path, want := range map[Resource_]string{
		{"/a/b", "", ""}: "/a/b", {"/a/b/", "", ""}: "/a/b/", {"/a/b", "/c/", ""}: "/c/b", {"/a/b", "", "x"}: "/a/x", {"/a/b", "/c/", "x/"}: "/c/x/", {"/a//b", "", ""}: "/a/b",
	} {
		r := Resource{Path: path.path, Dirname: path.dir, Basename: path.base}
		if got := r.effective(); got != want {
			t.Errorf("%+v: effective path %q, want %q", path, got, want)
		}
	}
}

// Resource_ is the part of a Resource that makes its path.
type Resource_ struct{ path, dir, base string }

func TestWatch(t *testing.T) {
	b := newBench(t)
	r := b.open(&Resource{Path: b.path("f"), State: exists, Content: ptr("x")})
	wake := make(chan struct{}, 100)
	cancel, err := r.Subscribe(b.hub, func() { wake <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	for _, do := range []func(){func() {}, func() { b.write("f", "y") }, func() { os.Remove(b.path("f")) }} {
		do()
		select {
		case <-wake:
		case <-time.After(10 * time.Second):
			t.Fatal("no wake")
		}
	}
}

func TestUnchangedFileIsNotReadAgain(t *testing.T) {
	b := newBench(t)
	b.write("f", "text")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(b.path("f"), old, old); err != nil {
		t.Fatal(err)
	}
	r := b.open(&Resource{Path: b.path("f"), Content: ptr("text")})
	b.want(r, "")
	if r.known.stamp != "text" {
		t.Fatal("the comparison was not remembered")
	}
	b.write("f", "tent")
	b.want(r, "content: 1 line differs")
}

func FuzzMode(f *testing.F) {
	for _, s := range []string{"0644", "u=rw,go=r", "a=", "u=rwxs,g=s,o=t"} {
		f.Add(s, uint32(0o755))
	}
	f.Fuzz(func(t *testing.T, s string, have uint32) {
		m, err := parseMode(s)
		if err != nil {
			return
		}
		once := m.apply(octal(have & 0o7777))
		if twice := m.apply(once); twice != once {
			t.Errorf("%q on %s gives %s, and then %s", s, showMode(octal(have)), showMode(once), showMode(twice))
		}
	})
}

// BenchmarkCreate compares creating files with a plain program that does as much.
func BenchmarkCreate(b *testing.B) {
	const n = 1000
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			dir := b.TempDir()
			for i := range n {
				path := filepath.Join(dir, fmt.Sprint(i))
				if err := os.WriteFile(path+".new", []byte("content"), 0o644); err != nil {
					b.Fatal(err)
				}
				if err := os.Rename(path+".new", path); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/file")
	})
	b.Run("resource", func(b *testing.B) {
		for b.Loop() {
			bb := newBench(b)
			for i := range n {
				r := bb.open(&Resource{Path: bb.path(fmt.Sprint(i)), State: exists, Content: ptr("content")})
				changes, err := r.Check(context.Background())
				if err == nil {
					err = r.Apply(context.Background(), changes)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/file")
	})
}
