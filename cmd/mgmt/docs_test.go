package main

import (
	"fmt"
	goio "io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	frontlang "mgmt/frontend/lang"
	frontyaml "mgmt/frontend/yaml"
	"mgmt/lang"
	"mgmt/lang/std"
	"mgmt/lang/syntax"
	"mgmt/resources"
)

// root is the directory of the module.
const root = "../.."

// A block is a fenced piece of a document.
type block struct {
	place    string // file:line
	language string
	text     string
}

// documents returns the paths and texts of all documents that people write.
func documents(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "reference"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".md"):
			return nil
		}
		text, err := os.ReadFile(name)
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 2 {
		t.Fatalf("there are only the documents %v", out)
	}
	return out
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// blocks returns the fenced pieces of a document that say what they are.
func blocks(name, text string) []block {
	var out []block
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		line := 1 + strings.Count(text[:at[0]], "\n")
		out = append(out, block{fmt.Sprintf("%s:%d", name, line), text[at[2]:at[3]], text[at[4]:at[5]]})
	}
	return out
}

// TestDocumentedPrograms checks every program that a document shows.
func TestDocumentedPrograms(t *testing.T) {
	for name, text := range documents(t) {
		for _, b := range blocks(name, text) {
			var p program
			switch b.language {
			case "mcl":
				p = langProgram{frontlang.Options{
					Input:   lang.Input{Main: "document.mcl", Text: []byte(b.text)},
					Library: std.Library(),
					Kinds:   resources.Kinds(),
				}}
			case "yaml":
				p = yamlGraph{&frontyaml.Input{Name: "document.yaml", Text: []byte(b.text)}}
			default:
				continue
			}
			files, diags := p.check(t.Context())
			if diags.HasErrors() {
				var why strings.Builder
				syntax.Render(&why, files, diags, false)
				t.Errorf("%s: the program is wrong\n%s", b.place, why.String())
			}
		}
	}
}

// TestDocumentedCommands reads the command lines that documents show, as the command does
// before it runs one.
func TestDocumentedCommands(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		for _, b := range blocks(name, text) {
			if b.language != "sh" {
				continue
			}
			for line := range strings.Lines(b.text) {
				for _, args := range invocations(line) {
					checked++
					if err := readable(args); err != nil {
						t.Errorf("%s: mgmt %s: %v", b.place, strings.Join(args, " "), err)
					}
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no document shows a command line")
	}
}

// invocations returns the arguments of each call of mgmt in a line of a shell, without where its
// output goes.
func invocations(line string) [][]string {
	line, _, _ = strings.Cut(line, " #")
	line, _, _ = strings.Cut(line, " >")
	var out [][]string
	for part := range strings.SplitSeq(line, "&&") {
		words := shellWords(strings.TrimSpace(part))
		if len(words) > 0 && (words[0] == "mgmt" || words[0] == "./mgmt") {
			out = append(out, words[1:])
		}
	}
	return out
}

var shellWord = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)

func shellWords(s string) []string {
	words := shellWord.FindAllString(s, -1)
	for i, w := range words {
		words[i] = strings.Trim(w, `'"`)
	}
	return words
}

// readable reports what is wrong with the form of a command line.
func readable(args []string) error {
	root := rootCommand(&streams{in: strings.NewReader(""), out: goio.Discard, err: goio.Discard})
	if err := checkForms(root, args); err != nil {
		return err
	}
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if cmd == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return unknownCommand(root, rest[0])
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return flagError(cmd, err)
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// TestDocumentedGo looks for the Go code that documents show in the files that are compiled.
func TestDocumentedGo(t *testing.T) {
	var source strings.Builder
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		text, err := os.ReadFile(name)
		source.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range documents(t) {
		for _, b := range blocks(name, text) {
			if b.language == "go" && !strings.Contains(source.String(), b.text) {
				t.Errorf("%s: this code is in no Go file:\n%s", b.place, b.text)
			}
		}
	}
}

// TestAbilitiesAreDocumented demands that who writes a kind is told of every interface that it
// may implement.
func TestAbilitiesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(root, "docs", "writing-kinds.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "resource", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("package resource has no files: %v", err)
	}
	declared := regexp.MustCompile(`(?m)^type ([A-Z]\w+) interface`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			if name := string(m[1]); name != "Resource" && !strings.Contains(string(doc), "`"+name+"`") {
				t.Errorf("docs/writing-kinds.md does not mention the interface %s", name)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestDocumentedLinks follows the links between documents.
func TestDocumentedLinks(t *testing.T) {
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := filepath.Join(filepath.Dir(name), filepath.FromSlash(m[1]))
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
	}
}
