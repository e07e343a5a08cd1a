package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"mgmt/lang/funcs"
	"mgmt/lang/internal/langtest"
	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
)

// library has the names that the programs of the tests mention.
var library = funcs.NewLibrary(
	module("", "len", "concat", "contains", "panic_debug", "_+"),
	module("fmt", "printf"),
	module("math", "pow"),
	module("datetime", "now"),
	module("os", "readfile"),
	module("sys", "hostname", "getenv"),
	module("iter", "map"),
	module("golang/strings", "to_upper"),
	&funcs.Module{Path: "embedded", Source: "import \"fmt\"\n$v = 13\nclass c {\n\ttest \"in\" {}\n}\n"},
)

func module(path string, names ...string) *funcs.Module {
	m := &funcs.Module{Path: path}
	if path == "" {
		m.Consts = map[string]types.Value{"hostname": nil, "const.res.file.state.exists": types.Str("exists")}
	}
	for _, name := range names {
		m.Funcs = append(m.Funcs, &funcs.Function{Name: name})
	}
	return m
}

func resolveFiles(t testing.TB, files fs.FS) (*resolve.Program, syntax.Diagnostics) {
	t.Helper()
	return resolve.Resolve(t.Context(), resolve.Options{
		Source: resolve.FS{FS: files}, Main: "main.mcl", Library: library, ModulePath: []string{"modules/"},
	})
}

func resolveText(t testing.TB, text string) (*resolve.Program, syntax.Diagnostics) {
	t.Helper()
	return resolveFiles(t, fstest.MapFS{"main.mcl": &fstest.MapFile{Data: []byte(text)}})
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
		prog, diags := resolveFiles(t, p.Files)
		return render(t, prog, diags)
	})
}

// TestFacts takes the facts of the language as far as this package decides them: those
// that are to be rejected up to PhaseScope are, and no others.
func TestFacts(t *testing.T) {
	here := []string{"parse", "init", "interp", "scope"}
	for _, fact := range langtest.Facts(t, "../testdata/facts.txt") {
		prog, diags := resolveFiles(t, fact.Program.Files)
		got := "accepted"
		for _, d := range diags {
			if d.Severity == syntax.Error && (got == "accepted" || slices.Index(here, d.Phase.String()) < slices.Index(here, got)) {
				got = d.Phase.String()
			}
		}
		want := slices.DeleteFunc(fact.Rejected(), func(p string) bool { return !slices.Contains(here, p) })
		if len(want) == 0 && got == "accepted" || slices.Contains(want, got) {
			continue
		}
		t.Errorf("fact %s: %s\ngot %s, want %s\n%s", fact.Number, fact.Text, got, fact.Want, render(t, prog, diags))
	}
}

// TestCodes holds that the documented example of each code of this phase shows it.
func TestCodes(t *testing.T) {
	for _, info := range syntax.Codes() {
		if info.Phase != syntax.PhaseScope || info.Example == "" {
			continue
		}
		prog, diags := resolveText(t, info.Example)
		if len(diags) != 1 || diags[0].Code != info.Code || diags[0].Phase != info.Phase {
			t.Errorf("%s: the example\n%s\nshows\n%s", info.Code, info.Example, render(t, prog, diags))
		}
	}
}

// TestCodesDocumented holds that every code that the tests see is documented.
func TestCodesDocumented(t *testing.T) {
	langtest.Golden(t, "testdata/*.txt", func(t *testing.T, p langtest.Program) string {
		prog, diags := resolveFiles(t, p.Files)
		for _, d := range diags {
			if _, ok := syntax.Explain(d.Code); !ok {
				t.Errorf("the code %s is not documented", d.Code)
			}
		}
		return render(t, prog, diags)
	})
}

// TestRefs shows what names are bound to, through aliases of includes and imports.
func TestRefs(t *testing.T) {
	for _, test := range []struct{ text, name, want string }{
		{"$x = 1\n$y = $x\n", "$x", "`$x` at 1:2"},
		{"$x = 1\nif true {\n\t$y = $x\n\t$x = 2\n}\n", "$x", "`$x` at 4:3"},
		{"$y = func($x) { $x }\n", "$x", "`$x` at 1:12"},
		{"for $i, $i in [1] {\n\t$y = $i\n}\n", "$i", "`$i` at 1:10"},
		{"class c($p) {}\ninclude c(1) as i\n$y = $i.p\n", "$i.p", "i > `$p` at 1:10"},
		{"class c {\n\tclass d {\n\t\t$v = 1\n\t}\n\tinclude d as j\n}\ninclude c as i\n$y = $i.j.v\n", "$i.j.v", "i > j > `$v` at 3:4"},
		{"class c {\n\timport \"fmt\" as f\n}\ninclude c as i\n$y = i.f.printf()\n", "i.f.printf", "`printf()`"},
		{"$o = 1\nclass c {}\ninclude c as i\n$y = $i.o\n", "$i.o", "i > `$o` at 1:2"},
		{"class c {}\ninclude c as i\n$y = $i.hostname\n", "$i.hostname", "`$hostname`"},
		{"$y = $const.res.file.state.exists\n", "$const.res.file.state.exists", "`$const.res.file.state.exists`"},
		{"import \"fmt\" as *\n$y = printf()\n", "printf", "`printf()`"},
		{"import \"fmt\" as f\n$y = f.len()\n", "f.len", "`len()`"},
		{"import \"embedded\"\n$y = $embedded.v\n", "$embedded.v", "`$v` at 2:2"},
	} {
		prog, diags := resolveText(t, test.text)
		if diags.HasErrors() {
			t.Errorf("%s\n%s", test.text, render(t, prog, diags))
			continue
		}
		if got := refAt(prog, test.name); got != test.want {
			t.Errorf("%s\n%s is bound to %s, want %s", test.text, test.name, got, test.want)
		}
	}
}

// refAt describes what the name is bound to where it is mentioned.
func refAt(p *resolve.Program, name string) string {
	var ref *resolve.Ref
	syntax.Inspect(p.Main.Tree, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.VarExpr:
			if "$"+n.Path == name {
				ref = p.Refs[n.ID()]
			}
		case *syntax.CallExpr:
			if n.Name.Text == name {
				ref = p.Refs[n.ID()]
			}
		}
		return true
	})
	if ref == nil {
		return "nothing"
	}
	out := ""
	for _, via := range ref.Via {
		out += via.Name + " > "
	}
	out += ref.Def.String()
	if ref.Def.Scope != nil {
		at := p.Files.Position(ref.Def.Span.Start)
		out += fmt.Sprintf(" at %d:%d", at.Line, at.Column)
	}
	return out
}

// TestOrder holds that each definition comes after those it refers to.
func TestOrder(t *testing.T) {
	prog, diags := resolveText(t, `
$a = $b + f($c)
func f($x) { $x + $d }
if true {
	$inner = $a
	include k($inner) as i
	test [$i.w] {}
}
class k($p) {
	$w = $p + $d
	for $n, $v in [$w] {
		$u = $v
		test [$u] {}
	}
}
$d = 1
$c = 2
$b = $c
`)
	if len(diags) > 0 {
		t.Fatal(render(t, prog, diags))
	}
	at := map[string]int{}
	for i, def := range prog.Order {
		at[def.Name] = i
	}
	for _, pair := range [][2]string{{"d", "f"}, {"b", "a"}, {"c", "b"}, {"a", "inner"}, {"inner", "i"}, {"k", "i"},
		{"w", "k"}, {"u", "k"}, {"w", "v"}, {"v", "u"}, {"d", "w"}} {
		if at[pair[0]] >= at[pair[1]] {
			t.Errorf("%s comes at %d, after %s at %d", pair[0], at[pair[0]], pair[1], at[pair[1]])
		}
	}
}

// TestUses holds that only what may run counts.
func TestUses(t *testing.T) {
	prog, diags := resolveText(t, `
$once = 1
$twice = 2
$unused = 3
$indirect = $unused
func f($x) { $once + $twice }
func g($x) { $twice }
class c {
	$w = $twice
	test ["${v}", "x"] { int64 => f(1), }
}
class d {
	test [$v] { int64 => g(1), }
}
$v = "v"
include c
class ignores($p) {}
class passes($p) {
	include ignores($p)
}
class wants($p) {
	test [$p] {}
}
include passes($ignored)
include wants($wanted)
$ignored = 1
$wanted = "w"
`)
	if len(diags) > 0 {
		t.Fatal(render(t, prog, diags))
	}
	got := map[string]int{}
	for _, def := range prog.Order {
		got[def.String()] = prog.Uses[def]
	}
	for name, want := range map[string]int{"`$once`": 1, "`$twice`": 1, "`$unused`": 0, "`$indirect`": 0, "`f()`": 1, "`g()`": 0,
		"class `c`": 1, "class `d`": 0, "`$ignored`": 0, "`$wanted`": 1, "`$v`": 1, "`$w`": 0} {
		if got[name] != want {
			t.Errorf("%s has %d uses, want %d", name, got[name], want)
		}
	}
}

// TestModules holds where modules are found, and that each is read once.
func TestModules(t *testing.T) {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"prog/metadata.yaml": "main: src/start.mcl\npath: mods/\n",
		"prog/src/start.mcl": "import \"a.mcl\"\nimport \"../lib/\"\nimport \"https://example.com:8443/x/mgmt-net-tools/?q=1\"\ntest [$a.v, $lib.v, $net_tools.v] {}\n",
		"prog/src/a.mcl":     "import \"../lib/\" as l\n$v = $l.v\n",
		"prog/lib/main.mcl":  "$v = \"lib\"\n",
		"prog/mods/example.com/x/mgmt-net-tools/metadata.yaml": "",
		"prog/mods/example.com/x/mgmt-net-tools/main.mcl":      "$v = \"n\"\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for _, main := range []string{"prog/", "prog/metadata.yaml"} {
		prog, diags := resolve.Resolve(t.Context(), resolve.Options{Source: resolve.FS{FS: files}, Main: main, Library: library})
		if len(diags) > 0 {
			t.Fatal(render(t, prog, diags))
		}
		var got []string
		for _, m := range prog.Modules {
			got = append(got, m.Name+" in "+m.Dir)
		}
		want := []string{
			"prog/lib/main.mcl in /lib/",
			"prog/src/a.mcl in /src/",
			"prog/mods/example.com/x/mgmt-net-tools/main.mcl in /mods/example.com/x/mgmt-net-tools/",
			"prog/src/start.mcl in /",
		}
		if !slices.Equal(got, want) {
			t.Errorf("modules:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if i := slices.Index(prog.Read, "prog/lib/main.mcl"); i < 0 || slices.Contains(prog.Read[i+1:], "prog/lib/main.mcl") {
			t.Errorf("read %q, want each file once", prog.Read)
		}
	}
}

// TestFSConfined holds that no path leads out of a file system.
func TestFSConfined(t *testing.T) {
	src := resolve.FS{FS: fstest.MapFS{"main.mcl": &fstest.MapFile{}}}
	for _, name := range []string{"../main.mcl", "/main.mcl", "a/../../main.mcl"} {
		if _, err := src.ReadFile(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("reading %s: got %v, want a refusal", name, err)
		}
	}
	if _, err := src.ReadFile("./a/../main.mcl"); err != nil {
		t.Error(err)
	}
}

// TestCancelled holds that nothing more is read once the context has ended.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	files := fstest.MapFS{
		"main.mcl": &fstest.MapFile{Data: []byte("import \"a.mcl\"\n")},
		"a.mcl":    &fstest.MapFile{Data: []byte("$v = 1\n")},
	}
	prog, _ := resolve.Resolve(ctx, resolve.Options{Source: resolve.FS{FS: files}, Main: "main.mcl", Library: library})
	if slices.Contains(prog.Read, "a.mcl") {
		t.Error("a file was read after the context had ended")
	}
}

func TestMetadata(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "{main.mcl files/   false}",
		"main: x.mcl\nunknown: [1]\n":    "{x.mcl files/   false}",
		"path: p/\nparentpathblock: yes": "{main.mcl files/ p/  true}",
		"main: x/\n":                     "error",
		"main: /x.mcl\n":                 "error",
		"files: x\n":                     "error",
		"path: /x/\n":                    "error",
		"[1, 2]":                         "error",
		"\tx":                            "error",
	} {
		got := "error"
		if m, err := resolve.ParseMetadata([]byte(text)); err == nil {
			got = fmt.Sprint(*m)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestLong holds that long chains and deep nests cost no more than their length.
func TestLong(t *testing.T) {
	const n = 100_000
	for name, text := range map[string]string{
		"chain": programs["chain"](n),
		"sum":   "$x = 1\n$y = " + strings.Repeat("$x + ", n) + "$x\n",
		"calls": "func f($x) { $x }\n$y = " + strings.Repeat("f(", n) + "1" + strings.Repeat(")", n) + "\n",
		"ifs":   strings.Repeat("if true {\n", 10_000) + strings.Repeat("}\n", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			if prog, diags := resolveText(t, text); len(diags) > 0 {
				t.Error(render(t, prog, diags[:1]))
			}
		})
	}
}

// TestManyWays holds that a missing name is not looked for along every way there is.
func TestManyWays(t *testing.T) {
	const depth = 60
	files := fstest.MapFS{}
	for i := range depth {
		text := fmt.Sprintf("import \"a%d.mcl\" as *\nimport \"b%d.mcl\" as *\n", i+1, i+1)
		files[fmt.Sprintf("a%d.mcl", i)] = &fstest.MapFile{Data: []byte(text)}
		files[fmt.Sprintf("b%d.mcl", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	files[fmt.Sprintf("a%d.mcl", depth)] = &fstest.MapFile{}
	files[fmt.Sprintf("b%d.mcl", depth)] = &fstest.MapFile{}
	text := "import \"a0.mcl\" as *\nclass c {\n\tinclude c2 as i\n}\nclass c2 {}\ninclude c as i\n$x = $nope\n$y = $i" + strings.Repeat(".i", depth) + ".x\n"
	files["main.mcl"] = &fstest.MapFile{Data: []byte(text)}
	if _, diags := resolveFiles(t, files); len(diags) != 2 {
		t.Errorf("got %d diagnostics, want 2: %v", len(diags), diags)
	}
}

// TestLongCycle holds that a cycle of any length is reported once.
func TestLongCycle(t *testing.T) {
	const n = 10_000
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "$x%d = $x%d + $x%d\n", i, (i+1)%n, (i+1)%n)
	}
	_, diags := resolveText(t, b.String())
	if len(diags) != 1 || diags[0].Code != "recursion" || len(diags[0].Related) > 100 {
		t.Errorf("got %d diagnostics, the first with %d related places", len(diags), len(diags[0].Related))
	}
}

// TestManyMistakes holds that a program full of mistakes is answered in time.
func TestManyMistakes(t *testing.T) {
	var b strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&b, "$x%d = $y%d\n", i, i)
	}
	_, diags := resolveText(t, b.String())
	if len(diags) > 250 || diags[len(diags)-1].Code != "too-many-errors" {
		t.Errorf("got %d diagnostics, the last %q", len(diags), diags[len(diags)-1].Message)
	}
}

// FuzzResolve holds that no text makes Resolve panic, and that what it accepts is bound.
func FuzzResolve(f *testing.F) {
	for _, text := range []string{
		"$x = $y\n$y = $x\n",
		"class a:b:c {\n}\nclass a:b {\n}\nclass a {\n}\ninclude a as x\ninclude x.b as y\ninclude y.c\n",
		"import \"fmt\" as *\nimport \"main.mcl\"\n$x = printf(\"${x.y}\", $a.b.c)\n",
		"include i.d as i\ninclude i as j\nclass d {\n\tinclude d\n}\n",
		"for $i, $i in [func($x) { $i }] {\n\tclass c($p) {\n\t\t$p = $p\n\t}\n\tinclude c($i) as c\n}\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		prog, diags := resolveText(t, text)
		if diags.HasErrors() {
			return
		}
		syntax.Inspect(prog.Main.Tree, func(n syntax.Node) bool {
			if _, ok := n.(*syntax.ClassStmt); ok {
				return false // it may never be included
			}
			if x, ok := n.(*syntax.VarExpr); ok && prog.Refs[x.ID()] == nil {
				t.Errorf("$%s is not bound", x.Path)
			}
			return true
		})
	})
}
