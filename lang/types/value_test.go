package types

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

func list(elems ...Value) *List { return NewList(elems...) }

func mapOf(pairs ...Value) *Map {
	var entries []Entry
	for i := 0; i < len(pairs); i += 2 {
		entries = append(entries, Entry{pairs[i], pairs[i+1]})
	}
	return NewMap(entries)
}

func structOf(pairs ...any) *Struct {
	s := &Struct{}
	for i := 0; i < len(pairs); i += 2 {
		s.Names = append(s.Names, pairs[i].(string))
		s.Elems = append(s.Elems, pairs[i+1].(Value))
	}
	return s
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want string
	}{
		{Bool(true), "true"},
		{Int(math.MinInt64), "-9223372036854775808"},
		{Float(1), "1"},
		{Float(1e20), "100000000000000000000"},
		{Float(1e-9), "0.000000001"},
		{Float(1.0 / 3), "0.3333333333333333"},
		{Float(math.Copysign(0, -1)), "-0"},
		{Float(math.Inf(1)), "+Inf"},
		{Float(math.Inf(-1)), "-Inf"},
		{Float(math.NaN()), "NaN"},
		{Str("a\"\n"), "a\"\n"},
		{list(Str("a\"\n\a"), Str("é\xc3")), `["a\"\n\a", "é\xc3"]`},
		{list(), "[]"},
		{mapOf(), "{}"},
		{mapOf(Str("b"), Int(1), Str("a"), list(Float(2))), `{"a": [2], "b": 1}`},
		{mapOf(Int(20), Str("t"), Int(-3), Str("m"), Int(3), Str("p")), `{-3: "m", 3: "p", 20: "t"}`},
		{mapOf(Bool(true), Int(1), Bool(false), Int(0)), `{false: 0, true: 1}`},
		{mapOf(structOf("a", Int(2)), Str("two"), structOf("a", Int(1)), Str("one")), `{struct{a: 1}: "one", struct{a: 2}: "two"}`},
		{structOf(), "struct{}"},
		{structOf("x", Int(1), "y", Str("a")), `struct{x: 1; y: "a"}`},
	} {
		if got := c.v.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestEqualAndSame(t *testing.T) {
	nan, zero := Float(math.NaN()), Float(0)
	minus := Float(math.Copysign(0, -1))
	withNaN := list(nan)
	code := new(int)
	for _, c := range []struct {
		a, b        Value
		equal, same bool
	}{
		{Int(1), Int(1), true, true},
		{Int(1), Int(2), false, false},
		{nan, nan, false, true},
		{zero, minus, true, false},
		{withNaN, withNaN, false, true},
		{list(Str("a"), list(zero)), list(Str("a"), list(minus)), true, false},
		{list(Int(1), Int(2)), list(Int(2), Int(1)), false, false},
		{list(Int(1)), list(Int(1), Int(1)), false, false},
		{mapOf(Str("a"), Int(1), Str("b"), Int(2)), mapOf(Str("b"), Int(2), Str("a"), Int(1)), true, true},
		{mapOf(Str("a"), Int(1)), mapOf(Str("a"), Int(2)), false, false},
		{mapOf(Str("a"), Int(1)), mapOf(), false, false},
		{structOf("a", Int(1)), structOf("a", Int(1)), true, true},
		{structOf("a", Int(1)), structOf("b", Int(1)), false, false},
		{&Func{Code: code}, &Func{Code: code}, true, true},
		{&Func{Code: code, Captured: []Value{Int(1)}}, &Func{Code: code, Captured: []Value{Int(2)}}, false, false},
		{&Func{}, &Func{}, false, false},
	} {
		if got := Equal(c.a, c.b); got != c.equal {
			t.Errorf("Equal(%v, %v) = %v", c.a, c.b, got)
		}
		if got := Same(c.a, c.b); got != c.same {
			t.Errorf("Same(%v, %v) = %v", c.a, c.b, got)
		}
	}
}

func TestCompareOrders(t *testing.T) {
	for _, ordered := range [][]Value{
		{Bool(false), Bool(true)},
		{Int(math.MinInt64), Int(-1), Int(0), Int(math.MaxInt64)},
		{Float(math.NaN()), Float(math.Inf(-1)), Float(0), Float(0.5), Float(math.Inf(1))},
		{Str(""), Str("A"), Str("a"), Str("aa"), Str("b")},
		{structOf("a", Int(1), "b", Str("z")), structOf("a", Int(2), "b", Str("a")), structOf("a", Int(2), "b", Str("b"))},
	} {
		for i, a := range ordered {
			for j, b := range ordered {
				if got := Compare(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
					t.Errorf("Compare(%v, %v) = %d", a, b, got)
				}
			}
		}
	}
}

func TestMap(t *testing.T) {
	m := mapOf(Str("b"), Int(1), Str("a"), Int(2), Str("b"), Int(3))
	if m.Len() != 2 {
		t.Fatalf("%v has %d entries, want 2", m, m.Len())
	}
	if v, ok := m.Get(Str("b")); !ok || v != Int(3) {
		t.Errorf("b is %v, %v; want the last of its values, 3", v, ok)
	}
	if v, ok := m.Get(Str("c")); ok {
		t.Errorf("c is %v", v)
	}
}

func TestZero(t *testing.T) {
	const text = "struct{a int; b str; c []int; d map{str: int}; e bool; f float; g struct{h str}}"
	const want = `struct{a: 0; b: ""; c: []; d: {}; e: false; f: 0; g: struct{h: ""}}`
	if got := Zero(MustParse(text)).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCatchable(t *testing.T) {
	err := Catchf("index %d", 7)
	if !Catchable(err) || err.Error() != "index 7" {
		t.Errorf("%v is not catchable", err)
	}
	if wrapped := fmt.Errorf("list: %w", err); !Catchable(wrapped) {
		t.Errorf("%v is not catchable", wrapped)
	}
	if plain := errors.New("plain"); Catchable(plain) || Catchable(nil) {
		t.Error("a plain error, or none, is catchable")
	}
	if Catch(nil) != nil {
		t.Error("Catch of no error is an error")
	}
}

func TestBrief(t *testing.T) {
	many := &List{}
	for range 100_000 {
		many.Elems = append(many.Elems, &Struct{Names: []string{"a"}, Elems: []Value{Str("é")}})
	}
	for _, c := range []struct {
		v    Value
		want string
	}{
		{Int(7), "7"},
		{Str("a\n"), `"a\n"`},
		{Str(strings.Repeat("é", 1000)), `"` + strings.Repeat("é", 9) + "…"},
		{many, `[struct{a: "é"}, st…`},
		{&List{}, "[]"},
	} {
		if got := Brief(c.v, 20); got != c.want {
			t.Errorf("Brief is %s, want %s", got, c.want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { Brief(many, 20) }); n > 10 {
		t.Errorf("the beginning of a long list costs %v allocations", n)
	}
}

func TestMapWith(t *testing.T) {
	before := mapOf(Str("b"), Int(1), Str("d"), Int(2), Str("f"), Int(3))
	after := before.With([]Entry{
		{Key: Str("g"), Value: Int(6)}, {Key: Str("d")}, {Key: Str("a"), Value: Int(4)}, {Key: Str("b"), Value: Int(5)}, {Key: Str("x")},
	})
	if want := mapOf(Str("a"), Int(4), Str("b"), Int(5), Str("f"), Int(3), Str("g"), Int(6)); !Same(after, want) {
		t.Errorf("the map became %v, not %v", after, want)
	}
	if want := mapOf(Str("b"), Int(1), Str("d"), Int(2), Str("f"), Int(3)); !Same(before, want) {
		t.Errorf("the map before is %v", before)
	}
	if empty := NewMap(nil).With(nil); empty.Len() != 0 {
		t.Errorf("no changes made %v of nothing", empty)
	}
}
