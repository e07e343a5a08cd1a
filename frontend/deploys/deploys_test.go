package deploys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mgmt/deploy"
	frontlang "mgmt/frontend/lang"
	frontyaml "mgmt/frontend/yaml"
	"mgmt/lang"
	"mgmt/lang/funcs"
	"mgmt/lang/std"
	"mgmt/local"
	"mgmt/resource"
	"mgmt/resources"
	"mgmt/seal"
	"mgmt/world"
	"mgmt/world/mem"
)

// patience is how long a test waits for something that has to come.
const patience = 20 * time.Second

// tree writes files and returns their directory.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// packLang packs the program that arg names.
func packLang(t testing.TB, arg string, modulePath ...string) *deploy.Plan {
	t.Helper()
	in, err := lang.Open(arg, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	in.ModulePath = modulePath
	plan, _, diags, err := PackLang(t.Context(), in, std.Library(), resources.Kinds())
	if err != nil || diags.HasErrors() {
		t.Fatalf("packing %s: %v, %v", arg, err, diags)
	}
	if _, diags, err := Check(t.Context(), plan, std.Library(), resources.Kinds()); err != nil || diags.HasErrors() {
		t.Fatalf("the bundle of %s is no program: %v, %v", arg, err, diags)
	}
	return plan
}

func paths(p *deploy.Plan) string {
	var out []string
	for _, f := range p.Bundle.Tree {
		out = append(out, f.Path)
	}
	return strings.Join(out, " ")
}

func TestPackLang(t *testing.T) {
	module := map[string]string{
		"site/metadata.yaml":  "main: start.mcl\n",
		"site/start.mcl":      "import \"lib/\"\ninclude lib.greet\n",
		"site/lib/main.mcl":   "class greet() {\n\ttest \"hello\" {}\n}\n",
		"site/lib/data/notes": "notes",
		"site/alone.mcl":      "import \"../shared/tools.mcl\"\ninclude tools.greet\n",
		"site/files/motd":     "welcome",
		"site/.git/config":    "private",
		"shared/tools.mcl":    "class greet() {\n\ttest \"hello\" {}\n}\n",
		"shared/secrets":      "private",
		"remote.mcl":          "import \"https://example.com/ann/greeter\" as g\ninclude g.greet\n",
		"mods/example.com/ann/greeter/metadata.yaml": "",
		"mods/example.com/ann/greeter/main.mcl":      "class greet() {\n\ttest \"hello\" {}\n}\n",
		"mods/example.com/ann/other/main.mcl":        "",
	}
	dir := tree(t, module)
	t.Chdir(dir)
	for _, c := range []struct {
		arg, main, modules, files string
	}{
		{"site/", "metadata.yaml", "", "alone.mcl files/motd lib/data/notes lib/main.mcl metadata.yaml start.mcl"},
		{"site/lib", "main.mcl", "", "data/notes main.mcl"},
		{"site/alone.mcl", "site/alone.mcl", "", "shared/tools.mcl site/alone.mcl site/files/motd"},
		{filepath.Join(dir, "site/alone.mcl"), "site/alone.mcl", "", "shared/tools.mcl site/alone.mcl site/files/motd"},
		{"import \"shared/tools.mcl\"\ninclude tools.greet\n", "main.mcl", "", "main.mcl shared/tools.mcl"},
		{"site/start.mcl", "start.mcl", "", "files/motd lib/data/notes lib/main.mcl start.mcl"},
	} {
		p := packLang(t, c.arg)
		if p.Main != c.main || strings.Join(p.Modules, " ") != c.modules {
			t.Errorf("%q begins with %s, has the modules %v; want %s, %s", c.arg, p.Main, p.Modules, c.main, c.modules)
		}
		if c.arg == "site/start.mcl" || c.arg == "site/lib" {
			continue
		}
		if got := paths(p); got != c.files {
			t.Errorf("%q travels as\n%s, want\n%s", c.arg, got, c.files)
		}
	}
	mods := filepath.ToSlash(filepath.Join(dir, "mods")) + "/"
	t.Chdir(tree(t, map[string]string{"remote.mcl": module["remote.mcl"]}))
	p := packLang(t, "remote.mcl", mods)
	if want := "modules/example.com/ann/greeter/main.mcl modules/example.com/ann/greeter/metadata.yaml remote.mcl"; paths(p) != want || !slices.Equal(p.Modules, []string{"modules"}) {
		t.Errorf("with a remote module it travels as %s, %v; want %s", paths(p), p.Modules, want)
	}
}

// TestFilesOfModulesBeside packs a program that imports from beside its directory modules which read
// files of theirs. They find them on this machine, and where the program has travelled to.
func TestFilesOfModulesBeside(t *testing.T) {
	const reads = "import \"deploy\"\nclass c() {\n\tif deploy.readfile(\"/files/name\") != \"%s\" {\n\t\tpanic(\"it is another file\")\n\t}\n}\n"
	dir := tree(t, map[string]string{
		"site/main.mcl": "import \"../shared/tools.mcl\"\nimport \"../lib/\"\nimport \"https://example.com/ann/greeter\" as greeter\n" +
			"include tools.c\ninclude lib.c\ninclude greeter.c\n",
		"site/metadata.yaml":                         "",
		"shared/tools.mcl":                           fmt.Sprintf(reads, "shared"),
		"shared/files/name":                          "shared",
		"lib/main.mcl":                               fmt.Sprintf(reads, "lib"),
		"lib/files/name":                             "lib",
		"site/lib/files/name":                        "another",
		"mods/example.com/ann/greeter/metadata.yaml": "",
		"mods/example.com/ann/greeter/main.mcl":      fmt.Sprintf(reads, "greeter"),
		"mods/example.com/ann/greeter/files/name":    "greeter",
	})
	t.Chdir(dir)
	for _, from := range []struct{ program, modules string }{
		{"site", "mods/"}, {"./site/main.mcl", "mods/"},
		{filepath.Join(dir, "site"), filepath.ToSlash(dir) + "/mods/"},
	} {
		in, err := lang.Open(from.program, nil)
		if err != nil {
			t.Fatal(err)
		}
		in.ModulePath = []string{from.modules}
		host := &funcs.Host{Hostname: "h", World: mem.New().Host("h"), Local: local.New(t.TempDir()), Files: in.Files}
		opts := frontlang.Options{Input: in, Library: std.Library(), Kinds: resources.Kinds(), Host: host}
		if _, _, diags := frontlang.Snapshot(t.Context(), opts); len(diags) > 0 {
			t.Errorf("%s, here: %v", from.program, diags)
		}
		p := packLang(t, from.program, from.modules)
		if _, diags, err := Check(t.Context(), p, std.Library(), resources.Kinds()); err != nil || len(diags) > 0 {
			t.Errorf("%s, as it travels: %v, %v", from.program, diags, err)
		}
		if opts.Input, err = langInput(&p.Manifest, p.Bundle); err != nil {
			t.Fatal(err)
		}
		host.Files = opts.Input.Files
		if _, _, diags := frontlang.Snapshot(t.Context(), opts); len(diags) > 0 {
			t.Errorf("%s, on a host: %v", from.program, diags)
		}
	}
}

// TestFilesThatStay packs programs that read files which are on this machine, and which the hosts
// would not have.
func TestFilesThatStay(t *testing.T) {
	const read = "import \"deploy\"\n"
	for name, c := range map[string]struct {
		program string
		want    string // what is refused; "" is nothing
	}{
		"beside it":                {`test deploy.readfile("/motd") {}`, "motd"},
		"in a directory beside it": {`test deploy.readfile("/data/motd") {}`, "data/motd"},
		"a directory":              {`test deploy.directory("/data/") {}`, "data"},
		"by a variable":            {"$f = \"/data/\"\n$g = \"${f}motd\"\ntest deploy.readfileabs($g) {}", "data/motd"},
		"known in part":            {`test deploy.readfile("/data/${hostname}") {}`, "data"},
		"optional":                 {"if deploy.file_exists(\"/motd\") {\n\ttest \"a\" {}\n}", "motd"},
		"in a class":               {"class c($f) {\n\ttest deploy.readfile(\"/motd\") {}\n}\ninclude c(\"/motd\")", "motd"},
		"what travels":             {`test deploy.readfile("/files/motd") {}`, ""},
		"a directory that travels": {`test deploy.readfile("/files/${hostname}") {}`, ""},
		"unknown":                  {`test deploy.readfile(os.readfile("/tmp/name")) {}`, ""},
		"nowhere, and optional":    {"if deploy.file_exists(\"/none\") {\n\ttest \"a\" {}\n}", ""},
	} {
		text := read + c.program + "\n"
		if strings.Contains(text, "os.") {
			text = "import \"os\"\n" + text
		}
		dir := tree(t, map[string]string{"p.mcl": text, "motd": "m", "data/motd": "m", "files/motd": "m"})
		in, err := lang.Open(filepath.Join(dir, "p.mcl"), nil)
		if err != nil {
			t.Fatal(err)
		}
		plan, _, diags, err := PackLang(t.Context(), in, std.Library(), resources.Kinds())
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want == "" && (plan == nil || len(diags) > 0):
			t.Errorf("%s: packing\n%s\nsays %v, want nothing", name, text, diags)
		case c.want != "" && (plan != nil || len(diags) != 1 || !strings.HasPrefix(diags[0].Message, c.want+" does not travel") || diags[0].Hint == ""):
			t.Errorf("%s: packing\n%s\nsays %v, want that %s does not travel", name, text, diags, c.want)
		}
		if dir += string(filepath.Separator); c.want != "" {
			os.Rename(dir+"p.mcl", dir+"main.mcl")
			packLang(t, dir)
		}
	}
}

func TestPackRefuses(t *testing.T) {
	dir := tree(t, map[string]string{"bad.mcl": "test \"x\" {", "site/main.mcl": "test \"x\" {}\n"})
	in, err := lang.Open(filepath.Join(dir, "bad.mcl"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if plan, _, diags, _ := PackLang(t.Context(), in, std.Library(), resources.Kinds()); plan != nil || !diags.HasErrors() {
		t.Error("a program that does not compile is packed")
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "site", "passwd")); err != nil {
		t.Skip("links cannot be made here: ", err)
	}
	in, err = lang.Open(filepath.Join(dir, "site"), nil)
	if err != nil {
		t.Fatal(err)
	}
	in.Main = filepath.ToSlash(filepath.Join(dir, "site")) + "/"
	if err := os.WriteFile(filepath.Join(dir, "site", "metadata.yaml"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := PackLang(t.Context(), in, std.Library(), resources.Kinds()); err == nil || !strings.Contains(err.Error(), "passwd") {
		t.Errorf("a link is packed: %v", err)
	}
}

// An agent is a front end that runs, and what the engine would have been told.
type agent struct {
	t     testing.TB
	front *Frontend

	mu      sync.Mutex // guards what follows
	graph   map[resource.Key]*resource.Spec
	keyFile string
	edges   int
	deltas  []resource.Delta
	refuse  error
	changed chan struct{} // has one after each delta
}

func newAgent(t testing.TB, s *mem.Store, host string, change ...func(*Options)) *agent {
	t.Helper()
	opts := Options{
		Library: std.Library(), Kinds: resources.Kinds(),
		Host: &funcs.Host{Hostname: host, World: s.Host(host), Local: local.New(t.TempDir())},
	}
	for _, f := range change {
		f(&opts)
	}
	a := &agent{t: t, keyFile: opts.Host.KeyFile, front: New(opts), graph: map[resource.Key]*resource.Spec{}, changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.front.Run(ctx, a.submit) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the front end returned %v", err)
		}
	})
	return a
}

func (a *agent) submit(_ context.Context, d resource.Delta) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refuse != nil {
		return a.refuse
	}
	for _, k := range d.Remove {
		if a.graph[k] == nil {
			a.t.Errorf("%v is removed and was not there", k)
		}
		delete(a.graph, k)
	}
	for _, s := range d.Set {
		a.graph[s.Key] = s
	}
	a.edges += len(d.SetEdges) - len(d.RemoveEdges)
	a.deltas = append(a.deltas, d)
	select {
	case a.changed <- struct{}{}:
	default:
	}
	return nil
}

// wait waits until the graph has these resources, by name and sorted, and so many edges.
func (a *agent) wait(names string, edges int) {
	a.t.Helper()
	deadline := time.After(patience)
	for {
		a.mu.Lock()
		var got []string
		for k := range a.graph {
			got = append(got, k.Name)
		}
		slices.Sort(got)
		ok, have, begun := strings.Join(got, " ") == names && a.edges == edges, a.edges, len(a.deltas) > 0
		a.mu.Unlock()
		if ok && begun {
			return
		}
		select {
		case <-a.changed:
		case <-deadline:
			a.t.Fatalf("the graph has %q and %d edges, want %q and %d", got, have, names, edges)
		}
	}
}

func (a *agent) last() resource.Delta {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.deltas[len(a.deltas)-1]
}

// waitState waits for what an agent says of itself.
func waitState(t testing.TB, store world.KV, host string, ok func(deploy.State) bool) deploy.State {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		all, err := deploy.States(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		if ok(all[host]) {
			return all[host]
		}
		if time.Now().After(deadline) {
			t.Fatalf("the state of %s stays %+v", host, all[host])
		}
	}
}

func publish(t testing.TB, store world.KV, p *deploy.Plan) *deploy.Record {
	t.Helper()
	r, err := deploy.Publish(t.Context(), store, *p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestProgramsTakeOver(t *testing.T) {
	s := mem.New()
	store := s.Host("desk").(world.Keyed).KV()
	a := newAgent(t, s, "web1")
	a.wait("", 0)
	publish(t, store, packLang(t, "test \"a\" {}\ntest \"b\" {}\nTest[\"a\"] -> Test[\"b\"]\n"))
	a.wait("a b", 1)
	publish(t, store, packLang(t, "test \"b\" {}\ntest \"c\" {}\n"))
	a.wait("b c", 0)
	if d := a.last(); len(d.Set) != 1 || len(d.Remove) != 1 || d.Cause == nil || !strings.Contains(d.Cause.What, "deploy 2") {
		t.Errorf("the delta sets %d, removes %d, because of %v; b is to be left alone", len(d.Set), len(d.Remove), d.Cause)
	}

	// What is of no use changes nothing.
	bad := packLang(t, "test \"x\" {}\n")
	bad.Frontend = "yaml"
	publish(t, store, bad)
	waitState(t, store, "web1", func(s deploy.State) bool { return s.Refused == 3 && s.Deploy == 2 && s.Error != "" })
	a.wait("b c", 0)

	path := filepath.Join(t.TempDir(), "graph.yaml")
	if err := os.WriteFile(path, []byte("graph: g\nresources:\n  test:\n  - name: y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	yaml, err := PackYAML(&frontyaml.Input{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, store, yaml)
	a.wait("y", 0)
	publish(t, store, &deploy.Plan{Manifest: deploy.Manifest{Frontend: "empty"}})
	a.wait("", 0)
}

func TestRefusedGraphsChangeNothing(t *testing.T) {
	s := mem.New()
	store := s.Host("desk").(world.Keyed).KV()
	a := newAgent(t, s, "web1")
	publish(t, store, packLang(t, "test \"a\" {}\n"))
	a.wait("a", 0)
	a.mu.Lock()
	a.refuse = errors.New("the engine does not want it")
	a.mu.Unlock()
	publish(t, store, packLang(t, "test \"b\" {}\n"))
	got := waitState(t, store, "web1", func(s deploy.State) bool { return s.Refused == 2 })
	if got.Deploy != 1 || !strings.Contains(got.Error, "the engine does not want it") {
		t.Errorf("the state is %+v", got)
	}
	a.wait("a", 0)
	refusal, ok := a.front.Refusal()
	if origin := a.front.Origin(); !ok || !strings.HasPrefix(refusal.Text, "deploy 2 is refused: ") || !strings.HasPrefix(origin, "deploy 1 of ") {
		t.Errorf("in force is %q, and refused %+v", origin, refusal)
	}
	a.mu.Lock()
	a.refuse = nil
	a.mu.Unlock()
	publish(t, store, packLang(t, "test \"c\" {}\n"))
	a.wait("c", 0)
	waitState(t, store, "web1", func(s deploy.State) bool { return s.Deploy == 3 })
	if refusal, ok := a.front.Refusal(); ok {
		t.Errorf("with a good one in force, refused is %+v", refusal)
	}
}

func TestOptionsTravel(t *testing.T) {
	s := mem.New()
	a := newAgent(t, s, "web1")
	p := packLang(t, "test \"a\" {}\n")
	p.Noop, p.Sema, p.NoAutoedges, p.NoAutogroup = true, 3, true, true
	publish(t, s.Host("desk").(world.Keyed).KV(), p)
	a.wait("a", 0)
	for _, spec := range a.last().Set {
		m := spec.Meta
		if !m.Noop || !slices.Equal(m.Sema, []string{"deploy-3:3"}) || m.AutoEdge || m.AutoGroup {
			t.Errorf("the meta parameters are %+v", m)
		}
	}
}

func TestSecretsTravel(t *testing.T) {
	s := mem.New()
	key, err := seal.Make(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	a := newAgent(t, s, "web1", func(o *Options) {
		o.Host.KeyFile = filepath.Join(t.TempDir(), "key")
		if _, err := seal.Make(o.Host.KeyFile); err != nil {
			t.Fatal(err)
		}
	})
	b := newAgent(t, s, "web2", func(o *Options) { o.Host.KeyFile = filepath.Join(t.TempDir(), "none") })
	mine, err := seal.Read(a.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	p := packLang(t, "import \"secret\"\ntest \"a\" {\n\tanotherstr => secret.env(\"PASSWORD\") <|> \"none\",\n}\n")
	text, err := seal.Seal([]byte("open sesame"), []string{key.Recipient(), mine.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	p.Secrets = map[string]string{"PASSWORD": text}
	publish(t, s.Host("desk").(world.Keyed).KV(), p)
	a.wait("a", 0)
	b.wait("a", 0)
	if !a.last().Set[0].Secrets.Has("anotherstr") {
		t.Error("the host that it is for does not have the secret")
	}
	if b.last().Set[0].Secrets != nil {
		t.Error("another host has the secret")
	}
}

func TestFilesOfDeploysAreRead(t *testing.T) {
	dir := tree(t, map[string]string{
		"site/main.mcl":   "import \"deploy\"\ntest \"a\" {\n\tstringptr => deploy.readfile(\"/files/motd\"),\n}\n",
		"site/files/motd": "welcome",
	})
	s := mem.New()
	a := newAgent(t, s, "web1")
	publish(t, s.Host("desk").(world.Keyed).KV(), packLang(t, filepath.Join(dir, "site", "main.mcl")))
	a.wait("a", 0)
}

func TestTheExampleTravels(t *testing.T) {
	p := packLang(t, "../../examples/website")
	if got, want := paths(p), "colors.mcl main.mcl metadata.yaml pages/files/page.html.tmpl pages/main.mcl"; got != want {
		t.Errorf("it travels as %s, want %s", got, want)
	}
	s := mem.New()
	a := newAgent(t, s, "web1")
	publish(t, s.Host("desk").(world.Keyed).KV(), p)
	got := waitState(t, s.Host("desk").(world.Keyed).KV(), "web1", func(s deploy.State) bool { return s.Deploy == 1 || s.Refused == 1 })
	if got.Refused != 0 {
		t.Errorf("it does not run from what has travelled: %s", got.Error)
	}
	if len(a.last().Set) == 0 {
		t.Error("its graph is empty")
	}
}
