package stdgolang

import (
	"fmt"
	"strings"
	"testing"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// testLibrary has a few functions of every sort.
func testLibrary() *funcs.Library {
	host := func(call *funcs.Call, args []types.Value) (types.Value, error) {
		return types.Bool(call.Caught), nil
	}
	return funcs.NewLibrary(
		&funcs.Module{Funcs: []*funcs.Function{
			{Name: "_+", Sigs: table.Sig("func(a int, b int) int"), Pure: table.Pure2(func(a, b int) int { return a + b })},
			{Name: "half", Sigs: table.Sig("func(x float) float"), Pure: table.Pure1(func(x float64) float64 { return x / 2 })},
		}},
		&funcs.Module{Path: "m/sub", Funcs: []*funcs.Function{
			{Name: "fail", Sigs: table.Sig("func(catch bool) str"), Pure: func(args []types.Value) (types.Value, error) {
				if args[0].(types.Bool) {
					return nil, types.Catchf("caught")
				}
				return nil, fmt.Errorf("fatal")
			}},
			{Name: "caught", Sigs: table.Sig("func() bool"), Impure: host},
			{Name: "pair", Sigs: table.Sig("func(a []str) struct{first str; count int}"), Pure: func(args []types.Value) (types.Value, error) {
				l := args[0].(*types.List)
				return &types.Struct{Names: []string{"first", "count"}, Elems: []types.Value{l.Elems[0], types.Int(len(l.Elems))}}, nil
			}},
			{Name: "any", Sigs: table.Sig("func(x ?1) str"), Pure: func([]types.Value) (types.Value, error) { return types.Str(""), nil }},
		}},
	)
}

// execute runs a template, with vars of the type if that is not empty.
func execute(t *testing.T, call funcs.Call, text string, typ string, vars any) (string, error) {
	t.Helper()
	f := Module(testLibrary).Funcs[0]
	args := []types.Value{types.Str(text)}
	call.Sig = types.MustParse("func(template str) str")
	if typ != "" {
		call.Sig = types.MustParse("func(template str, vars " + typ + ") str")
		v, err := types.FromGo(vars, call.Sig.Fields[1].Type)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, v)
	}
	v, err := f.Impure(&call, args)
	if err != nil {
		return "", err
	}
	return v.String(), nil
}

func TestTemplates(t *testing.T) {
	for _, c := range []struct {
		text, typ string
		vars      any
		want      string
	}{
		{"{{ _half 3 }}", "", nil, "1.5"},
		{"{{ (m_sub_pair .).First }}", "[]str", []string{"x", "y"}, "x"},
		{"{{ (m_sub_pair .).count }}", "[]str", []string{"x", "y"}, "2"},
		{"{{ .Name }}{{ .name }}", "struct{name str}", map[string]any{"name": "n"}, "nn"},
		{"{{ . }}", "struct{name str}", map[string]any{"name": "n"}, "map[Name:n]"},
		{"{{ range $k, $v := .One }}{{ $k }}={{ $v }}{{ end }}", "struct{one struct{two int}}", map[string]any{"one": map[string]int{"two": 2}}, "Two=2"},
		{"{{ range $k, $v := . }}{{ $k.A.B }}={{ $v }};{{ end }}", "map{struct{a struct{b int}}: str}",
			[]any{[]any{map[string]any{"a": map[string]any{"b": 7}}, "x"}}, "7=x;"},
		{`{{ printf "%T" . }}`, "[]map{str: int}", []map[string]int{}, "[]map[string]interface {}"},
	} {
		got, err := execute(t, funcs.Call{}, c.text, c.typ, c.vars)
		if err != nil || got != c.want {
			t.Errorf("%s of %v: got %q, %v, want %q", c.text, c.vars, got, err, c.want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for _, c := range []struct {
		text, want string
		catch      bool
	}{
		{"{{ m_sub_fail true }}", "caught", true},
		{"{{ m_sub_fail false }}", "fatal", false},
		{"{{ m_sub_any 1 }}", "not defined", false},
		{"{{ half 1 }}", "not defined", false},
		{"{{ .x }}", "line:1:3: executing", false},
		{"{{", "unclosed action", false},
	} {
		got, err := execute(t, funcs.Call{}, c.text, "", nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || types.Catchable(err) != c.catch {
			t.Errorf("%s: got %q, %v, want an error with %q, catchable: %v", c.text, got, err, c.want, c.catch)
		}
	}
}

func TestTemplateFunctionsKnowTheCall(t *testing.T) {
	for _, caught := range []bool{true, false, true} {
		got, err := execute(t, funcs.Call{Caught: caught}, "{{ m_sub_caught }}", "", nil)
		if err != nil || got != fmt.Sprint(caught) {
			t.Errorf("caught %v: got %q, %v", caught, got, err)
		}
	}
}

func TestTemplateCacheIsBounded(t *testing.T) {
	ts := newTemplates(testLibrary)
	for i := range 3*maxParsed + 1 {
		text := fmt.Sprintf("%d{{ 1 }}", i)
		if v, err := ts.execute(text, mode{}, nil, nil); err != nil || v.String() != fmt.Sprintf("%d1", i) {
			t.Fatalf("%s: %v, %v", text, v, err)
		}
	}
	if n := len(ts.parsed); n > maxParsed {
		t.Errorf("%d templates are kept", n)
	}
}

func BenchmarkTemplate(b *testing.B) {
	f := Module(testLibrary).Funcs[0]
	call := &funcs.Call{Sig: types.MustParse("func(template str, vars struct{name str; list []int}) str")}
	args := []types.Value{
		types.Str("host {{ .Name }}: {{ range .List }}{{ . }} {{ end }}\n"),
		&types.Struct{Names: []string{"name", "list"}, Elems: []types.Value{types.Str("h"), types.NewList(types.Int(1), types.Int(2))}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Impure(call, args); err != nil {
			b.Fatal(err)
		}
	}
}
