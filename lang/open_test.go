package lang_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mgmt/lang"
)

// TestOpenMistakes names what is no program. %s is a directory with programs in it.
func TestOpenMistakes(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.mcl": "", "hello.mcl": "", "c.mcl": "", "d.mcl": "", "notes.txt": "",
		"broken/metadata.yaml": "main: nowhere.mcl\n", "bare/notes.txt": "", "few/only.mcl": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct{ arg, want string }{
		{"", "the program is empty"},
		{"metadata.yaml", "write ./metadata.yaml or ./"},
		{"%s/helo.mcl", "did you mean %s/hello.mcl?"},
		{"%s/hello", "did you mean %s/hello.mcl?"},
		{"%s/quite-different.mcl", "there is no program %s/quite-different.mcl; name a"},
		{"%s/missing/", "there is no program %s/missing/; name a"},
		{"%s", "%s is no module: it has no main.mcl and no metadata.yaml; name one of its programs: a.mcl, c.mcl, d.mcl, …"},
		{"%s/few", "name one of its programs: only.mcl"},
		{"%s/bare/", "it has no main.mcl and no metadata.yaml"},
		{"%s/broken", "there is no %s/broken/nowhere.mcl, with which the module %s/broken begins"},
	} {
		arg, want := strings.ReplaceAll(x.arg, "%s", dir), strings.ReplaceAll(x.want, "%s", dir)
		if _, err := lang.Open(arg, strings.NewReader("")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): error %v, want one with %q", arg, err, want)
		}
	}
}

// TestOpen names programs in all ways.
func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"main.mcl", "other.mcl"} {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct{ arg, main, text string }{
		{"other.mcl", "other.mcl", ""},
		{"./other.mcl", "other.mcl", ""},
		{".", "./", ""},
		{"./", "./", ""},
		{"./metadata.yaml", "./", ""},
		{"-", "<stdin>", "$x = 1\n"},
		{"$x = 2", "<argument>", "$x = 2"},
	} {
		in, err := lang.Open(x.arg, strings.NewReader("$x = 1\n"))
		if err != nil || in.Main != x.main || string(in.Text) != x.text {
			t.Errorf("Open(%q) is %s with the text %q, %v; want %s with %q", x.arg, in.Main, in.Text, err, x.main, x.text)
		}
	}
}
