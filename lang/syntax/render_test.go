package syntax

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestMistakes shows what the author of each program in testdata/mistakes reads.
func TestMistakes(t *testing.T) {
	names, err := filepath.Glob("testdata/mistakes/*.mcl")
	if err != nil || len(names) == 0 {
		t.Fatal("no programs: ", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".mcl"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var files Files
			_, diags := Parse(files.Add(filepath.Base(name), text), new(IDs))
			var got strings.Builder
			if err := Render(&got, &files, diags, false); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".mcl")+".golden", got.String())
		})
	}
}

// golden compares got with a file, or writes it there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", name, got, want)
	}
}

// TestRender shows diagnostics that the parser does not make.
func TestRender(t *testing.T) {
	var files Files
	main := files.Add("main.mcl", []byte("$a = [\n\t1,\n]\n\t$é = \"日本\" + x\n\x1b[31m $y\n\n$last = 1"))
	other := files.Add("lib/other.mcl", []byte("class c($x) {\n}\n"))
	span := func(f *File, text string) Span {
		i := strings.Index(string(f.Text), text)
		if i < 0 {
			t.Fatalf("%q is not in %s", text, f.Name)
		}
		return Span{f.Pos(i), f.Pos(i + len(text))}
	}
	at := func(p Pos) Span { return Span{p, p} }
	plus := span(main, "+")
	list := Diagnostics{
		{Code: "several-lines", Message: "a span of several lines", Span: span(main, "[\n\t1,\n]")},
		{Code: "wide", Message: "wide characters and tabs", Span: span(main, "+ x"), Related: []Related{
			{span(main, "$é"), "left"}, {span(main, "\"日本\""), "middle"}, {span(main, "x"), "inside of it"},
		}},
		{Code: "no-place", Message: "the program as a whole", Hint: "do something"},
		{Code: "other-file", Severity: Warning, Message: "two files", Span: span(main, "1,"), Related: []Related{
			{span(other, "$x"), "there"}, {span(main, "$last"), "much further down"}, {Span{}, "nowhere"},
		}},
		{Code: "controls", Message: "a \x1b[31m sequence", Span: span(main, "$y"), Hint: "and \a here"},
		{Code: "end", Message: "at the end", Span: at(main.Pos(len(main.Text))),
			Fix: &Fix{"write more", []Edit{{at(main.Pos(len(main.Text))), " + 1"}, {span(main, "1,"), "2,"}}}},
		{Code: "fixed", Message: "a repair in two places", Span: plus, Fix: &Fix{"do both", []Edit{
			{plus, "-"}, {Span{plus.Start - 2, plus.Start - 2}, "語"},
		}}},
	}
	for _, color := range []bool{false, true} {
		var got strings.Builder
		if err := Render(&got, &files, list, color); err != nil {
			t.Fatal(err)
		}
		name := map[bool]string{false: "testdata/render.golden", true: "testdata/color.golden"}[color]
		golden(t, name, got.String())
	}
	text, err := json.MarshalIndent(JSON(&files, list), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/json.golden", string(text)+"\n")
	if text, _ := json.Marshal(JSON(&files, nil)); string(text) != "[]" {
		t.Errorf("no diagnostics are %s", text)
	}
}

func TestLongLine(t *testing.T) {
	for _, unit := range []string{"ab", "\t", "日本", "é"} {
		line := strings.Repeat(unit, 500)
		for _, start := range []int{0, 1, len(line) / 2, len(line) - 3, len(line)} {
			v := newView([]byte(line), start, min(start+3, len(line)))
			if n := utf8.RuneCountInString(v.text); n > maxView+2 {
				t.Errorf("%q at %d: %d characters are shown", unit, start, n)
			}
			if !utf8.ValidString(v.text) {
				t.Errorf("%q at %d: a character is cut apart", unit, start)
			}
			if c := v.column(start); c < 0 || c > v.width {
				t.Errorf("%q at %d: shown in column %d of %d", unit, start, c, v.width)
			}
		}
	}
}
