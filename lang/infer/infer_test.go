package infer_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"mgmt/lang/infer"
	"mgmt/lang/internal/langtest"
	"mgmt/lang/resolve"
	"mgmt/lang/std"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// kinds are the resource kinds that the programs of the tests declare.
type kinds map[string]*infer.Kind

func (k kinds) Kind(name string) *infer.Kind { return k[name] }

func (k kinds) Names() []string {
	var out []string
	for name := range k {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

var someKinds = kinds{
	"test": {
		Name: "test",
		Fields: fields("anotherstr str; int64 int; int8 int; uint8 int; float64 float; float32 float; boolptr bool; stringptr str; " +
			"slicestring []str; mapstr map{str: int}; interface variant; func func(int) str"),
		Optional:      map[string]bool{"boolptr": true, "stringptr": true},
		Widths:        map[string]string{"int8": "int8", "uint8": "uint8", "float32": "float32"},
		Sends:         fields("hello str; answer int"),
		SendsOptional: map[string]bool{"hello": true},
	},
	"file":             {Name: "file", Fields: fields("content str; state str; mode str")},
	"pkg":              {Name: "pkg", Fields: fields("state str")},
	"print":            {Name: "print", Fields: fields("msg str")},
	"http:server:flag": {Name: "http:server:flag"},
}

func fields(text string) []types.Field { return types.MustParse("struct{" + text + "}").Fields }

func checkFiles(t testing.TB, files fstest.MapFS) (*resolve.Program, *infer.Info, syntax.Diagnostics) {
	t.Helper()
	prog, diags := resolve.Resolve(t.Context(), resolve.Options{Source: resolve.FS{FS: files}, Main: "main.mcl", Library: std.Library()})
	info, more := infer.Check(prog, std.Library(), someKinds)
	return prog, info, append(diags, more...).Sort()
}

func checkText(t testing.TB, text string) (*resolve.Program, *infer.Info, syntax.Diagnostics) {
	t.Helper()
	return checkFiles(t, fstest.MapFS{"main.mcl": &fstest.MapFile{Data: []byte(text)}})
}

func render(t testing.TB, p *resolve.Program, diags syntax.Diagnostics) string {
	t.Helper()
	var b strings.Builder
	if err := syntax.Render(&b, p.Files, diags, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestMistakes shows what the author of each program in testdata reads.
func TestMistakes(t *testing.T) {
	langtest.Golden(t, "testdata/*.txt", func(t *testing.T, p langtest.Program) string {
		prog, _, diags := checkFiles(t, p.Files)
		for _, d := range diags {
			if _, ok := syntax.Explain(d.Code); !ok {
				t.Errorf("the code %s is not documented", d.Code)
			}
		}
		return render(t, prog, diags)
	})
}

// TestFacts takes the facts of the language as far as a program is decided before it
// runs: those that are to be rejected are, and no others.
func TestFacts(t *testing.T) {
	late := []string{"graph", "stream", "interpret"}
	for _, fact := range langtest.Facts(t, "../testdata/facts.txt") {
		prog, _, diags := checkFiles(t, fact.Program.Files)
		got := "accepted"
		for _, d := range diags {
			if d.Severity == syntax.Error && (got == "accepted" || phase(d.Phase.String()) < phase(got)) {
				got = d.Phase.String()
			}
		}
		want := fact.Rejected()
		switch {
		case len(want) == 0 && got == "accepted":
		case slices.Contains(want, got):
		case got == "accepted" && slices.ContainsFunc(want, func(p string) bool { return slices.Contains(late, p) }):
		default:
			t.Errorf("fact %s: %s\ngot %s, want %s\n%s", fact.Number, fact.Text, got, fact.Want, render(t, prog, diags))
		}
	}
}

func phase(name string) int {
	return slices.Index([]string{"parse", "init", "interp", "scope", "unify", "graph"}, name)
}

// TestCodes holds that the documented example of each code of this phase shows it.
func TestCodes(t *testing.T) {
	for _, info := range syntax.Codes() {
		if info.Phase != syntax.PhaseUnify || info.Example == "" {
			continue
		}
		prog, _, diags := checkText(t, info.Example)
		if len(diags) != 1 || diags[0].Code != info.Code || diags[0].Phase != info.Phase {
			t.Errorf("%s: the example\n%s\nshows\n%s", info.Code, info.Example, render(t, prog, diags))
		}
	}
}

// TestTypes holds what types expressions have. The one in question is that of $q.
func TestTypes(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`$q = [1, 2]`, "[]int"},
		{`$q = {"a" => [true]}`, "map{str: []bool}"},
		{`$q = struct{b => 1, a => "x"}`, "struct{b int; a str}"},
		{`$q = func($x, $y int) { if $x { $y } else { 0 } }`, "func(x bool, y int) int"},
		{`$q = 1 / 2`, "float"},
		{`$q = -1.5`, "float"},
		{"$y = 2\n$q = -$y", "int"},
		{`$q = {"k" => 1}["k"]`, "int"},
		{`$q = [struct{b => "x"}][0]->b`, "str"},
		{`$q = struct{a => 1}->b <|> "d"`, "str"},
		{"func f($x) { $x[0] }\n$q = f([\"a\"]) + \"b\"\n$r = f({0 => 1})\ntest [\"x\"] { int64 => $r, }", "str"},
		{"func f($x) { $x->a }\n$q = [f(struct{a => 1}), f(struct{b => 1, a => 2})]", "[]int"},
		{"func add($x, $y) { $x + $y }\n$q = [struct{i => add(1, 2), s => add(\"a\", \"b\")}]", "[]struct{i int; s str}"},
		{"func twice($f, $x) { $f($f($x)) }\n$q = twice(func($n) { $n + 1 }, 3)", "int"},
		{"class c($p) {\n\t$v = [$p]\n\tfunc f($x) { struct{p => $p, x => $x} }\n}\ninclude c(1) as i\ninclude c(\"a\") as j\n$q = struct{i => $i.v, j => $j.v, f => i.f(true), g => j.f(1.5)}",
			"struct{i []int; j []str; f struct{p int; x bool}; g struct{p str; x float}}"},
		{"class o($p) {\n\tclass i($x) {\n\t\t$v = struct{p => $p, x => $x}\n\t}\n}\ninclude o(1) as a\ninclude a.i(\"s\") as b\n$q = $b.v", "struct{p int; x str}"},
		{"class o($p) {\n\tclass i($x) {\n\t\t$v = struct{p => $p, x => $x}\n\t}\n\tinclude i([$p]) as j\n}\ninclude o(1) as a\n$q = $a.j.v", "struct{p int; x []int}"},
		{"class o($p) {\n\tfunc f($s) { $s[$p] }\n}\ninclude o(1) as a\ninclude o(\"k\") as b\n$q = struct{a => a.f([true]), b => b.f({\"k\" => 1.5})}", "struct{a bool; b float}"},
		{"import \"iter\"\n$q = iter.map([1], func($x) { \"${hostname}\" })", "[]str"},
		{"import \"iter\"\n$q = iter.reduce([1], func($x, $y) { $x + $y })", "int"},
		{"import \"encoding\"\n$q = [encoding.decode_json(\"1\"), 2]", "[]int"},
		{"import \"encoding\"\n$q = encoding.decode_json(\"1\", \"[]float\")", "[]float"},
		{"import \"fmt\"\n$q = func($x, $y) { fmt.printf(\"%d\" + \"%s\", $x, $y) }", "func(x int, y str) str"},
		{"import \"fmt\"\n$f = \"%d\"\n$g = $f\n$q = func($x) { fmt.printf($g, $x) }", "func(x int) str"},
		{"for $i, $v in [[1]] {\n\t$q = $v\n\ttest [\"a\"] { interface => $q, }\n}", "[]int"},
		{"forkv $k, $v in {\"a\" => 1.5} {\n\t$q = struct{k => $k, v => $v}\n\ttest [\"a\"] { interface => $q, }\n}", "struct{k str; v float}"},
	} {
		text := test.text + "\n"
		if !strings.Contains(text, "interface => $q") {
			text += "panic(len([$q]) == 7)\n" // makes it live
		}
		prog, info, diags := checkText(t, text)
		if diags.HasErrors() {
			t.Errorf("%s\n%s", test.text, render(t, prog, diags))
			continue
		}
		if got := typeOf(prog, info, "q"); got != test.want {
			t.Errorf("%s\n$q is %s, want %s", test.text, got, test.want)
		}
	}
}

// typeOf returns the type of the value of a variable.
func typeOf(p *resolve.Program, info *infer.Info, name string) string {
	for _, def := range p.Order {
		if def.Kind == resolve.VarDef && def.Name == name {
			if t := info.TypeOf(def.Bind.Value.ID(), nil); t != nil {
				return t.String()
			}
		}
	}
	return "unknown"
}
