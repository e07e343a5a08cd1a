package lang

import (
	"path/filepath"
	"testing"
	"testing/fstest"

	"mgmt/lang"
	"mgmt/lang/resolve"
)

// TestHalfSaved saves a program in two steps, as many editors do: the empty program between
// them is not taken for what is wanted.
func TestHalfSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.mcl")
	write(t, path, "test \"a\" {}\n")
	opts := testOptions(t, "", nil)
	in, err := lang.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	opts.Input, opts.Watch = in, true
	r := newRecorder(t)
	start(t, opts, r)
	wantGraph(t, r, "a")
	write(t, path, "")
	write(t, path, "test \"b\" {}\n")
	wantGraph(t, r, "b")
}

func TestStale(t *testing.T) {
	files := fstest.MapFS{"a": {Data: []byte("one")}}
	r := newReads(resolve.FS{FS: files})
	for _, name := range []string{"a", "b"} {
		r.ReadFile(name)
	}
	for _, x := range []struct {
		name, text string
		want       bool
	}{
		{"a", "one", false}, // saved again
		{"c", "other", false},
		{"a", "two", true},
		{"a", "one", false},
		{"b", "", true}, // a file that was missing
	} {
		files[x.name] = &fstest.MapFile{Data: []byte(x.text)}
		if got := r.stale(); got != x.want {
			t.Errorf("with %q in %s stale is %v, want %v", x.text, x.name, got, x.want)
		}
	}
}
