// Package langtest has what the tests of the language's stages and of its library share: archives
// of source files with the text that they should lead to, the list of facts in
// lang/testdata/facts.txt, and functions of modules by name.
package langtest

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "rewrite the expected output of archives")

// A Program is a main file and the files beside it.
type Program struct {
	Main  string
	Files fstest.MapFS // with main.mcl
}

// parse reads an archive: the main file, then other files, each behind a line
// "-- name --".
func parse(text string) map[string]string {
	files := map[string]string{}
	name := "main.mcl"
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(line, " --\n") {
			name = strings.TrimSuffix(n, " --\n")
			files[name] = ""
			continue
		}
		files[name] += line
	}
	return files
}

// Golden runs each archive that the pattern names. Its section "want" is what f has to
// return for the files of the others. With -update it is rewritten.
func Golden(t *testing.T, pattern string, f func(t *testing.T, p Program) string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives %s: %v", pattern, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source, want, _ := strings.Cut(string(text), "-- want --\n")
			got := f(t, program(parse(source)))
			if got == want {
				return
			}
			if *update {
				if err := os.WriteFile(name, []byte(source+"-- want --\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		})
	}
}

func program(files map[string]string) Program {
	p := Program{Main: files["main.mcl"], Files: fstest.MapFS{}}
	for name, text := range files {
		p.Files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return p
}

// A Fact is a numbered program and what it leads to.
type Fact struct {
	Number  string
	Program Program
	Text    string // as in the list
	Want    string // what stands behind the arrow
}

// Facts reads the list of facts; those that are no programs are left out.
func Facts(t testing.TB, path string) []Fact {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^(\d{3})  (.*?)  ⇒ (.*)$`)
	var out []Fact
	for text := range strings.Lines(string(data)) {
		if m := line.FindStringSubmatch(strings.TrimRight(text, "\n")); m != nil {
			if p, ok := factProgram(m[2]); ok {
				out = append(out, Fact{m[1], p, m[2], m[3]})
			}
		}
	}
	if len(out) < 200 {
		t.Fatalf("%s has only %d facts", path, len(out))
	}
	return out
}

var factFile = regexp.MustCompile(`^\[([a-z]+\.mcl): `)

// factProgram makes a program of its one-line form. A file beside the main one ends at a
// bracket that two spaces or another file follow.
func factProgram(text string) (Program, bool) {
	files := map[string]string{}
	for {
		m := factFile.FindStringSubmatch(text)
		if m == nil {
			break
		}
		text = text[len(m[0]):]
		end := strings.Index(text, "]  ")
		if next := strings.Index(text, "] ["); next >= 0 && next < end && factFile.MatchString(text[next+2:]) {
			end = next
		}
		files[m[1]] = lines(text[:end])
		text = strings.TrimSpace(text[end+1:])
	}
	if strings.HasPrefix(text, "a ") {
		return Program{}, false
	}
	if text == "(empty file)" {
		text = "∎"
	}
	files["main.mcl"] = lines(text)
	return program(files), true
}

func lines(text string) string {
	text = strings.NewReplacer("⏎", "\n", "<CR>", "\r").Replace(text)
	if before, ok := strings.CutSuffix(text, "∎"); ok {
		return before
	}
	return text + "\n"
}

// Rejected returns the phases in which a fact has to be rejected, or nothing.
func (f Fact) Rejected() []string {
	word, _, _ := strings.Cut(f.Want, " ")
	if phases, ok := strings.CutPrefix(word, "E:"); ok {
		return strings.Split(phases, "|")
	}
	return nil
}
