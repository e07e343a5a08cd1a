package types

import (
	"strings"
	"testing"
)

func TestParsePrints(t *testing.T) {
	for _, text := range []string{
		"bool", "str", "int", "float", "variant", "?1", "?27",
		"[]int", "[][]struct{}",
		"map{str: int}", "map{struct{a int; b bool}: []?1}", "map{?1: ?2}",
		"struct{}", "struct{a int}", "struct{a int; map str; func bool}",
		"func() int", "func(str) str", "func(a int, b []str) map{str: float}",
		"func(str str) bool", "func(map map{?1: ?2}, key ?1) ?2",
		"func(inputs []?1, function func(x ?1, y ?1) ?1) ?1",
		"func(func(int) int, int) func() int",
	} {
		typ, err := Parse(text)
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		if got := typ.String(); got != text {
			t.Errorf("Parse(%q) prints as %q", text, got)
		}
	}
}

func TestParseLayout(t *testing.T) {
	for text, want := range map[string]string{
		" [] int ":                    "[]int",
		"map {str:int}":               "map{str: int}",
		"struct{a int;b str}":         "struct{a int; b str}",
		"func($a int, str) bool":      "func(a int, str) bool",
		"func( int , str ) bool":      "func(int, str) bool",
		"func(a func($x str) str) ?1": "func(a func(x str) str) ?1",
	} {
		typ, err := Parse(text)
		if err != nil || typ.String() != want {
			t.Errorf("Parse(%q) = %v, %v, want %s", text, typ, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "a type expected",
		"integer":                  "is not a type",
		"int int":                  "follows the end",
		"[]":                       "a type expected",
		"[int":                     "a type expected",
		"map{str int}":             `":" expected`,
		"map{[]str: int}":          "cannot be the key",
		"map{func() int: int}":     "cannot be the key",
		"struct{a int, b int}":     `";" expected`,
		"struct{a int; a str}":     "two fields a",
		"struct{int}":              "a type expected",
		"func(a int":               `"," expected`,
		"func(a int)":              "a type expected",
		"?0":                       "has a number",
		"?x":                       "has a number",
		"?99999999999999999999":    "has a number",
		strings.Repeat("[]", 5000): "nested too deeply",
	} {
		typ, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%.30q) = %v, %v, want an error with %q", text, typ, err, want)
		}
	}
}

func TestIdentical(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"int", "int", true},
		{"int", "float", false},
		{"[]int", "[]int", true},
		{"[]int", "[][]int", false},
		{"map{str: int}", "map{int: str}", false},
		{"struct{a int; b str}", "struct{a int; b str}", true},
		{"struct{a int; b str}", "struct{b str; a int}", false},
		{"struct{a int}", "struct{b int}", false},
		{"struct{a int}", "struct{a int; b int}", false},
		{"func(a int) str", "func(b int) str", true},
		{"func(a int) str", "func(a int) int", false},
		{"?1", "?2", false},
	} {
		if got := Identical(MustParse(c.a), MustParse(c.b)); got != c.want {
			t.Errorf("Identical(%s, %s) = %v", c.a, c.b, got)
		}
	}
}

func TestHashable(t *testing.T) {
	for text, want := range map[string]bool{
		"int": true, "struct{}": true, "struct{a struct{b float}}": true,
		"[]int": false, "map{str: int}": false, "struct{a []int}": false, "func() int": false,
	} {
		if got := MustParse(text).Hashable(); got != want {
			t.Errorf("%s: Hashable = %v", text, got)
		}
	}
}

// FuzzParse holds that what is parsed prints as something that parses to the same type.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"int", "[]?1", "map{str: struct{a int; b bool}}", "func($a int, str str) func() ?2", "func(map map{int: int})"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(typ.String())
		if err != nil {
			t.Fatalf("%q parses and prints as %q, which does not parse: %v", text, typ, err)
		}
		if !Identical(typ, again) || typ.String() != again.String() {
			t.Fatalf("%q prints as %q and then as %q", text, typ, again)
		}
	})
}
