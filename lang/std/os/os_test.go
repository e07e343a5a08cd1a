package stdos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadLines(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for text, want := range map[string]string{
		"":                         "",
		"a\nb\n":                   "a|b|",
		"a\n\nb":                   "a||b|",
		"\r\n":                     "\r|",
		long + "\n" + long + "\ny": long + "|" + long + "|y|",
	} {
		got := ""
		if err := readLines(strings.NewReader(text), func(line string) { got += line + "|" }); err != nil || got != want {
			t.Errorf("%.20q: got %.40q, %v, want %.40q", text, got, err, want)
		}
	}
}

// endless is a reader of a line that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestReadLinesBoundsALine(t *testing.T) {
	err := readLines(endless{}, func(string) { t.Error("a line ended") })
	if err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v", err)
	}
}

func TestLists(t *testing.T) {
	passwd := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(passwd, []byte("root:x:0:0::/root:/bin/sh\nalice:x:1000::\n# bob:\nplain\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"root": true, "alice": true, "bob": false, "x": false, "roo": false, "plain": false, "": false} {
		if got, err := lists(passwd, name); err != nil || got != want {
			t.Errorf("%q: got %v, %v", name, got, err)
		}
	}
	if got, err := lists(passwd+".none", "root"); err != nil || got {
		t.Errorf("a missing file: got %v, %v", got, err)
	}
}

func TestListsModule(t *testing.T) {
	const list = "nf_tables 311296 0 - Live 0x0000000000000000\nloop 32768 2 - Live 0x0000000000000000\n"
	for module, want := range map[string]bool{"loop": true, "nf_tables": true, "nf-tables": true, "nf": false, "32768": false, "": false} {
		if got := listsModule(list, module); got != want {
			t.Errorf("%q: got %v", module, got)
		}
	}
}

func TestParseRelease(t *testing.T) {
	const text = "NAME=\"Some OS\"\nID=some\n# ID=comment\nVERSION_ID=\"12.1\"\nVARIANT_ID='server'\nBUG_ID=x\n"
	const want = `struct{id: "some"; variant_id: "server"; version_id: "12.1"}`
	if got := parseRelease(text).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := parseRelease("").String(); got != `struct{id: ""; variant_id: ""; version_id: ""}` {
		t.Errorf("of nothing: got %s", got)
	}
}

func TestSplitDistroUID(t *testing.T) {
	for uid, want := range map[string]string{
		"fedora39-x86_64":    "fedora 39 x86_64",
		"ubuntu22.04-x86_64": "ubuntu 22.04 x86_64",
		"a1-b-c":             "a 1 b-c",
		"some.os1-x":         "some.os 1 x",
		"some.1-x":           "some. 1 x",
		"fedora-x86_64":      "  ",
		"39-x86_64":          "  ",
		"fedora39":           "  ",
		"fedora39-":          "  ",
	} {
		distro, version, arch := splitDistroUID(uid)
		if got := distro + " " + version + " " + arch; got != want {
			t.Errorf("%s: got %q, want %q", uid, got, want)
		}
	}
}
