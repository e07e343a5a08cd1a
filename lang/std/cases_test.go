package std

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

// A conformanceCase is a line of testdata/cases.txt; its header says what it means.
type conformanceCase struct {
	line       int
	section    string
	setup      string // statement before the expression, or empty
	expr       string
	want       string // a value as it prints, or error:… or novalue
	permissive bool
}

// kind returns the part of want after "error:", or "" if a value is wanted.
func (c conformanceCase) kind() string {
	kind, _ := strings.CutPrefix(c.want, "error:")
	if kind == c.want {
		return ""
	}
	return kind
}

// readCases reads a file of cases.
func readCases(path string) ([]conformanceCase, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var cases []conformanceCase
	section := ""
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if title, ok := strings.CutPrefix(line, "== "); ok {
			section = title
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		c, err := parseCase(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		c.line, c.section = n, section
		cases = append(cases, c)
	}
	return cases, lines.Err()
}

// shown are the signs that stand for what cannot be seen in a result.
var shown = strings.NewReplacer("∅", "", "⏎", "\n", "␉", "\t")

func parseCase(line string) (conformanceCase, error) {
	left, right, ok := strings.Cut(line, " ⇒ ")
	if !ok {
		return conformanceCase{}, fmt.Errorf("no ⇒ in %q", line)
	}
	var c conformanceCase
	right, mark, marked := strings.Cut(right, "   # ")
	if marked {
		if mark != "permissive" {
			return c, fmt.Errorf("unknown mark %q", mark)
		}
		c.permissive = true
	}
	if setup, expr, ok := strings.Cut(left, " ; "); ok && isStatement(setup) {
		c.setup, left = setup, expr
	}
	c.expr, c.want = left, shown.Replace(right)
	return c, nil
}

// isStatement tells a statement from the beginning of an expression with " ; " in it.
func isStatement(text string) bool {
	return strings.HasPrefix(text, "func ") || strings.HasPrefix(text, "$") && strings.Contains(text, " = ")
}

func TestReadCases(t *testing.T) {
	cases, err := readCases("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]int{}
	for _, c := range cases {
		sections[c.section]++
		switch c.kind() {
		case "", "catch", "fatal", "type", "scope", "parse", "interp", "init":
		default:
			t.Errorf("cases.txt:%d: there is no error:%s", c.line, c.kind())
		}
	}
	if len(cases) < 1300 || sections["Operators"] < 90 || sections["golang.template"] < 150 {
		t.Errorf("%d cases in %v: some are missing", len(cases), sections)
	}
}
