package bundle_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"mgmt/deploy/bundle"
)

const tree = "mgmt-tree 1\n"

var sum = strings.Repeat("0", 64)

// TestHostileTrees has trees that no Builder makes.
func TestHostileTrees(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                   "does not begin",
		"mgmt-tree 2\n":                                      "does not begin",
		tree + "0644 0 a":                                    "is not mode",
		tree + "0644 0\n":                                    "is not mode",
		tree + "0644 x a\n":                                  "is no size",
		tree + "0644 -1 a\n":                                 "that cannot be",
		tree + "0644 9223372036854775807 a\n":                "that cannot be",
		tree + "0644 0 a\t" + sum + "\n":                     "that cannot be",
		tree + "0644 1 a\n":                                  "that cannot be",
		tree + "0644 1 a\t00\n":                              "is no hash",
		tree + "0777 0 a\n":                                  "one form",
		tree + "0644 +0 a\n":                                 "one form",
		tree + "04755 0 a\n":                                 "one form",
		tree + "0644 0 ../a\n":                               "is refused",
		tree + "0644 0 a/../../b\n":                          "is refused",
		tree + "0644 0 /etc/passwd\n":                        "is refused",
		tree + "0644 0 a//b\n":                               "is refused",
		tree + "0644 0 ./a\n":                                "is refused",
		tree + "0644 0 .\n":                                  "is refused",
		tree + "0644 0 a/\n":                                 "is refused",
		tree + "0644 0 \n":                                   "is refused",
		tree + "0644 0 a\\..\\b\n":                           "is refused",
		tree + "0644 0 a\x00b\n":                             "is refused",
		tree + "0644 0 a\x1b[2J\n":                           "is refused",
		tree + "0644 0 \xff\n":                               "is refused",
		tree + "0644 0 a\n0644 0 a\n":                        "none comes twice",
		tree + "0644 0 b\n0644 0 a\n":                        "sorted by path",
		tree + "0644 0 a\n0644 0 a/b\n":                      "cannot be the directory",
		tree + "0644 0 a\n0644 0 a.b\n0644 0 a/b\n":          "cannot be the directory",
		tree + "0644 0 " + strings.Repeat("a/", 600) + "a\n": "the limit is 1024",
		tree + "0644 9 a\t" + sum + "\n0644 99 b\t" + sum + "\n":              "the limit",
		tree + "0644 0 a\n0644 0 b\n0644 0 c\n0644 0 d\n":                     "more than 3 files",
		tree + "0644 1 a\t" + strings.ToUpper(strings.Repeat("a", 64)) + "\n": "is no hash",
	} {
		limits := bundle.Limits{Files: 3, Size: 100, Text: 2000}
		if _, err := bundle.ParseTree([]byte(text), limits); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want an error with %q", text, err, want)
		}
	}
	if _, err := bundle.ParseTree([]byte(tree), bundle.Limits{Text: 3}); err == nil {
		t.Error("a tree is taken whose text is too long")
	}
}

// squeeze compresses without what a bundle puts in front.
func squeeze(t testing.TB, content []byte) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	return e.EncodeAll(content, nil)
}

// stream compresses without saying how much there is.
func stream(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	e, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for part := range bytes.Lines(content) {
		e.Write(part)
		e.Flush()
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestHostileBlobs(t *testing.T) {
	good := pack(t, map[string]string{"f": "0123456789"})
	h := good.Tree.Chunks()[0]
	for name, blob := range map[string][]byte{
		"missing":         nil,
		"empty":           {},
		"damaged":         []byte("this is not compressed"),
		"another content": squeeze(t, []byte("012345678x")),
		"a bomb":          squeeze(t, bytes.Repeat([]byte("0"), 32<<20)),
		"two frames":      append(squeeze(t, []byte("0123456789")), squeeze(t, []byte("0123456789"))...),
		"a bomb behind":   append(squeeze(t, []byte("0123456789")), squeeze(t, bytes.Repeat([]byte("0"), 32<<20))...),
		"no size":         stream(t, []byte("01234\n56789")),
		"truncated":       good.Blobs[h][:len(good.Blobs[h])-1],
	} {
		b := &bundle.Bundle{Tree: good.Tree, Blobs: map[bundle.Hash]bundle.Blob{}}
		if blob != nil {
			b.Blobs[h] = blob
		}
		if _, err := b.FS(); err == nil {
			t.Errorf("a blob with %s is taken", name)
		} else if !strings.Contains(err.Error(), "unpack f: ") {
			t.Errorf("%s: %v does not name the file", name, err)
		}
	}
}

func TestHostilePackedTrees(t *testing.T) {
	text := []byte(tree + "0644 0 a\n")
	for name, packed := range map[string][]byte{
		"no text":      nil,
		"noise":        []byte("noise"),
		"a bomb":       squeeze(t, bytes.Repeat([]byte("0"), 32<<20)),
		"another text": squeeze(t, []byte(tree+"0644 0 b\n")),
		"no size":      stream(t, text),
	} {
		if _, err := bundle.Unpack(packed, bundle.Sum(text), bundle.DefaultLimits); err == nil {
			t.Errorf("a tree with %s is taken", name)
		}
	}
	if _, err := bundle.Unpack(squeeze(t, text), bundle.Sum(text), bundle.DefaultLimits); err != nil {
		t.Errorf("a good tree is refused: %v", err)
	}
}

// TestExtractIsConfined has a link where a directory of the bundle is to be.
func TestExtractIsConfined(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := pack(t, map[string]string{"a/b": "x"}).Extract(root); err == nil {
		t.Error("the bundle is unpacked through a link")
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 0 {
		t.Errorf("there is %v outside, %v", entries, err)
	}
}

// FuzzTree holds that what is taken is in its one form and can be unpacked safely.
func FuzzTree(f *testing.F) {
	f.Add([]byte(tree + "0644 1 a\t" + sum + "\n0755 0 b/c\n"))
	f.Add([]byte(tree))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := bundle.ParseTree(text, bundle.DefaultLimits)
		if err != nil {
			return
		}
		if !bytes.Equal(got.Text(), text) {
			t.Errorf("%q is read, and written as %q", text, got.Text())
		}
		for _, file := range got {
			if !filepath.IsLocal(filepath.FromSlash(file.Path)) {
				t.Errorf("the path %q leaves the root", file.Path)
			}
		}
	})
}

// FuzzUnpack holds that nothing panics or is taken that has another hash.
func FuzzUnpack(f *testing.F) {
	b := pack(f, map[string]string{"a": "x"})
	f.Add([]byte(b.Tree.Pack()), []byte(b.Blobs[b.Tree.Chunks()[0]]))
	f.Fuzz(func(t *testing.T, packed, blob []byte) {
		if got, err := bundle.Unpack(packed, b.Tree.Hash(), bundle.DefaultLimits); err == nil && got.Hash() != b.Tree.Hash() {
			t.Errorf("the tree %s is taken for %s", got.Hash(), b.Tree.Hash())
		}
		other := &bundle.Bundle{Tree: b.Tree, Blobs: map[bundle.Hash]bundle.Blob{b.Tree.Chunks()[0]: blob}}
		if content, err := other.Content(b.Tree[0]); err == nil && string(content) != "x" {
			t.Errorf("%q is taken for the file", content)
		}
	})
}
