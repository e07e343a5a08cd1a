package std

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mgmt/lang"
	"mgmt/lang/compile"
	"mgmt/lang/flow"
	"mgmt/lang/funcs"
	"mgmt/lang/infer"
	"mgmt/lang/syntax"
	"mgmt/lang/types"
	"mgmt/local"
	"mgmt/watch"
	"mgmt/world/mem"
)

// errNoValue says that a program still waited for its sources when the patience of the
// test ended.
var errNoValue = errors.New("no value")

// A refusal is the first error that a program has before it runs.
type refusal struct{ diag *syntax.Diagnostic }

func (r refusal) Error() string { return string(r.diag.Code) + ": " + r.diag.Message }

// printKind lets programs hand out a string: print "…" { msg => … }.
type printKind struct{}

func (printKind) Names() []string { return []string{"print"} }

func (printKind) Kind(name string) *infer.Kind {
	if name != "print" {
		return nil
	}
	return &infer.Kind{Name: name, Fields: []types.Field{{Name: "msg", Type: types.TStr}}}
}

// moduleAliases are the modules that cannot go by their own names in the cases.
var moduleAliases = map[string]string{
	"wc": "world/collect",
	"gh": "golang/html", "gm": "golang/math", "gr": "golang/math/rand", "go_os": "golang/os", "gx": "golang/os/exec",
	"gp": "golang/path", "gf": "golang/path/filepath", "grt": "golang/runtime", "gc": "golang/strconv",
	"gs": "golang/strings", "nested": "example/nested",
}

// program returns the source text that shows what an expression yields. It imports the
// modules that the statement and the expression may mean.
func program(setup, expr string) string {
	var b strings.Builder
	all := setup + "\n" + expr
	for p := range Library().Modules() {
		if name := path.Base(p); p != "" && p == name && mentions(all, name) {
			fmt.Fprintf(&b, "import %q\n", p)
		}
	}
	for name, p := range moduleAliases {
		if mentions(all, name) {
			fmt.Fprintf(&b, "import %q as %s\n", p, name)
		}
	}
	fmt.Fprintf(&b, "%s\nprint \"result\" {\n\tmsg => %s,\n}\n", setup, expr)
	return b.String()
}

func mentions(text, module string) bool {
	return regexp.MustCompile(`\b` + module + `\.`).MatchString(text)
}

// newHost returns an agent called h1 with nothing in its memory, whose program stands in
// the root of an otherwise empty deploy.
func newHost(t *testing.T) *funcs.Host {
	hub := watch.NewHub(nil)
	t.Cleanup(func() { hub.Close() })
	return &funcs.Host{
		Hostname: "h1",
		World:    mem.New().Host("h1"),
		Local:    local.New(t.TempDir()),
		Watch:    hub,
		Files:    fstest.MapFS{},
	}
}

// eval runs a program and returns the message of its resource print "result". The error
// is a [refusal], [errNoValue], or that of the run.
func eval(t *testing.T, text string) (string, error) {
	t.Helper()
	prog, diags := lang.Load(t.Context(), lang.Input{Main: "main.mcl", Text: []byte(text)}, Library(), printKind{})
	for _, d := range diags {
		if d.Severity == syntax.Error {
			return "", refusal{d}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	g := prog.Start(ctx, newHost(t))
	defer g.Wait()
	defer cancel()
	return result(g, text)
}

// result waits until the graph has a value, and where a command prints line by line,
// until it prints no more.
func result(g *flow.Graph, text string) (out string, err error) {
	patience := 3 * time.Second
	err = errNoValue
	for {
		changes, ok := g.Stabilize()
		if ok {
			for _, o := range changes.Set {
				out, err = message(o)
			}
			if !strings.Contains(text, "os.system(") {
				return out, err
			}
			patience = 200 * time.Millisecond
		}
		select {
		case <-g.Events():
		case <-time.After(patience):
			return out, err
		}
	}
}

func message(o *flow.Output) (string, error) {
	if o.Err != nil {
		return "", o.Err
	}
	for _, r := range o.Payload.(*compile.Contribution).Resources {
		for _, p := range r.Params {
			if p.Name == "msg" {
				return p.Value.String(), nil
			}
		}
	}
	return "", errNoValue
}

// outcome says what eval returned in the words of the cases. An error of the run counts
// as fatal.
func outcome(out string, err error) string {
	var r refusal
	switch {
	case err == nil:
		return out
	case err == errNoValue:
		return "novalue"
	case errors.As(err, &r) && r.diag.Phase == syntax.PhaseUnify:
		return "error:type"
	case errors.As(err, &r):
		return "error:" + r.diag.Phase.String()
	}
	return "error:fatal"
}

// TestCases runs every line of testdata/cases.txt.
func TestCases(t *testing.T) {
	zone := time.Local
	time.Local = time.UTC
	defer func() { time.Local = zone }()
	t.Setenv("VF", "vf")
	t.Setenv("VEMPTY", "")
	cases, err := readCases("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	bySection := map[string][]conformanceCase{}
	for _, c := range cases {
		bySection[c.section] = append(bySection[c.section], c)
	}
	for _, section := range slices.Sorted(maps.Keys(bySection)) {
		t.Run(section, func(t *testing.T) {
			for _, c := range bySection[section] {
				checkCase(t, c)
			}
		})
	}
}

func checkCase(t *testing.T, c conformanceCase) {
	t.Helper()
	shown := fmt.Sprintf(`fmt.printf("%%v", %s)`, c.expr)
	out, err := eval(t, program(c.setup, shown))
	got := outcome(out, err)
	if got == "error:fatal" { // unless <|> catches it
		if out, err := eval(t, program(c.setup, shown+` <|> "caught"`)); err == nil && out == "caught" {
			got = "error:catch"
		}
	}
	if !accepted(got, c.want) {
		t.Errorf("cases.txt:%d: %s gives %q (%v), want %q", c.line, c.expr, got, err, c.want)
	}
}

// accepted reports whether an outcome is as wanted. A type error may show at run time,
// and a fatal one may be foreseen.
func accepted(got, want string) bool {
	if got == want {
		return true
	}
	return want == "error:type" && got == "error:fatal" || want == "error:fatal" && got == "error:type"
}
