package lang

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mgmt/frontend"
	"mgmt/lang"
	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/resources"
)

// patience is how long a test waits for something that has to come.
const patience = 10 * time.Second

// ends are the two vertices of an edge.
type ends [2]resource.Key

// A recorder stands for the engine: it keeps the graph that the deltas add up to.
type recorder struct {
	t      *testing.T
	specs  map[resource.Key]*resource.Spec
	edges  map[ends]resource.Edge
	deltas chan taken
	refuse func(resource.Delta) error
}

// A taken delta, and the graph after it: the sorted names, and how many edges there are.
type taken struct {
	resource.Delta
	names string
	edges int
}

func newRecorder(t *testing.T) *recorder {
	return &recorder{t: t, specs: map[resource.Key]*resource.Spec{}, edges: map[ends]resource.Edge{}, deltas: make(chan taken, 100)}
}

func (r *recorder) submit(_ context.Context, d resource.Delta) error {
	if r.refuse != nil {
		if err := r.refuse(d); err != nil {
			return err
		}
	}
	for _, k := range d.Remove {
		if r.specs[k] == nil {
			r.t.Errorf("%v is removed and was not there", k)
		}
		delete(r.specs, k)
	}
	for _, s := range d.Set {
		r.specs[s.Key] = s
	}
	for _, e := range d.RemoveEdges {
		delete(r.edges, ends{e.From, e.To})
	}
	for _, e := range d.SetEdges {
		r.edges[ends{e.From, e.To}] = e
	}
	r.deltas <- taken{d, r.names(), len(r.edges)}
	return nil
}

// next waits for a delta and returns the sorted names in the graph after it.
func (r *recorder) next() string {
	r.t.Helper()
	select {
	case d := <-r.deltas:
		return d.names
	case <-time.After(patience):
		r.t.Fatal("no delta came")
		return ""
	}
}

func (r *recorder) names() string {
	var names []string
	for k, s := range r.specs {
		name := k.Name
		if x := paramText(s.Resource, "anotherstr"); x != "" {
			name += "=" + x
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// start runs a front end until the test ends.
func start(t *testing.T, opts Options, r *recorder) <-chan error {
	return startFront(t, New(opts), r)
}

func startFront(t *testing.T, f *Frontend, r *recorder) <-chan error {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, r.submit) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("the front end did not end")
		}
	})
	return done
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func wantGraph(t *testing.T, r *recorder, want string) {
	t.Helper()
	if got := r.next(); got != want {
		t.Errorf("the graph is %q, want %q", got, want)
	}
}

// TestOverTime follows a file through a program: its content, its absence, and a branch that
// depends on it.
func TestOverTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	program := `import "os"
$x = os.readfile("` + path + `") <|> "none"
test "t" { anotherstr => $x, }
if $x == "on" {
	test "branch" {}
}
`
	r := newRecorder(t)
	start(t, testOptions(t, program, nil), r)
	wantGraph(t, r, "t=none")
	write(t, path+".new", "on")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	wantGraph(t, r, "branch t=on")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantGraph(t, r, "t=none")
}

func TestReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.mcl")
	write(t, path, "test [\"a\", \"b\"] {}\nTest[\"a\"] -> Test[\"b\"]\n")
	opts := testOptions(t, "", nil)
	in, err := lang.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	opts.Input, opts.Watch = in, true
	reports := make(chan syntax.Diagnostics, 10)
	opts.Report = func(_ *syntax.Files, list syntax.Diagnostics) { reports <- list }
	r := newRecorder(t)
	start(t, opts, r)
	wantGraph(t, r, "a b")

	write(t, path+".new", "test [\"b\", \"c\"] {}\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	select {
	case d := <-r.deltas:
		if d.names != "b c" || d.edges != 0 {
			t.Errorf("the graph is %q with %d edges, want b and c without one", d.names, d.edges)
		}
	case <-time.After(patience):
		t.Fatal("no delta came")
	}

	write(t, path+".new", "test [\"b\", {}\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	select {
	case list := <-reports:
		if !list.HasErrors() {
			t.Errorf("the report of a bad program is %v", list)
		}
	case <-time.After(patience):
		t.Fatal("a bad program was not reported")
	}

	write(t, path+".new", "test [\"b\", \"d\"] {}\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	wantGraph(t, r, "b d")
}

func TestOneOfManyChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	write(t, path, "1")
	program := "import \"os\"\n$x = os.readfile(\"" + path + "\")\ntest \"one\" { anotherstr => $x, }\n" +
		strings.Repeat("test [\"many\"] {}\n", 1) + "for $i, $v in [\"a\", \"b\", \"c\"] {\n\ttest [$v] {}\n}\n"
	r := newRecorder(t)
	start(t, testOptions(t, program, nil), r)
	if got := r.next(); got != "a b c many one=1" {
		t.Errorf("the graph is %q", got)
	}
	write(t, path+".new", "2")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	select {
	case d := <-r.deltas:
		if len(d.Set) != 1 || d.Set[0].Key.Name != "one" || len(d.Remove) != 0 {
			t.Errorf("the delta sets %d resources and removes %d, want just one set", len(d.Set), len(d.Remove))
		}
		if c := d.Cause; c == nil || !strings.Contains(c.What, "readfile") || c.Old != `"1"` || c.New != `"2"` {
			t.Errorf("the cause is %+v, want it to name the source and its values", c)
		}
	case <-time.After(patience):
		t.Fatal("no delta came")
	}
}

// Of several sources that move at once each resource names its own, also one that is there
// because of a branch, or through a source that another one started.
func TestCauses(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		write(t, filepath.Join(dir, name), "1")
	}
	read := func(name string) string { return "os.readfile(\"" + filepath.Join(dir, name) + "\")" }
	r := newRecorder(t)
	start(t, testOptions(t, "import \"os\"\n"+
		"test \"one\" { anotherstr => "+read("a")+", }\n"+
		"if "+read("b")+" == \"2\" {\n\ttest \"two\" { anotherstr => "+read("c")+", }\n}\n", nil), r)
	if d := <-r.deltas; d.Cause == nil || d.Cause.What != "the program was loaded" {
		t.Errorf("the first cause is %v", d.Cause)
	}
	write(t, filepath.Join(dir, "a"), "2")
	write(t, filepath.Join(dir, "b"), "2")
	want := map[string]string{"one": "2:28", "two": "3:4"}
	for len(want) > 0 {
		select {
		case d := <-r.deltas:
			for _, s := range d.Set {
				cause := cmp.Or(d.Causes[s.Key], d.Cause)
				if !strings.Contains(cause.What, "main.mcl:"+want[s.Key.Name]) {
					t.Errorf("the cause of %s is %v, want one at %s", s.Key, cause, want[s.Key.Name])
				}
				delete(want, s.Key.Name)
			}
		case <-time.After(patience):
			t.Fatal("no delta came")
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, program := range []string{
		"panic(\"no\")\n",
		"test \"a\" { anotherstr => [\"x\"][9], }\n",
		"test \"a\" { int8 => 1000, }\n",
		"test \"a\" {\n",
	} {
		r := newRecorder(t)
		opts := testOptions(t, program, nil)
		reported := false
		opts.Report = func(_ *syntax.Files, list syntax.Diagnostics) { reported = reported || list.HasErrors() }
		if err := New(opts).Run(t.Context(), r.submit); !errors.Is(err, frontend.ErrRefused) || !reported {
			t.Errorf("%q: error %v, reported %v; want a reported refusal", program, err, reported)
		}
	}
}

// TestRecoversFromBadValues keeps the last good graph while values are bad.
func TestRecoversFromBadValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	write(t, path, "1")
	program := "import \"os\"\nimport \"convert\"\n$x = os.readfile(\"" + path + "\")\ntest \"t\" { int8 => convert.str_to_int($x), anotherstr => $x, }\n"
	r := newRecorder(t)
	opts := testOptions(t, program, nil)
	reports := make(chan struct{}, 10)
	opts.Report = func(_ *syntax.Files, list syntax.Diagnostics) {
		if list.HasErrors() {
			reports <- struct{}{}
		}
	}
	f := New(opts)
	startFront(t, f, r)
	wantGraph(t, r, "t=1")
	for _, bad := range []string{"1000", "x"} {
		write(t, path+".new", bad)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		select {
		case <-reports:
		case <-time.After(patience):
			t.Fatalf("%q was not reported", bad)
		}
		if r, ok := f.Refusal(); !ok || !strings.HasPrefix(r.Text, "main.mcl:") {
			t.Errorf("the refusal of %q is %q, %v", bad, r.Text, ok)
		}
	}
	write(t, path+".new", "7")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	wantGraph(t, r, "t=7")
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, ok := f.Refusal(); !ok {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the refusal stays")
		}
	}
}

// mergeable is a kind whose declarations can be merged.
type mergeable struct {
	resource.Unwatched
	State string `mgmt:"state"`
}

func (*mergeable) Validate() error                                  { return nil }
func (*mergeable) Check(context.Context) ([]resource.Change, error) { return nil, nil }
func (*mergeable) Apply(context.Context, []resource.Change) error   { return nil }
func (m *mergeable) Merge(o resource.Resource) (resource.Resource, error) {
	if other := o.(*mergeable); m.State == "installed" && other.State == "newest" {
		return other, nil
	}
	return nil, errors.New("the states exclude each other")
}

func TestMergeCompatible(t *testing.T) {
	kind := &resource.Kind{Name: "pkg", New: func() resource.Resource { return &mergeable{} }}
	for second, ok := range map[string]bool{"newest": true, "uninstalled": false} {
		opts := testOptions(t, "pkg \"p\" { state => \"installed\", }\npkg \"p\" { state => \""+second+"\", }\n", nil)
		opts.Kinds = resource.NewRegistry(kind, resources.Kinds().Lookup("test"))
		d, _, diags := Snapshot(t.Context(), opts)
		switch {
		case ok && (diags.HasErrors() || len(d.Set) != 1 || d.Set[0].Resource.(*mergeable).State != second):
			t.Errorf("installed and %s: %v, %v; want one resource", second, d.Set, diags.Err())
		case !ok && !diags.HasErrors():
			t.Errorf("installed and %s were merged", second)
		}
	}
}

// TestEngineRefusal offers a delta that the engine refuses again with what comes next.
func TestEngineRefusal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	write(t, path, "a")
	program := "import \"os\"\n$x = os.readfile(\"" + path + "\")\ntest [$x] {}\n"
	r := newRecorder(t)
	refused := make(chan struct{}, 1)
	r.refuse = func(d resource.Delta) error {
		if slices.ContainsFunc(d.Set, func(s *resource.Spec) bool { return s.Key.Name == "bad" }) {
			refused <- struct{}{}
			return errors.New("not that")
		}
		return nil
	}
	start(t, testOptions(t, program, nil), r)
	wantGraph(t, r, "a")
	for _, text := range []string{"bad", "b"} {
		write(t, path+".new", text)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		if text == "bad" {
			<-refused
		}
	}
	wantGraph(t, r, "b")
}
