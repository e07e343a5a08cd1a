package format

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mgmt/lang/syntax"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestForms formats the programs of testdata: NAME.mcl becomes NAME.golden.
func TestForms(t *testing.T) {
	names, err := filepath.Glob("testdata/*.mcl")
	if err != nil || len(names) == 0 {
		t.Fatal("no programs: ", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".mcl"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := check(t, string(text))
			golden := strings.TrimSuffix(name, ".mcl") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestLines formats programs of a line or two.
func TestLines(t *testing.T) {
	data, err := os.ReadFile("testdata/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	unfold := strings.NewReplacer("⏎", "\n", "<CR>", "\r", "<tab>", "\t")
	for text := range strings.Lines(string(data)) {
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "## ") {
			continue
		}
		in, want, ok := strings.Cut(text, " → ")
		if !ok {
			want = in
		}
		in, want = unfold.Replace(in), unfold.Replace(want)+"\n"
		if got := check(t, in); got != want {
			t.Errorf("%q\ngot  %q\nwant %q", in, got, want)
		}
	}
}

// check formats a program and holds what is promised of every result.
func check(t *testing.T, text string) string {
	t.Helper()
	got, diags := Source("main.mcl", []byte(text))
	if diags != nil {
		t.Fatalf("%q is refused: %v", text, diags)
	}
	again, diags := Source("main.mcl", got)
	if diags != nil {
		t.Fatalf("the result is refused: %v\n%q\n%s", diags, text, got)
	}
	if string(again) != string(got) {
		t.Errorf("formatting again makes a difference\ninput:\n%s\nonce:\n%s\ntwice:\n%s", text, got, again)
	}
	before, after := parse(t, text), parse(t, string(got))
	if a, b := shape(before), shape(after); a != b {
		t.Errorf("the tree differs\ninput:\n%s\noutput:\n%s\nbefore: %s\nafter:  %s", text, got, a, b)
	}
	if a, b := comments(before), comments(after); !slices.Equal(a, b) {
		t.Errorf("the comments differ\ninput:\n%s\noutput:\n%s", text, got)
	}
	return string(got)
}

func parse(t *testing.T, text string) *syntax.Tree {
	t.Helper()
	var files syntax.Files
	tree, _ := syntax.Parse(files.Add("main.mcl", []byte(text)), new(syntax.IDs))
	return tree
}

func comments(tree *syntax.Tree) []string {
	var list []string
	for _, c := range tree.Comments {
		list = append(list, c.Text)
	}
	return list
}

// TestRefused holds that what does not parse is not formatted, and that mistakes of
// later stages do not matter.
func TestRefused(t *testing.T) {
	if out, diags := Source("main.mcl", []byte("$x = (\n")); out != nil || !diags.HasErrors() {
		t.Errorf("got %q, %v", out, diags)
	}
	text := "test \"a\\q${}\" {\n\ta => 1,\n\ta => 2,\n}\n"
	if out, diags := Source("main.mcl", []byte(text)); string(out) != text || diags != nil {
		t.Errorf("got %q, %v", out, diags)
	}
}
