package bundle_test

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"mgmt/deploy/bundle"
)

func pack(t testing.TB, files map[string]string) *bundle.Bundle {
	t.Helper()
	var b bundle.Builder
	for name, content := range files {
		if err := b.Add(name, []byte(content), strings.HasSuffix(name, ".sh")); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func noise(t testing.TB, n int) string {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sent takes a bundle the way it reaches an agent.
func sent(t *testing.T, b *bundle.Bundle) *bundle.Bundle {
	t.Helper()
	tree, err := bundle.Unpack(b.Tree.Pack(), b.Tree.Hash(), bundle.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	got := &bundle.Bundle{Tree: tree, Blobs: map[bundle.Hash]bundle.Blob{}}
	for _, h := range got.Missing() {
		got.Blobs[h] = b.Blobs[h]
	}
	return got
}

func TestFilesArriveAsTheyWere(t *testing.T) {
	files := map[string]string{
		"main.mcl":          "print \"x\" {}\n",
		"empty":             "",
		"run.sh":            "#!/bin/sh\n",
		"a/b/c.txt":         "deep",
		"a/b.txt":           "beside a directory",
		"exact":             strings.Repeat("x", bundle.ChunkSize),
		"large":             noise(t, 3*bundle.ChunkSize+1),
		"ünïcode and blank": "y",
	}
	b := sent(t, pack(t, files))
	memory, err := b.FS()
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(memory, slices.Collect(maps.Keys(files))...); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := b.Extract(root); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		for where, fsys := range map[string]fs.FS{"memory": memory, "disk": os.DirFS(dir)} {
			got, err := fs.ReadFile(fsys, name)
			if err != nil || string(got) != want {
				t.Errorf("%s in %s: %d bytes, %v; want %d bytes", name, where, len(got), err, len(want))
			}
			info, err := fs.Stat(fsys, name)
			if executable := strings.HasSuffix(name, ".sh"); err != nil || (info.Mode()&0o100 != 0) != executable {
				t.Errorf("%s in %s: mode %v, %v; want executable %v", name, where, info.Mode(), err, executable)
			}
		}
	}
}

func TestSameFilesMakeTheSameTree(t *testing.T) {
	files := map[string]string{"a": "1", "b": "2", "c/d": "3", "c.d": "4"}
	want := pack(t, files).Tree.Hash()
	for range 20 { // maps are in random order
		if got := pack(t, files).Tree.Hash(); got != want {
			t.Fatalf("tree %s, then %s", want, got)
		}
	}
	for name := range files {
		other := maps.Clone(files)
		other[name] += "!"
		if pack(t, other).Tree.Hash() == want {
			t.Errorf("the tree is the same after a change of %s", name)
		}
	}
}

func TestSameContentIsStoredOnce(t *testing.T) {
	b := pack(t, map[string]string{"a": "same", "b": "same", "c": strings.Repeat("0", 5*bundle.ChunkSize)})
	if len(b.Blobs) != 2 {
		t.Errorf("%d blobs; want one of the two files and one of the five chunks", len(b.Blobs))
	}
}

func TestBuilderRefuses(t *testing.T) {
	for name, add := range map[string]func(b *bundle.Builder) error{
		"two different files": func(b *bundle.Builder) error { b.Add("a", []byte("1"), false); return b.Add("a", []byte("2"), false) },
		"the path":            func(b *bundle.Builder) error { return b.Add("../a", nil, false) },
		"MiB together": func(b *bundle.Builder) error {
			b.Limits.Size = 3
			b.Limits.Files = 9
			return b.Add("a", []byte("1234"), false)
		},
		"cannot be the directory": func(b *bundle.Builder) error {
			b.Add("a/b", nil, false)
			b.Add("a", nil, false)
			_, err := b.Bundle()
			return err
		},
		"it is a link": func(b *bundle.Builder) error {
			dir := t.TempDir()
			if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			return b.AddDir("files", os.DirFS(dir))
		},
		`pack "files/odd\xff\n": the name is not in UTF-8`: func(b *bundle.Builder) error {
			return b.AddDir("files", fstest.MapFS{"odd\xff\n": {}})
		},
	} {
		if err := add(&bundle.Builder{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAddDirLeavesGitOut(t *testing.T) {
	var b bundle.Builder
	dir := fstest.MapFS{
		"x/.bashrc":   {Data: []byte("a")},
		"x/tool":      {Data: []byte("b"), Mode: 0o755},
		".git/config": {Data: []byte("secret")},
		"sub/.git":    {Data: []byte("gitdir: ../.git/modules/sub")},
	}
	if err := b.AddDir("files", dir); err != nil {
		t.Fatal(err)
	}
	out, err := b.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	want := "mgmt-tree 1\n" +
		"0644 1 files/x/.bashrc\t" + bundle.Sum([]byte("a")).String() + "\n" +
		"0755 1 files/x/tool\t" + bundle.Sum([]byte("b")).String() + "\n"
	if got := string(out.Tree.Text()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestDiff(t *testing.T) {
	from := pack(t, map[string]string{"gone": "", "same": "1", "changed": "1"}).Tree
	to := pack(t, map[string]string{"new": "", "same": "1", "changed": "2"}).Tree
	var got []string
	for _, d := range bundle.Diff(from, to) {
		switch {
		case d.Old == nil:
			got = append(got, "+"+d.Path)
		case d.New == nil:
			got = append(got, "-"+d.Path)
		default:
			got = append(got, "~"+d.Path)
		}
	}
	if want := []string{"~changed", "-gone", "+new"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func BenchmarkPack1000(b *testing.B) {
	var files bundle.Builder
	for i := range 1000 {
		name := filepath.ToSlash(filepath.Join("files", string(rune('a'+i%26)), strings.Repeat("f", i/26+1)))
		if err := files.Add(name, bytes.Repeat([]byte(name), 50), false); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := files.Bundle(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnpack1MiB(b *testing.B) {
	packed := pack(b, map[string]string{"large": noise(b, 1<<20)})
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := packed.FS(); err != nil {
			b.Fatal(err)
		}
	}
}
