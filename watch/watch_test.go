package watch

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for an event that has to come.
const patience = 10 * time.Second

// listen watches a path and returns a channel with at most one wake in it.
func listen(t *testing.T, h *Hub, path string, opts Options) chan struct{} {
	t.Helper()
	wake := make(chan struct{}, 1)
	cancel, err := h.Path(path, opts, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	expect(t, wake, "listening to "+path)
	return wake
}

func expect(t *testing.T, wake chan struct{}, what string) {
	t.Helper()
	select {
	case <-wake:
	case <-time.After(patience):
		t.Fatalf("no wake after %s", what)
	}
}

func newTestHub(t *testing.T) *Hub {
	h := NewHub(nil)
	t.Cleanup(func() { h.Close() })
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	wake := listen(t, newTestHub(t), path, Options{})
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"creation", func() { write(t, path, "a") }},
		{"a write", func() { write(t, path, "b") }},
		{"chmod", func() { must(t, os.Chmod(path, 0o600)) }},
		{"removal", func() { must(t, os.Remove(path)) }},
		{"a link in its place", func() { must(t, os.Symlink("/nowhere", path)) }},
		{"another link in its place", func() {
			must(t, os.Remove(path))
			must(t, os.Symlink("/elsewhere", path))
		}},
		{"a directory in its place", func() {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o755))
		}},
	} {
		step.do()
		expect(t, wake, step.what)
	}
}

func TestAncestors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a/b/c/f")
	wake := listen(t, newTestHub(t), path, Options{})
	for round := range 3 {
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		expect(t, wake, "the directories came")
		write(t, path, fmt.Sprint(round))
		expect(t, wake, "the file came")
		must(t, os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, fmt.Sprint("away", round))))
		expect(t, wake, "an ancestor was renamed away")
	}
	must(t, os.Rename(filepath.Join(dir, "away0"), filepath.Join(dir, "a")))
	expect(t, wake, "an ancestor came back")
	write(t, path, "x")
	expect(t, wake, "a write below what came back")
}

func TestDirectoryEntries(t *testing.T) {
	dir := t.TempDir()
	wake := listen(t, newTestHub(t), dir+"/", Options{})
	write(t, filepath.Join(dir, "new"), "")
	expect(t, wake, "a new entry")
	must(t, os.Remove(filepath.Join(dir, "new")))
	expect(t, wake, "an entry went")
}

func TestRecursive(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "old/deep"), 0o755))
	wake := listen(t, newTestHub(t), dir, Options{Recursive: true})
	write(t, filepath.Join(dir, "old/deep/f"), "1")
	expect(t, wake, "a file in an old directory")
	must(t, os.MkdirAll(filepath.Join(dir, "new/deep"), 0o755))
	expect(t, wake, "new directories")
	// The new directories are watched once the event was handled, and whoever is woken
	// looks at them after that.
	write(t, filepath.Join(dir, "new/deep/f"), "1")
	expect(t, wake, "a file in a new directory")
}

func TestFollow(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	write(t, filepath.Join(dir, "one"), "")
	must(t, os.Symlink("one", link))
	wake := listen(t, newTestHub(t), link, Options{Follow: true})
	write(t, filepath.Join(dir, "one"), "x")
	expect(t, wake, "a write to what the link points to")
}

// TestLinkLoop watches links that lead nowhere but to themselves.
func TestLinkLoop(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	must(t, os.Symlink("two", one))
	must(t, os.Symlink("one", two))
	wake := listen(t, newTestHub(t), one, Options{Follow: true})
	must(t, os.Remove(two))
	expect(t, wake, "the end of the loop")
	write(t, two, "x")
	expect(t, wake, "a file in place of a link")
}

func TestCancelDropsEverything(t *testing.T) {
	h := newTestHub(t)
	dir := t.TempDir()
	var cancels []func()
	for i := range 100 {
		cancel, err := h.Path(filepath.Join(dir, fmt.Sprint(i), "f"), Options{}, func() {})
		must(t, err)
		cancels = append(cancels, cancel)
	}
	for _, cancel := range cancels {
		cancel()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.root.children) != 0 || len(h.byWatch) != 1 {
		t.Errorf("%d nodes and %d watches are left, want none and that of /", len(h.root.children), len(h.byWatch))
	}
}

func TestOverflowWakesAll(t *testing.T) {
	h := newTestHub(t)
	dir := t.TempDir()
	a := listen(t, h, filepath.Join(dir, "a"), Options{})
	b := listen(t, h, filepath.Join(dir, "x/b"), Options{})
	h.mu.Lock()
	h.overflow()
	h.unlock()
	expect(t, a, "an overflow")
	expect(t, b, "an overflow")
}

// full is a backend whose watches have run out.
type full struct{ noBackend }

func (full) add(string) (int32, error) { return 0, syscall.ENOSPC }

func TestPollingWhereWatchesRanOut(t *testing.T) {
	h := newTestHub(t)
	h.backend = full{}
	path := filepath.Join(t.TempDir(), "f")
	wake := listen(t, h, path, Options{})
	write(t, path, "a")
	expect(t, wake, "creation")
	write(t, path, "b")
	expect(t, wake, "a write")
}

// TestNoMissedChange changes a small tree at random and demands that each change of what is
// at a watched path is followed by a wake.
func TestNoMissedChange(t *testing.T) {
	h := newTestHub(t)
	dir := t.TempDir()
	names := []string{"a", "b"}
	var paths []string
	for _, x := range names {
		for _, y := range names {
			for _, z := range names {
				paths = append(paths, filepath.Join(dir, x, y, z))
			}
		}
	}
	wakes := make([]atomic.Int64, len(paths))
	for i, p := range paths {
		cancel, err := h.Path(p, Options{}, func() { wakes[i].Add(1) })
		must(t, err)
		t.Cleanup(cancel)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for step := range 400 {
		before, counts := make([]entry, len(paths)), make([]int64, len(paths))
		for i, p := range paths {
			before[i], counts[i] = lookAt(p), wakes[i].Load()
		}
		what := disturb(r, dir, names)
		for i, p := range paths {
			if lookAt(p) == before[i] {
				continue
			}
			deadline := time.Now().Add(patience)
			for wakes[i].Load() == counts[i] {
				if time.Now().After(deadline) {
					t.Fatalf("step %d: no wake for %s after %s", step, p, what)
				}
				time.Sleep(time.Millisecond) // the event is on its way through the kernel
			}
		}
	}
}

// disturb does something to the tree and says what.
func disturb(r *rand.Rand, dir string, names []string) string {
	pick := func() string { return names[r.IntN(len(names))] }
	top, sub := filepath.Join(dir, pick()), filepath.Join(dir, pick(), pick())
	leaf := filepath.Join(dir, pick(), pick(), pick())
	switch r.IntN(8) {
	case 0:
		os.MkdirAll(sub, 0o755)
		return "mkdir " + sub
	case 1:
		os.RemoveAll(top)
		return "remove " + top
	case 2:
		other := filepath.Join(dir, pick())
		os.Rename(top, other)
		return "rename " + top + " to " + other
	case 3:
		os.RemoveAll(sub)
		os.Symlink(filepath.Join(dir, pick(), pick()), sub)
		return "link at " + sub
	case 4:
		os.Rename(sub, filepath.Join(dir, "aside"))
		os.RemoveAll(filepath.Join(dir, "aside"))
		return "move away " + sub
	case 5:
		os.RemoveAll(leaf)
		return "remove " + leaf
	}
	os.WriteFile(leaf, []byte(fmt.Sprint(r.IntN(1000))), 0o644)
	return "write " + leaf
}

func BenchmarkRegister(b *testing.B) {
	dir := b.TempDir()
	b.ReportAllocs()
	for b.Loop() {
		h := NewHub(nil)
		for i := range 10_000 {
			if _, err := h.Path(fmt.Sprintf("%s/f%d", dir, i), Options{}, func() {}); err != nil {
				b.Fatal(err)
			}
		}
		h.Close()
	}
}
