package lang_test

import (
	"fmt"
	"strings"
	"testing"

	frontlang "mgmt/frontend/lang"
	"mgmt/lang"
	"mgmt/lang/std"
	"mgmt/resources"
)

// messages checks a program and returns what is said of it, by places.
func messages(t *testing.T, text string) []string {
	t.Helper()
	files, diags := frontlang.Check(t.Context(), frontlang.Options{
		Input:   lang.Input{Main: "p.mcl", Text: []byte(text)},
		Library: std.Library(),
		Kinds:   resources.Kinds(),
	})
	var out []string
	for _, d := range diags {
		at := files.Position(d.Span.Start)
		out = append(out, fmt.Sprintf("%d:%d %s", at.Line, at.Column, d.Message))
	}
	return out
}

// TestCheckValidates gives resources that are wrong whatever happens.
func TestCheckValidates(t *testing.T) {
	for _, x := range []struct{ program, want string }{
		{`file "a" {}`, `1:1 file[a]: path: "a" is no absolute path`},
		{`file "/a" { state => "exist", }`, `1:13 file[/a]: state: is "exist"`},
		{`file "/a" { state => ("exist"), }`, `1:13 file[/a]: state: is "exist"`},
		{"$s = \"exist\"\nfile \"/a\" { state => $s, }", `2:13 file[/a]: state`},
		{"$d = \"x\"\nfile \"${d}/a\" {}", `2:1 file[x/a]: path`},
		{`file ["/a", "b"] {}`, `1:1 file[b]: path`},
		{`exit "e" { code => 256, }`, `1:12 exit[e]: code`},
		{`print "$p" {}`, `1:1 print[$p]: the name begins with $`},
		{`print "p" { Meta:delay => -1, }`, `1:13 print[p]: Meta:delay`},
		{`test "t" { mapintfloat => {1 => 0.5}, int8 => 200, }`, `1:39 test[t]: int8`},
		{`test "t" { mixedstruct => struct{somebool => true, somestr => "", someint => 1, somefloat => 1.5}, int8 => 200, }`, `test[t]: int8`},
	} {
		if got := messages(t, x.program+"\n"); len(got) != 1 || !strings.Contains(got[0], x.want) {
			t.Errorf("%s\nis answered with %q, want %q", x.program, got, x.want)
		}
	}
}

// TestCheckAllows gives resources of which it is not known whether they are wrong.
func TestCheckAllows(t *testing.T) {
	for _, program := range []string{
		"if false {\n\tfile \"a\" {}\n}",
		"class c {\n\tfile \"a\" {}\n}",
		"import \"sys\"\nfile \"/a\" { state => sys.getenv(\"STATE\"), }",
		`file "/a" { state => false ?: "exist", }`,
		`file "a" { Meta:hidden => true, }`,
		`file "/a" { state => $const.res.file.state.exists, }`,
		`exec "/bin/true" { user => "somebody else", }`,
		`file [] {}`,
	} {
		if got := messages(t, program+"\n"); len(got) > 0 {
			t.Errorf("%s\nis answered with %q", program, got)
		}
	}
}

// TestCheckIsBounded has values that are small as they are written, and huge when all is put in.
func TestCheckIsBounded(t *testing.T) {
	var list, text strings.Builder
	list.WriteString("$a0 = [\"x\"]\n")
	text.WriteString("$a0 = \"x\"\n")
	for i := range 60 {
		fmt.Fprintf(&list, "$a%d = [$a%d, $a%d]\n", i+1, i, i)
		fmt.Fprintf(&text, "$a%d = \"${a%d}${a%d}\"\n", i+1, i, i)
	}
	for _, program := range []string{
		list.String() + "value \"v\" { any => $a60, }\n",
		text.String() + "value \"v\" { any => $a60, }\n",
		text.String() + "file \"${a60}\" {}\n",
	} {
		if got := messages(t, program); len(got) > 0 {
			t.Errorf("a program that doubles a value is answered with %q", got)
		}
	}
}
