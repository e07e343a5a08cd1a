package types

import (
	"math"
	"strings"
	"testing"
)

var samples = []struct {
	typ string
	v   Value
}{
	{"bool", Bool(true)},
	{"str", Str("\xff")},
	{"int", Int(math.MinInt64)},
	{"float", Float(math.Inf(1))},
	{"[]int", list()},
	{"[]float", list(Float(1), Float(2.5))},
	{"map{str: []str}", mapOf(Str("a"), list(Str("x")))},
	{"map{str: int}", mapOf()},
	{"map{int: bool}", mapOf(Int(2), Bool(true), Int(1), Bool(false))},
	{"map{struct{a int}: str}", mapOf(structOf("a", Int(1)), Str("one"))},
	{"struct{}", structOf()},
	{"struct{a int; b struct{c []str}}", structOf("a", Int(1), "b", structOf("c", list(Str("x"))))},
}

func TestGoRoundTrip(t *testing.T) {
	for _, s := range samples {
		typ := MustParse(s.typ)
		if !HasType(s.v, typ) {
			t.Errorf("%v is no %s", s.v, s.typ)
		}
		got, err := FromGo(ToGo(s.v), typ)
		if err != nil || !Same(got, s.v) {
			t.Errorf("%s: %v came back as %v, %v", s.typ, s.v, got, err)
		}
		if got, err := FromGo(s.v, typ); err != nil || got != s.v {
			t.Errorf("%s: the value itself came back as %v, %v", s.typ, got, err)
		}
	}
}

func TestFromGo(t *testing.T) {
	type point struct{ X, Y int8 }
	var name any = "n"
	for _, c := range []struct {
		x    any
		typ  string
		want string
	}{
		{int8(-3), "int", "-3"},
		{uint16(3), "int", "3"},
		{float32(0.5), "float", "0.5"},
		{&name, "str", "n"},
		{[]string{"a"}, "[]str", `["a"]`},
		{[2]bool{true, false}, "[]bool", "[true, false]"},
		{map[string]int{"b": 1, "a": 2}, "map{str: int}", `{"a": 2, "b": 1}`},
		{map[int]string{1: "x"}, "map{int: str}", `{1: "x"}`},
		{point{1, 2}, "struct{X int; Y int}", "struct{X: 1; Y: 2}"},
		{map[string]any{"b": "x", "a": 1}, "struct{a int; b str}", `struct{a: 1; b: "x"}`},
	} {
		got, err := FromGo(c.x, MustParse(c.typ))
		if err != nil || got.String() != c.want {
			t.Errorf("FromGo(%#v, %s) = %v, %v, want %s", c.x, c.typ, got, err, c.want)
		}
	}
}

func TestFromGoRefuses(t *testing.T) {
	for _, c := range []struct {
		x    any
		typ  string
		want string
	}{
		{nil, "int", "nil is no int"},
		{1, "float", "no float"},
		{1.0, "int", "no int"},
		{uint64(math.MaxUint64), "int", "no int"},
		{"x", "[]str", "no []str"},
		{[]any{1, "x"}, "[]int", "element 1"},
		{map[string]any{"a": "x"}, "map{str: int}", "at a"},
		{map[string]any{"a": 1}, "struct{a int; b int}", "1 fields"},
		{map[string]any{"a": 1}, "struct{b int}", "b of struct{b int} is missing"},
		{1, "func() int", "no func() int"},
		{Int(1), "str", "1 is no str"},
		{list(Int(1)), "[]str", "no []str"},
	} {
		got, err := FromGo(c.x, MustParse(c.typ))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("FromGo(%#v, %s) = %v, %v, want an error with %q", c.x, c.typ, got, err, c.want)
		}
	}
}
