package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSecretsAreNeverShown runs random programs that mix secrets with everything else, and
// looks for them in all that there is to be seen of an agent and of its program.
func TestSecretsAreNeverShown(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("agents run on Linux")
	}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t, seed)
			k.program()
			k.looksBefore()
			k.runs()
		})
	}
}

// marker stands in every secret of the test, in one case or another.
var marker = regexp.MustCompile(`(?i)sesame`)

// secretTexts are secrets as they may stand in a file.
var secretTexts = []string{
	"open sesame",
	`it's "sesame" & <b>\n ü`,
	"-----BEGIN SESAME-----\nsesame1\n\tsesame2 sesame2\n-----END SESAME-----",
	"sesame=",
}

// A keeper keeps the secrets of one random program.
type keeper struct {
	t    *testing.T
	rnd  *rand.Rand
	dir  string
	bin  string
	text string
	ids  []string // of the resources
}

func newKeeper(t *testing.T, seed uint64) *keeper {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{t: t, rnd: rand.New(rand.NewPCG(seed, 11)), dir: t.TempDir()}
	k.bin = filepath.Join(k.dir, "mgmt") // the test binary is mgmt under that name
	if err := os.Symlink(exe, k.bin); err != nil {
		t.Fatal(err)
	}
	k.write("public", "public 0\n")
	k.rotate(0)
	return k
}

func (k *keeper) write(name, text string) {
	k.t.Helper()
	path := filepath.Join(k.dir, name)
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		k.t.Fatal(err)
	}
}

// rotate writes other secrets.
func (k *keeper) rotate(round int) {
	for i := range 3 {
		k.write(fmt.Sprint("secret", i), fmt.Sprintf("%s%d\n", secretTexts[k.rnd.IntN(len(secretTexts))], round))
	}
}

// expr returns a random expression of type str.
func (k *keeper) expr(depth int) string {
	if depth == 0 {
		return []string{`"text"`, `$public`, `$s0`, `$s1`, `$s2`, `"<${s1}>"`, `$mixed->b`, `$mixed->a`, `$list[1]`, `$list[0]`, `$table["k"]`}[k.rnd.IntN(11)]
	}
	a, b := k.expr(depth-1), k.expr(k.rnd.IntN(depth))
	switch k.rnd.IntN(12) {
	case 0:
		return "(" + a + " + " + b + ")"
	case 1:
		return fmt.Sprintf(`fmt.printf("%%s|%%d|%%s", %s, len(%s), $public)`, a, b)
	case 2:
		return "strings.to_upper(" + a + ")"
	case 3:
		return "if " + a + " == " + b + " { " + b + " } else { " + a + " }"
	case 4:
		return "both(" + a + ", " + b + ")"
	case 5:
		return "first(" + a + ", " + b + ")"
	case 6:
		return "iter.map([" + a + ", " + b + "], func($x) { $x + $s0 })[0]"
	case 7:
		return "iter.map([" + a + ", " + b + "], func($x) { $x + \"!\" })[1]"
	case 8:
		return "struct{x => " + a + ", y => " + b + "}->x"
	case 9:
		return "[" + a + ", " + b + "][1]"
	case 10:
		return "({\"k\" => " + a + "}[\"none\"] <|> " + b + ")"
	}
	return "$add(" + a + ")"
}

// program writes a random program.
func (k *keeper) program() {
	var b strings.Builder
	fmt.Fprintf(&b, `import "fmt"
import "iter"
import "os"
import "secret"
import "strings"
$public = os.readfile("%[1]s/public")
$s0 = secret.file("%[1]s/secret0")
$s1 = secret.file("%[1]s/secret1")
$s2 = secret.file("%[1]s/secret2")
$mixed = struct{a => $s0, b => $public}
$list = [$public, $s1]
$table = {"k" => $s2, "l" => "l"}
$add = func($x) { $x + $s2 }
func both($a, $b) { $a + $b }
func first($a, $b) { $a }
class app($name, $text) {
	print "app ${name}" {
		msg => $text,
	}
}
`, k.dir)
	resource := func(id, format string, args ...any) {
		kind, name, _ := strings.Cut(id, "/")
		k.ids = append(k.ids, kind+"["+name+"]")
		fmt.Fprintf(&b, kind+" \""+name+"\" {\n"+format+"}\n", args...)
	}
	for i := range 6 {
		name := fmt.Sprint(i)
		switch k.rnd.IntN(7) {
		case 0:
			resource("print/"+name, "\tmsg => %s,\n", k.expr(3))
		case 1:
			resource("exec/"+name, "\tcmd => \"printf '%%s\\\\n' \\\"$A\\\"; printf '%%s\\\\n' \\\"$A\\\" >&2\",\n\tshell => \"/bin/sh\",\n\tenv => {\"A\" => %s},\n", k.expr(3))
			resource("print/from "+name, "")
			fmt.Fprintf(&b, "Exec[%q].output -> Print[\"from %s\"].msg\n", name, name)
		case 2: // it fails, and says with what
			resource("exec/"+name, "\tcmd => \"/bin/ls\",\n\targs => [\"/nothing\", %s],\n\tMeta:retry => 1,\n", k.expr(2))
		case 3:
			fmt.Fprintf(&b, "include app(\"%s\", %s)\n", name, k.expr(3))
			k.ids = append(k.ids, "print[app "+name+"]")
		case 4:
			fmt.Fprintf(&b, "if %s == %s {\n", k.expr(1), k.expr(1))
			resource("print/if "+name, "\tmsg => %s,\n", k.expr(2))
			fmt.Fprintf(&b, "}\n")
		case 5:
			fmt.Fprintf(&b, "for $i%s, $x%s in [%s, %s] {\n$n%s = fmt.printf(\"for %s.%%d\", $i%s)\nprint $n%s {\n\tmsg => $x%s,\n}\n}\n",
				name, name, k.expr(2), k.expr(2), name, name, name, name, name)
			k.ids = append(k.ids, "print[for "+name+".0]", "print[for "+name+".1]")
		default:
			resource("file/"+filepath.Join(k.dir, "out"+name), "\tstate => \"exists\",\n\tcontent => %s,\n\tMeta:reverse => true,\n", k.expr(3))
		}
	}
	resource("print/public", "\tmsg => $public,\n")
	k.text = b.String()
	k.write("p.mcl", k.text)
}

// see looks for secrets in a text.
func (k *keeper) see(what, text string) {
	k.t.Helper()
	if at := marker.FindStringIndex(text); at != nil {
		k.t.Errorf("%s shows a secret:\n…%s…\nof the program\n%s", what, text[max(0, at[0]-200):min(len(text), at[1]+200)], k.text)
	}
}

// looks runs a command that only looks, and looks at what it shows.
func (k *keeper) looks(args ...string) string {
	k.t.Helper()
	var out bytes.Buffer
	command(args, &streams{in: strings.NewReader(""), out: &out, err: &out})
	k.see("mgmt "+strings.Join(args, " "), out.String())
	return out.String()
}

// looksBefore looks at the program before it has been run.
func (k *keeper) looksBefore() {
	k.t.Helper()
	p := filepath.Join(k.dir, "p.mcl")
	if out := k.looks("check", p); strings.Contains(out, "error") {
		k.t.Fatalf("the program is wrong: %s\n%s", out, k.text)
	}
	for _, args := range [][]string{{"plan", p}, {"plan", "--json", p}, {"graph", p}, {"graph", "--format", "json", p}, {"graph", "--format", "dot", p}} {
		k.looks(args...)
	}
}

// runs runs the program while its secrets change, and then a program without them.
func (k *keeper) runs() {
	prefix := filepath.Join(k.dir, "prefix")
	args := []string{"run", "-v", "--prefix", prefix, "--graphviz", filepath.Join(k.dir, "graph.dot"), filepath.Join(k.dir, "p.mcl")}
	if k.rnd.IntN(2) == 0 {
		args = append(args, "--log-format", "json")
	}
	agent := exec.Command(k.bin, args...)
	var log bytes.Buffer
	agent.Stdout, agent.Stderr = &log, &log
	if err := agent.Start(); err != nil {
		k.t.Fatal(err)
	}
	over := false
	end := func() {
		if over {
			return
		}
		over = true
		_ = agent.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(time.Minute, func() { _ = agent.Process.Kill() })
		defer late.Stop()
		if err := agent.Wait(); err != nil {
			k.t.Logf("the agent ended with %v", err)
		}
	}
	defer end()
	k.until(prefix, "public 0")
	for round := range 2 {
		k.rotate(round + 1)
		k.write("public", fmt.Sprintf("public %d\n", round+1))
		k.until(prefix, fmt.Sprintf("public %d", round+1))
		k.looksInside(prefix)
	}
	k.write("p.mcl", "print \"public\" {\n\tmsg => \"the end\",\n}\n")
	k.until(prefix, "the end")
	k.looksInside(prefix)
	end()
	k.see("the log", log.String())
	if !strings.Contains(log.String(), "(secret)") {
		k.t.Errorf("the log does not say that there are secrets:\n%s\n%s", log.String(), k.text)
	}
	k.looks("events", "--prefix", prefix)
	k.files("prefix/history")
	k.files("graph.dot@*")
}

// until waits until the agent has printed the message, and looks on meanwhile.
func (k *keeper) until(prefix, message string) {
	k.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		if strings.Contains(k.looks("events", "--prefix", prefix, "--last", "1000", "print[public]", "--json"), message) {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("the agent has not come to %q:\n%s\n%s", message, k.looks("status", "--all", "--prefix", prefix), k.text)
		}
	}
}

// looksInside looks at a running agent.
func (k *keeper) looksInside(prefix string) {
	k.t.Helper()
	for _, args := range [][]string{
		{"status", "--all"}, {"status", "--all", "--json"}, {"events", "--last", "1000"}, {"events", "--last", "1000", "--json"},
		{"graph", "--live"}, {"graph", "--live", "--format", "json"},
	} {
		k.looks(append(args, "--prefix", prefix)...)
	}
	for _, id := range k.ids {
		k.looks("why", "--all", "--verbose", "--prefix", prefix, id)
		k.looks("why", "--all", "--json", "--prefix", prefix, id)
	}
}

// files looks into files.
func (k *keeper) files(pattern string) {
	k.t.Helper()
	found, err := filepath.Glob(filepath.Join(k.dir, pattern))
	if err != nil || len(found) == 0 {
		k.t.Fatalf("there is no %s: %v", pattern, err)
	}
	for _, top := range found {
		err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(name)
			k.see(name, string(text))
			return err
		})
		if err != nil {
			k.t.Error(err)
		}
	}
}
