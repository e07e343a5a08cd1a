package stddeploy

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"mgmt/lang/funcs"
	"mgmt/lang/internal/langtest"
	"mgmt/lang/types"
	"mgmt/local"
)

// newCall returns a call in the module directory /mod/ of a deploy.
func newCall(t *testing.T, files fs.FS) *funcs.Call {
	t.Helper()
	return &funcs.Call{Dir: "/mod/", Host: &funcs.Host{Files: files, Local: local.New(t.TempDir())}}
}

var files = fstest.MapFS{
	"top":             {Data: []byte("root")},
	"mod/files/motd":  {Data: []byte("hello")},
	"mod/files/d/x":   {Data: []byte("x")},
	"mod/other/files": {Data: []byte("")},
}

// run calls a function of the module and prints what it returns.
func run(t *testing.T, call *funcs.Call, name, arg string) string {
	t.Helper()
	v, err := langtest.Function(t, Module(), name).Impure(call, []types.Value{types.Str(arg)})
	if err != nil {
		return "error: " + err.Error()
	}
	return v.String()
}

func TestPaths(t *testing.T) {
	call := newCall(t, files)
	for _, c := range []struct{ f, arg, want string }{
		{"abspath", "", "/mod/"},
		{"abspath", "/", "/mod/"},
		{"abspath", "/files/motd", "/mod/files/motd"},
		{"abspath", "/files/", "/mod/files/"},
		{"abspath", "files", "does not begin with /"},
		{"readfile", "/files/motd", "hello"},
		{"readfile", "/../top", "root"},
		{"readfile", "/../../../top", "root"}, // there is nothing above the root
		{"readfile", "/none", "error: "},
		{"readfile", "/files/", "error: "},
		{"readfile", "", "error: the path is empty"},
		{"readfile", "files/motd", "does not begin with /"},
		{"readfileabs", "/mod/files/motd", "hello"},
		{"readfileabs", "/files/motd", "error: "},
		{"file_exists", "/files/motd", "true"},
		{"file_exists", "/files", "true"},
		{"file_exists", "/top", "true"}, // from the root
		{"file_exists", "/none", "false"},
		{"file_exists", "", "does not begin with /"},
		{"directory", "/files", "does not begin and end with /"},
		{"directory", "files/", "does not begin and end with /"},
		{"directory", "/none/", "error: "},
		{"directory", "/files/motd/", "is no directory"},
	} {
		if got := run(t, call, c.f, c.arg); !strings.Contains(got, c.want) || strings.HasPrefix(c.want, "/") && got != c.want {
			t.Errorf("%s(%q) = %q, want %q", c.f, c.arg, got, c.want)
		}
	}
}

func TestWithoutFiles(t *testing.T) {
	call := newCall(t, nil)
	if got := run(t, call, "readfile", "/x"); !strings.Contains(got, "no files travel with this program") {
		t.Errorf("got %q", got)
	}
}

func TestDirectory(t *testing.T) {
	call := newCall(t, files)
	dir := run(t, call, "directory", "/files/")
	if !filepath.IsAbs(dir) || !strings.HasSuffix(dir, "/directory/mod/files/") {
		t.Fatalf("got %q", dir)
	}
	if got := tree(t, dir); got != "d/ d/x=x motd=hello" {
		t.Errorf("the copy has %q", got)
	}

	// What was added is removed, and what was changed is copied anew.
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "extra"), nil, 0o644),
		os.Remove(filepath.Join(dir, "motd")),
		os.Symlink("/etc/passwd", filepath.Join(dir, "motd")),
		os.RemoveAll(filepath.Join(dir, "d")),
		os.WriteFile(filepath.Join(dir, "d"), nil, 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if again := run(t, call, "directory", "/files/"); again != dir {
		t.Errorf("the second time it is %q", again)
	}
	if got := tree(t, dir); got != "d/ d/x=x motd=hello" {
		t.Errorf("after the repair the copy has %q", got)
	}
	if info, err := os.Lstat("/etc/passwd"); err == nil && info.Size() == int64(len("hello")) {
		t.Error("the copy was written through a link")
	}
}

// tree lists what is below a directory: names, and contents of files.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, name)
		switch {
		case err != nil || rel == ".":
			return err
		case d.IsDir():
			out = append(out, rel+"/")
			return nil
		case !d.Type().IsRegular():
			out = append(out, rel+" is no file")
			return nil
		}
		text, err := os.ReadFile(name)
		out = append(out, rel+"="+string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}
