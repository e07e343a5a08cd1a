package types

import (
	"encoding/json"
	"testing"
)

func TestJSON(t *testing.T) {
	strict, flexible := JSON{}, JSON{Flexible: true}
	for _, c := range []struct {
		how  JSON
		text string
		typ  string
		want string // empty for an error
	}{
		{strict, "1", "int", "1"},
		{strict, "-0", "int", "0"},
		{strict, "1.0", "int", ""},
		{strict, "1e2", "int", ""},
		{strict, "1e2", "float", "100"},
		{strict, "1e400", "float", ""},
		{strict, "9223372036854775808", "int", ""},
		{strict, "1 x", "int", "1"},
		{strict, "01", "int", "0"},
		{strict, "", "int", ""},
		{strict, "null", "str", ""},
		{strict, `"\u00e9"`, "str", "é"},
		{strict, `[1, null]`, "[]int", ""},
		{strict, `[[1], []]`, "[][]int", "[[1], []]"},
		{strict, `[1,]`, "[]int", ""},
		{strict, `{"a": 1, "a": 2}`, "map{str: int}", `{"a": 2}`},
		{strict, `{"1": 1}`, "map{int: int}", ""},
		{strict, `{"b": "x", "a": 1}`, "struct{a int; b str}", `struct{a: 1; b: "x"}`},
		{strict, `{"a": 1}`, "struct{a int; b str}", ""},
		{strict, `{"a": 1, "b": "x", "c": 0}`, "struct{a int; b str}", ""},
		{strict, `{"A": 1}`, "struct{a int}", ""},
		{flexible, `{"a": 1, "c": 0}`, "struct{a int; b str}", `struct{a: 1; b: ""}`},
		{flexible, `{"g": {}}`, "struct{g struct{h int}}", "struct{g: struct{h: 0}}"},
		{flexible, `{"a": "x"}`, "struct{a int}", ""},
		{flexible, `{"a": null}`, "struct{a int}", ""},
		{flexible, "null", "struct{a int}", ""},
	} {
		got, err := c.how.Decode(c.text, MustParse(c.typ))
		switch {
		case c.want == "" && err == nil:
			t.Errorf("%s as %s = %v, want an error", c.text, c.typ, got)
		case c.want != "" && err != nil:
			t.Errorf("%s as %s: %v, want %s", c.text, c.typ, err, c.want)
		case c.want != "" && got.String() != c.want:
			t.Errorf("%s as %s = %v, want %s", c.text, c.typ, got, c.want)
		}
	}
}

// FuzzJSON holds that what is decoded has the type that was asked for, and that its Go
// form, written as JSON again, decodes to the same value.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a": 1, "b": ["x"]}`, "struct{a int; b []str}", false)
	f.Add(`{"k": {"n": 1.5e3}}`, "map{str: map{str: float}}", false)
	f.Add(`[{}, {"a": true, "z": 0}]`, "[]struct{a bool}", true)
	f.Add(`-9223372036854775808 x`, "int", false)
	f.Fuzz(func(t *testing.T, text, typeText string, flexible bool) {
		typ, err := Parse(typeText)
		if err != nil {
			return
		}
		v, err := JSON{Flexible: flexible}.Decode(text, typ)
		if err != nil || flexible && typ.HasFunc() {
			return
		}
		if containsVar(typ) {
			return
		}
		if !HasType(v, typ) {
			t.Fatalf("%s as %v is %v, which has another type", text, typ, v)
		}
		again, err := json.Marshal(ToGo(v))
		if err != nil {
			t.Fatalf("%v does not become JSON: %v", v, err)
		}
		w, err := JSON{}.Decode(string(again), typ)
		if err != nil || !Equal(v, w) {
			t.Fatalf("%v became %s and then %v, %v", v, again, w, err)
		}
	})
}

// containsVar reports whether a type has no zero value, because of a variable or a
// variant in it.
func containsVar(t *Type) bool {
	if t == nil {
		return false
	}
	if t.Kind == KindVar || t.Kind == KindVariant || containsVar(t.Elem) || containsVar(t.Key) {
		return true
	}
	for _, f := range t.Fields {
		if containsVar(f.Type) {
			return true
		}
	}
	return false
}
