package lang

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mgmt/lang/syntax"
	"mgmt/resource"
	"mgmt/world"
	"mgmt/world/mem"
)

// A cluster is what several hosts share in a test.
type cluster struct {
	t     *testing.T
	store *mem.Store
}

// exports has a host export a resource "kind name" with parameters to h1.
func (c cluster) exports(host, id string, params map[string]any, meta ...func(*resource.Meta)) {
	c.t.Helper()
	kind, name, _ := strings.Cut(id, " ")
	rec := resource.Record{ID: resource.ID{Kind: kind, Name: name}}
	for p, v := range params {
		rec.Params = append(rec.Params, resource.Value{Name: p, Value: v})
	}
	m := resource.DefaultMeta()
	m.Export = []string{"h1"}
	for _, f := range meta {
		f(&m)
	}
	var err error
	if rec.Meta, err = m.Given(); err != nil {
		c.t.Fatal(err)
	}
	text, err := json.Marshal(rec)
	if err != nil {
		c.t.Fatal(err)
	}
	c.stores(host, id, string(text))
}

// stores has a host export some data.
func (c cluster) stores(host, id, data string) {
	c.t.Helper()
	kind, name, _ := strings.Cut(id, " ")
	if err := c.store.Host(host).Export(c.t.Context(), world.ExportKey{To: "h1", Kind: kind, Name: name}, data); err != nil {
		c.t.Fatal(err)
	}
}

func (c cluster) withdraws(host, id string) {
	c.t.Helper()
	kind, name, _ := strings.Cut(id, " ")
	if err := c.store.Host(host).Withdraw(c.t.Context(), world.ExportKey{To: "h1", Kind: kind, Name: name}); err != nil {
		c.t.Fatal(err)
	}
}

// join has the agent of opts be the host h1 of a new cluster.
func join(t *testing.T, opts *Options) cluster {
	c := cluster{t, mem.New()}
	opts.Host.World = c.store.Host("h1")
	opts.Host.HasKind = func(kind string) bool { return opts.Kinds.Lookup(kind) != nil }
	return c
}

func shows(text string) map[string]any { return map[string]any{"anotherstr": text} }

func TestCollectOverTime(t *testing.T) {
	r := newRecorder(t)
	opts := testOptions(t, "collect test [\"a\", \"b\"] {}\n", nil)
	c := join(t, &opts)
	start(t, opts, r)
	wantGraph(t, r, "")
	c.exports("h2", "test a", shows("1"))
	wantGraph(t, r, "a=1")
	c.exports("h2", "test c", shows("not asked for"))
	c.exports("h3", "test b", shows("2"))
	wantGraph(t, r, "a=1 b=2")
	c.exports("h2", "test a", shows("3"))
	wantGraph(t, r, "a=3 b=2")
	c.withdraws("h3", "test b")
	wantGraph(t, r, "a=3")
}

// What is collected can be chosen by the program, from what there is.
func TestCollectChosen(t *testing.T) {
	r := newRecorder(t)
	opts := testOptions(t, `import "world/collect"
import "iter"
collect test iter.filter(collect.res("test"), func($x) { $x->host == "h2" }) {}
`, nil)
	c := join(t, &opts)
	c.exports("h2", "test a", shows("1"))
	c.exports("h3", "test b", shows("2"))
	start(t, opts, r)
	wantGraph(t, r, "a=1")
	c.exports("h2", "test c", shows("3"))
	wantGraph(t, r, "a=1 c=3")
}

func TestCollect(t *testing.T) {
	sema := func(m *resource.Meta) { m.Sema = []string{"s"} }
	hidden := func(m *resource.Meta) { m.Hidden = true }
	for _, x := range []struct {
		name, program string
		want          string // names and texts, then what meta parameters and edges there are
	}{
		{"by name", `collect test "a" {}`, "a=1 retry=7"},
		{"nothing there", `collect test "nothing" {}`, ""},
		{"the empty name", `collect test "" {}`, ""},
		{"by name and host", `collect test [struct{name => "a", host => "h2"}, struct{name => "a", host => "h9"}] {}`, "a=1 retry=7"},
		{"the other host", `collect test [struct{name => "b", host => "h3"}] {}`, "b=3 sema"},
		{"parameters of the body", `collect test "a" { anotherstr => "mine", }`, "a=mine retry=7"},
		{"meta parameters of the body", `collect test "a" { Meta:retry => 2, Meta:poll => 5, }`, "a=1 retry=2 poll"},
		{"exported again", `collect test "a" { Meta:export => ["x"], }`, "a=1 retry=7 export"},
		{"hidden as it was", `collect test "c" {}`, "c=4 hidden"},
		{"shown", `collect test "c" { Meta:hidden => false, }`, "c=4"},
		{"edges of the body", "noop \"n\" {}\ncollect test [\"a\", \"c\"] { Depend => Noop[\"n\"], }", "n a=1 retry=7 c=4 hidden n->a n->c"},
		{"beside an equal one", "test \"a\" { anotherstr => \"1\", Meta:retry => 7, }\ncollect test \"a\" {}", "a=1 retry=7"},
		{"twice the same from two hosts", `collect test "d" {}`, "d=5"},
	} {
		t.Run(x.name, func(t *testing.T) {
			opts := testOptions(t, x.program+"\n", nil)
			c := join(t, &opts)
			c.exports("h2", "test a", shows("1"), func(m *resource.Meta) { m.Retry = 7 })
			c.exports("h2", "test b", shows("2"))
			c.exports("h3", "test b", shows("3"), sema)
			c.exports("h2", "test c", shows("4"), hidden)
			c.exports("h2", "test d", shows("5"))
			c.exports("h3", "test d", shows("5"))
			d, _, diags := Snapshot(t.Context(), opts)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := sketch(d); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

// sketch tells what is in a delta.
func sketch(d resource.Delta) string {
	var out []string
	for _, s := range d.Set {
		word := s.Key.Name
		if s.Key.Kind == "test" {
			word += "=" + paramText(s.Resource, "anotherstr")
		}
		out = append(out, word)
		for _, x := range []struct {
			name string
			on   bool
		}{{fmt.Sprint("retry=", s.Meta.Retry), s.Meta.Retry != 0}, {"poll", s.Meta.Poll != 0}, {"export", len(s.Meta.Export) > 0},
			{"sema", len(s.Meta.Sema) > 0}, {"hidden", s.Meta.Hidden}} {
			if x.on {
				out = append(out, x.name)
			}
		}
	}
	for _, e := range d.SetEdges {
		out = append(out, e.From.Name+"->"+e.To.Name)
	}
	return strings.Join(out, " ")
}

func TestCollectRefused(t *testing.T) {
	for _, x := range []struct{ name, program, want string }{
		{"two hosts", `collect test "b" {}`, "1:9: test[b] is collected from h2 and from h3, with other parameters"},
		{"declared as well", "test \"a\" {}\ncollect test \"a\" {}", "is declared twice, with other parameters"},
		{"no host", `collect test [struct{name => "a", host => ""}] {}`, "1:14: a resource is collected by a name and the host that exported it, and host is \"\""},
		{"all hosts", `collect test [struct{name => "a", host => "*"}] {}`, "host is \"*\""},
		{"another kind", `collect test "kind" {}`, "1:9: test[kind], collected from h2: what is stored of it is file[kind]"},
		{"another name", `collect test "name" {}`, "what is stored of it is test[other]"},
		{"no sense", `collect test "junk" {}`, "what is stored of it makes no sense"},
		{"unknown parameter", `collect test "param" {}`, "1:9: test[param], collected from h2: colour: test has no such parameter"},
		{"unknown meta parameter", `collect test "meta" {}`, "there is no such meta parameter"},
		{"bad value", `collect test "bad" {}`, "1:9: test[bad], collected from h2: "},
		{"bad value in the body", `collect test "a" { int8 => 1000, }`, "1:20: test[a]: int8: "},
	} {
		t.Run(x.name, func(t *testing.T) {
			opts := testOptions(t, x.program+"\n", nil)
			c := join(t, &opts)
			c.exports("h2", "test a", shows("1"))
			c.exports("h2", "test b", shows("2"))
			c.exports("h3", "test b", shows("3"))
			c.stores("h2", "test kind", `{"kind":"file","name":"kind"}`)
			c.stores("h2", "test name", `{"kind":"test","name":"other"}`)
			c.stores("h2", "test junk", `{"kind":`)
			c.stores("h2", "test param", `{"kind":"test","name":"param","params":{"colour":1}}`)
			c.stores("h2", "test meta", `{"kind":"test","name":"meta","meta":{"colour":1}}`)
			c.exports("h2", "test bad", map[string]any{"validatebool": true})
			_, files, diags := Snapshot(t.Context(), opts)
			if len(diags) != 1 {
				t.Fatalf("got %v, want one diagnostic", diags)
			}
			if got := placed(files, diags[0]); !strings.Contains(got, x.want) {
				t.Errorf("got %q, want %q in it", got, x.want)
			}
		})
	}
}

// placed prints line, column and message of a diagnostic.
func placed(files *syntax.Files, d *syntax.Diagnostic) string {
	p := files.Position(d.Span.Start)
	return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, d.Message)
}

// A host that exports nonsense while this one runs changes nothing here.
func TestCollectKeepsLastGood(t *testing.T) {
	r := newRecorder(t)
	opts := testOptions(t, "collect test \"a\" {}\n", nil)
	reports := make(chan string, 10)
	opts.Report = func(_ *syntax.Files, list syntax.Diagnostics) { reports <- list[0].Message }
	c := join(t, &opts)
	c.exports("h2", "test a", shows("1"))
	start(t, opts, r)
	wantGraph(t, r, "a=1")
	c.stores("h2", "test a", "nonsense")
	select {
	case got := <-reports:
		if !strings.Contains(got, "makes no sense") {
			t.Errorf("reported %q", got)
		}
	case <-time.After(patience):
		t.Fatal("nothing was reported")
	}
	c.exports("h2", "test a", shows("2"))
	wantGraph(t, r, "a=2")
}

// Of many that one statement declares, a delta has those that change, whichever they are.
func TestManyChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	set := func(names string) {
		write(t, path+".new", names)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	set("a b c d e")
	r := newRecorder(t)
	start(t, testOptions(t, "import \"os\"\nimport \"strings\"\ntest \"n\" {}\ntest strings.split(os.readfile(\""+path+"\"), \" \") { Depend => Test[\"n\"], }\n", nil), r)
	for _, x := range []struct {
		names        string
		set, removed int
	}{
		{"a b c d e", 6, 0}, {"a b x d e", 1, 1}, {"b x d e f", 1, 1}, {"f e d", 0, 2}, {"d", 0, 2}, {"x d y e z", 4, 0}, {"z y", 0, 3}, {"q", 1, 2},
	} {
		set(x.names)
		select {
		case d := <-r.deltas:
			want := strings.Fields(x.names + " n")
			slices.Sort(want)
			if got := d.names; got != strings.Join(want, " ") || len(d.Set) != x.set || len(d.Remove) != x.removed || d.edges != len(want)-1 {
				t.Errorf("%s: the graph is %q with %d edges; %d were set and %d removed, want %d and %d", x.names, got, d.edges, len(d.Set), len(d.Remove), x.set, x.removed)
			}
		case <-time.After(patience):
			t.Fatal("no delta came")
		}
	}
}
