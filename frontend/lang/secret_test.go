package lang

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mgmt/lang/syntax"
)

// hidden is what the secret of the test programs is.
const hidden = "open sesame"

// secretPrelude is what the test programs begin with: a secret, and a value that changes too
// but is none.
const secretPrelude = `import "secret"
import "sys"
import "iter"
import "fmt"
import "strings" as text
import "convert"
$pw = secret.env("MGMT_TEST_SECRET")
$open = sys.getenv("MGMT_TEST_OPEN")
`

// TestSecretsFollowValues declares resources named after whether their parameter has to be
// secret: yes… and no….
func TestSecretsFollowValues(t *testing.T) {
	t.Setenv("MGMT_TEST_SECRET", hidden)
	t.Setenv("MGMT_TEST_OPEN", "open")
	for _, program := range []string{
		// By itself, through functions, operators and variables.
		`test "yes" { anotherstr => $pw, }; test "no" { anotherstr => $open, }`,
		`test "yes" { anotherstr => "a ${pw} b", }; test "no" { anotherstr => "a ${open} b", }`,
		`test "yes" { anotherstr => $open + $pw, }`,
		`test "yes" { anotherstr => text.to_upper($pw), }; test "no" { anotherstr => text.to_upper($open), }`,
		`test "yes" { anotherstr => fmt.printf("%s and %s", $open, $pw), }`,
		`test "yes" { int64 => len($pw), }; test "no" { int64 => len($open), }`,
		`test "yes" { boolptr => $pw == "x", }`,
		`test "yes" { anotherstr => secret.env("NOT_SET_AT_ALL") <|> $pw, }; test "no" { anotherstr => secret.env("NOT_SET_AT_ALL") <|> "none", }`,
		// Of a collection each element for itself.
		`$s = struct{a => $pw, b => $open,}; test "yes" { anotherstr => $s->a, }; test "no" { anotherstr => $s->b, }`,
		`$s = struct{inner => struct{a => $pw, b => $open,}, c => "c",}; test "yes" { anotherstr => $s->inner->a, }; test "no" { anotherstr => $s->inner->b, }; test "no2" { anotherstr => $s->c, }`,
		`$l = [$open, $pw,]; test "yes" { anotherstr => $l[1], }; test "no" { anotherstr => $l[0], }`,
		`$m = {"b" => $open, "a" => $pw,}; test "yes" { anotherstr => $m["a"], }; test "no" { anotherstr => $m["b"], }`,
		`$m = {$pw => "a", "b" => $open,}; test "yes" { anotherstr => $m["b"], }`,
		`$m = {$open => "a", "b" => $pw,}; test "yes" { anotherstr => $m["b"], }; test "no" { anotherstr => $m[$open], }`,
		`$m = {"open sesame" => $open,}; test "yes" { anotherstr => $m[$pw], }`,
		`$s = struct{a => $pw,}; test "yes" { anotherstr => $s->a <|> "x", }; test "no" { anotherstr => $s->b <|> $open, }`,
		// Statements.
		`for $i, $x in ["yes", "yes2",] { test $x { anotherstr => $pw, } }`,
		`for $i, $u in [struct{n => "yes", p => $pw,}, struct{n => "no", p => $open,},] { test $u->n { anotherstr => $u->p, } }`,
		`forkv $k, $v in {"yes" => $pw, "no" => $open,} { test $k { anotherstr => $v, } }`,
		`if $pw == "x" { test "no" { anotherstr => "a", } } else { test "no2" { anotherstr => "b", } }`,
		`class c($x, $y) { test "yes" { anotherstr => $x, }; test "no" { anotherstr => $y, } }; include c($pw, $open)`,
		`class c($x) { $z = "${x}!" }; include c($pw) as i; test "yes" { anotherstr => $i.z, }`,
		// A branch is secret if its value is; the condition does not count.
		`test "no" { anotherstr => if $pw == "x" { "a" } else { $open }, }; test "yes" { anotherstr => if $open == "open" { $pw } else { "x" }, }`,
		// Functions of the program.
		`func f($x) { "<${x}>" }; test "yes" { anotherstr => f($pw), }; test "no" { anotherstr => f($open), }`,
		`func f($x, $y) { $x }; test "yes" { anotherstr => f($pw, $open), }; test "no" { anotherstr => f($open, $pw), }`,
		`$f = func($x) { $x + $pw }; test "yes" { anotherstr => $f("x"), }`,
		`func f($x) { func($y) { $x + $y } }; $g = f($pw); $h = f($open); test "yes" { anotherstr => $g("x"), }; test "no" { anotherstr => $h("x"), }`,
		`func f($x) { secret.env("MGMT_TEST_SECRET") + $x }; test "yes" { anotherstr => f("x"), }`,
		// Functions that apply functions.
		`$l = iter.map([1,2,], func($x) { fmt.printf("%d %s", $x, $pw) }); test "yes" { anotherstr => $l[0], }`,
		`$l = iter.map([$open, $pw,], func($x) { $x + "!" }); test "yes" { anotherstr => $l[1], }`,
		`$l = iter.map([$open, "b",], func($x) { $x + "!" }); test "no" { anotherstr => $l[1], }`,
		`$l = iter.map(["MGMT_TEST_SECRET",], func($x) { secret.env($x) }); test "yes" { anotherstr => $l[0], }`,
		`$l = iter.map(["MGMT_TEST_OPEN",], func($x) { sys.getenv($x) }); test "no" { anotherstr => $l[0], }`,
		`$l = iter.map([$pw,], func($x) { sys.defaultenv("MGMT_TEST_OPEN", $x) }); test "yes" { anotherstr => $l[0], }`,
		// Functions that read the machine.
		`test "yes" { anotherstr => sys.defaultenv("NOT_SET_AT_ALL", $pw), }`,
		// Chosen at random times: several parameters of one resource.
		`test "no" { anotherstr => $open, }; test "yes" { anotherstr => $pw, stringptr => $open, }`,
		`test "yes" { anotherstr => $pw, }; test "yes" { anotherstr => "` + hidden + `", }`,
	} {
		opts := testOptions(t, secretPrelude+strings.ReplaceAll(program, "; ", "\n"), nil)
		delta, _, diags := Snapshot(t.Context(), opts)
		if diags.HasErrors() {
			t.Errorf("%s\nis refused: %v", program, diags)
			continue
		}
		for _, s := range delta.Set {
			secret := s.Secrets.Has("anotherstr") || s.Secrets.Has("int64") || s.Secrets.Has("boolptr")
			if secret != strings.HasPrefix(s.Key.Name, "yes") {
				t.Errorf("%s\nhas %s with a value that is secret: %v", program, s.Key.Name, secret)
			}
			if text := paramText(s.Resource, "anotherstr"); secret && text != "" && s.Secrets.Hide("the value is "+text) != "the value is (secret)" {
				t.Errorf("%s\nshows of %s: %s", program, s.Key.Name, s.Secrets.Hide(text))
			}
		}
	}
}

// TestSecretsRefused holds what cannot be secret, and that errors about secrets do not tell them.
func TestSecretsRefused(t *testing.T) {
	t.Setenv("MGMT_TEST_SECRET", hidden)
	t.Setenv("MGMT_TEST_OPEN", "open")
	for program, want := range map[string]string{
		`test $pw {}`:                                            "the name of a resource must not be secret",
		`test ["a", $pw,] {}`:                                    "the name of a resource must not be secret",
		`test "a" {}; Test["a"] -> Test[$pw]`:                    "the name of a resource must not be secret",
		`test "a" { Depend => Test[$pw], }`:                      "only parameters can have secret values",
		`test "a" { Meta:sema => [$pw,], }`:                      "only parameters can have secret values",
		`test "a" { Meta => struct{sema => [$pw,],}, }`:          "only parameters can have secret values",
		`value "a" { any => $pw, }`:                              "can be read by others",
		`test "a" { anotherstr => $pw, Meta:export => ["*",], }`: "an exported resource can be read by all hosts",
		`import "world"; $x = world.exchange("n", $pw); test "a" { anotherstr => fmt.printf("%v", $x), }`: "others can see the arguments",
		`import "os"; test "a" { anotherstr => os.system("echo " + $pw), }`:                               "others can see the arguments",
		`test "a" { int64 => convert.str_to_int($pw), }`:                                                  "an error about a secret value",
		`test "a" { int64 => iter.map([$pw,], func($x) { convert.str_to_int($x) })[0], }`:                 "an error about a secret value",
		`import "os"; test "a" { anotherstr => os.readfile("/" + $pw), }`:                                 "an error about a secret value",
		`panic(true, "no " + $pw)`:           "the message is secret",
		`panic($pw)`:                         "the message is secret",
		`file "/x" { state => $pw, }`:        "(secret)",
		`test "a" { validateerror => $pw, }`: "(secret)",
	} {
		opts := testOptions(t, secretPrelude+strings.ReplaceAll(program, "; ", "\n"), nil)
		_, _, diags := Snapshot(t.Context(), opts)
		text := diags.Error()
		if !strings.Contains(text, want) {
			t.Errorf("%s\nis refused with %q, want %q", program, text, want)
		}
		if strings.Contains(text, hidden) {
			t.Errorf("%s\ntells the secret: %s", program, text)
		}
		if i := slices.IndexFunc(diags, func(d *syntax.Diagnostic) bool { return d.Span.Start == 0 }); i >= 0 {
			t.Errorf("%s\nis refused without a place: %v", program, diags[i])
		}
	}
}

// TestSecretsDoNotInterfere evaluates random expressions without conditions with two secrets:
// what differs has to be marked.
func TestSecretsDoNotInterfere(t *testing.T) {
	const perProgram = 40
	t.Setenv("MGMT_TEST_OPEN", "open")
	differ, same := 0, 0
	for seed := range uint64(5) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		program := secretPrelude + `
$s = struct{a => $pw, b => $open, c => [$open, $pw]}
$m = {"p" => $pw, "o" => $open}
$add = func($x) { $x + $pw }
func both($x, $y) { $x + $y }
func first($x, $y) { $x }
func adder($x) { func($y) { $x + $y } }
`
		for i := range perProgram {
			program += fmt.Sprintf("$f%d = adder(%s)\ntest \"%d\" {\n\tanotherstr => %s + $f%d(\"z\"),\n}\n", i, secretExpr(rnd, 1), i, secretExpr(rnd, 3), i)
		}
		var values [2]map[string]string
		marked := map[string]bool{}
		for i, secret := range []string{"one secret", "the other"} {
			t.Setenv("MGMT_TEST_SECRET", secret)
			delta, _, diags := Snapshot(t.Context(), testOptions(t, program, nil))
			if diags.HasErrors() {
				t.Fatalf("%s\nis refused: %v", program, diags)
			}
			values[i] = map[string]string{}
			for _, s := range delta.Set {
				values[i][s.Key.Name] = paramText(s.Resource, "anotherstr")
				marked[s.Key.Name] = s.Secrets.Has("anotherstr")
			}
		}
		for name, text := range values[0] {
			switch {
			case text == values[1][name]:
				same++
			case !marked[name]:
				t.Errorf("%s is %q or %q, and not marked in\n%s", name, text, values[1][name], program)
			default:
				differ++
			}
		}
	}
	if differ < perProgram || same == 0 {
		t.Errorf("%d values depend on the secret and %d do not; that tests little", differ, same)
	}
}

// secretExpr returns a random expression of type str.
func secretExpr(rnd *rand.Rand, depth int) string {
	if depth == 0 {
		return []string{`"x"`, `$open`, `"${open}"`, `$pw`, `"<${pw}>"`, `$s->a`, `$s->b`, `$s->c[0]`, `$s->c[1]`, `$m["p"]`, `$m["o"]`}[rnd.IntN(11)]
	}
	a, b := secretExpr(rnd, depth-1), secretExpr(rnd, rnd.IntN(depth))
	return fmt.Sprintf([]string{
		`(%s + %s)`, `fmt.printf("%%s %%d", %s, len(%s))`, `text.to_upper(first(%s, %s))`, `both(%s, %s)`, `first(%s, %s)`,
		`iter.map([%s, %s], func($x) { $x + "!" })[1]`, `[%s, %s][1]`, `struct{x => %s, y => %s}->x`, `{"k" => %s, "l" => %s}["l"]`,
		`iter.map([%s], func($x) { both($x, %s) })[0]`, `first(%s, $add(%s))`,
	}[rnd.IntN(11)], a, b)
}
