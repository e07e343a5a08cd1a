package lang

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mgmt/lang"
	"mgmt/lang/funcs"
	"mgmt/lang/resolve"
	"mgmt/lang/std"
	"mgmt/lang/syntax"
	"mgmt/local"
	"mgmt/resource"
	"mgmt/resources"
	"mgmt/watch"
	"mgmt/world/mem"
)

// A fact is a line of lang/testdata/facts.txt.
type fact struct {
	number  string
	files   map[string]string // beside main.mcl
	program string
	want    string
}

var (
	factLine = regexp.MustCompile(`^(\d{3})  (.*?)\s*⇒ (.*)$`)
	// factFileEnd is where the text of a file beside the program ends.
	factFileEnd = regexp.MustCompile(`\](  | \[)`)
	factNote    = regexp.MustCompile(`\s{2,}.*$`)
	factPhase   = regexp.MustCompile(`^E:([a-z|]+)`)
)

func readFacts(t *testing.T) []fact {
	t.Helper()
	text, err := os.ReadFile("../../lang/testdata/facts.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []fact
	for line := range strings.Lines(string(text)) {
		m := factLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		f := fact{number: m[1], files: map[string]string{}, want: strings.TrimSpace(factNote.ReplaceAllString(m[3], ""))}
		rest := m[2]
		for strings.HasPrefix(rest, "[") {
			end := factFileEnd.FindStringIndex(rest)
			if end == nil {
				break
			}
			name, text, _ := strings.Cut(rest[1:end[0]], ": ")
			f.files[name] = plainText(text) + "\n"
			rest = strings.TrimLeft(rest[end[0]+1:], " ")
		}
		if rest == "(empty file)" {
			rest = ""
		}
		if p, open := strings.CutSuffix(rest, "∎"); open {
			f.program = plainText(p)
		} else {
			f.program = plainText(rest) + "\n"
		}
		out = append(out, f)
	}
	return out
}

func plainText(s string) string {
	return strings.NewReplacer("⏎", "\n", "<CR>", "\r", "<tab>", "\t").Replace(s)
}

// special are facts whose result is told in words, and how to check it.
var special = map[string]func(d resource.Delta) error{
	"030": names("two\nlines"),
	"031": names("t\tb"),
	"177": func(d resource.Delta) error {
		if len(d.Set) != 2 {
			return fmt.Errorf("%d resources, want 2", len(d.Set))
		}
		return nil
	},
	"181": edges("a b", "a c"),
	"182": edges("a b", "b c"),
	"184": edges("a b", "c a"),
	"185": edges("a b notify"),
	"186": names("a"),
	"234": names("t"),
	"271": names("0"),
}

func names(want ...string) func(resource.Delta) error {
	return func(d resource.Delta) error {
		var got []string
		for _, s := range d.Set {
			got = append(got, s.Key.Name)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("names %q, want %q", got, want)
		}
		return nil
	}
}

func edges(want ...string) func(resource.Delta) error {
	return func(d resource.Delta) error {
		var got []string
		for _, e := range d.SetEdges {
			s := e.From.Name + " " + e.To.Name
			if e.Notify {
				s += " notify"
			}
			got = append(got, s)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("edges %q, want %q", got, want)
		}
		return nil
	}
}

// elsewhere are facts that other tests hold: of behaviour over time, and of the formatter.
var elsewhere = map[string]string{
	"167": "compatible merging needs a kind that has it: TestMergeCompatible",
	"168": "compatible merging needs a kind that has it: TestMergeCompatible",
	"272": "over time: TestOverTime", "273": "over time: TestOverTime", "274": "over time: TestOverTime",
	"275": "package format", "276": "package format", "277": "package format", "278": "package format",
	"279": "package format", "280": "package format", "281": "package format", "282": "package format",
}

func TestFacts(t *testing.T) {
	facts := readFacts(t)
	if len(facts) < 300 {
		t.Fatalf("only %d facts were read", len(facts))
	}
	for _, f := range facts {
		t.Run(f.number, func(t *testing.T) {
			if why := elsewhere[f.number]; why != "" {
				t.Skip(why)
			}
			f.check(t)
		})
	}
}

func (f fact) check(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	d, files, diags := Snapshot(ctx, testOptions(t, f.program, f.files))
	var shown strings.Builder
	syntax.Render(&shown, files, diags, false)
	if m := factPhase.FindStringSubmatch(f.want); m != nil {
		if !diags.HasErrors() {
			t.Fatalf("%q\naccepted, want an error in %s", f.program, m[1])
		}
		if got := phaseOf(diags); !slices.Contains(strings.Split(m[1], "|"), got) {
			t.Errorf("%q\nan error in %s, want one in %s:\n%s", f.program, got, m[1], shown.String())
		}
		return
	}
	if diags.HasErrors() {
		t.Fatalf("%q\nrefused, want %s:\n%s", f.program, f.want, shown.String())
	}
	if err := f.compare(d); err != nil {
		t.Errorf("%q\n%v, want %s", f.program, err, f.want)
	}
}

// phaseOf returns the phase in which a program is refused: the first in which it has an error.
func phaseOf(diags syntax.Diagnostics) string {
	first := syntax.PhaseInterpret
	for _, d := range diags {
		if d.Severity == syntax.Error && d.Phase < first {
			first = d.Phase
		}
	}
	return first.String()
}

func (f fact) compare(d resource.Delta) error {
	if check := special[f.number]; check != nil {
		return check(d)
	}
	if f.want == "accepted" {
		return nil
	}
	if set, ok := strings.CutPrefix(f.want, "{"); ok {
		set, _, _ = strings.Cut(strings.TrimSuffix(set, "}")+"}", "}  ")
		set = strings.TrimSuffix(set, "}")
		var want []string
		if set != "" {
			want = strings.Split(set, ", ")
		}
		slices.Sort(want)
		return names(want...)(d)
	}
	field, value, ok := strings.Cut(f.want, "=")
	if !ok || len(d.Set) != 1 {
		return fmt.Errorf("%d resources", len(d.Set))
	}
	for _, p := range resources.Kinds().Lookup("test").Params() {
		if p.Name == field {
			if got := paramText(d.Set[0].Resource, field); got != value {
				return fmt.Errorf("%s=%s", field, got)
			}
			return nil
		}
	}
	return fmt.Errorf("no field %s", field)
}

func testOptions(t testing.TB, text string, files map[string]string) Options {
	hub := watch.NewHub(nil)
	t.Cleanup(func() { hub.Close() })
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Options{
		Input:   lang.Input{Source: resolve.FS{FS: fsys}, Main: "main.mcl", Text: []byte(text), Files: fsys},
		Library: std.Library(),
		Kinds:   resources.Kinds(),
		Host: &funcs.Host{
			Hostname: "h1",
			World:    mem.New().Host("h1"),
			Local:    local.New(t.TempDir()),
			Watch:    hub,
			Files:    fsys,
		},
	}
}
