package syntax

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFacts parses the programs of testdata/facts.txt.
func TestFacts(t *testing.T) {
	data, err := os.ReadFile("testdata/facts.txt")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^(\d{3})[ +] (.*?) +⇒ (\w+)$`)
	for text := range strings.Lines(string(data)) {
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		m := line.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("not a fact: %s", text)
		}
		t.Run(m[1], func(t *testing.T) {
			got := "ok"
			_, diags := parse(factProgram(m[2]))
			if len(diags) > 0 {
				got = diags[0].Phase.String()
			}
			if got != m[3] || len(diags) > 1 {
				t.Errorf("%s\ngot %s, want %s; diagnostics:%s", m[2], got, m[3], list(diags))
			}
		})
	}
}

// factProgram makes a program of its one-line form.
func factProgram(text string) string {
	text = strings.NewReplacer("⏎", "\n", "<CR>", "\r", "<tab>", "\t").Replace(text)
	if before, ok := strings.CutSuffix(text, "∎"); ok {
		return before
	}
	return text + "\n"
}

// parse parses a program.
func parse(text string) (*Tree, Diagnostics) {
	var files Files
	return Parse(files.Add("main.mcl", []byte(text)), new(IDs))
}

// list shows diagnostics, each on a line of its own.
func list(diags Diagnostics) string {
	var b strings.Builder
	for _, d := range diags {
		b.WriteString("\n\t" + d.Phase.String() + " " + string(d.Code) + ": " + d.Message)
	}
	return b.String()
}

// TestCodes holds that the example of each code of this package shows it.
func TestCodes(t *testing.T) {
	for _, info := range syntaxCodes {
		if info.Example == "" {
			continue
		}
		_, diags := parse(info.Example)
		if len(diags) != 1 || diags[0].Code != info.Code || diags[0].Phase != info.Phase {
			t.Errorf("%s: the example\n%s\nshows%s", info.Code, info.Example, list(diags))
		}
	}
}
