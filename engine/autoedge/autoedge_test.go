package autoedge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mgmt/resource"
)

func key(kind, name string) resource.Key {
	return resource.Key{ID: resource.ID{Kind: kind, Name: name}}
}

// A table is an index of parties that are found by key.
type table struct {
	Index[int]
	parties map[resource.Key]*Party[int]
}

func (x *table) set(k resource.Key, w Wishes) {
	p := x.parties[k]
	if p == nil {
		p = &Party[int]{Key: k}
		if x.parties == nil {
			x.parties = map[resource.Key]*Party[int]{}
		}
		x.parties[k] = p
	}
	x.Set(p, w)
}

func (x *table) remove(k resource.Key) {
	if p := x.parties[k]; p != nil {
		x.Set(p, Wishes{})
		delete(x.parties, k)
	}
}

// changes returns the edges that came and went, sorted.
func (x *table) changes() (added, removed []ends) {
	a, r := x.Changes()
	return keys(a), keys(r)
}

// ends are the keys of an edge.
type ends struct{ from, to resource.Key }

func keys(edges []Edge[int]) []ends {
	slices.SortFunc(edges, Edge[int].Compare)
	var out []ends
	for _, e := range edges {
		out = append(out, ends{e.From.Key, e.To.Key})
	}
	return out
}

// fromScratch says which edges the wishes make, in the plainest way.
func fromScratch(wishes map[resource.Key]Wishes) map[ends]bool {
	out := map[ends]bool{}
	names := slices.SortedFunc(maps.Keys(wishes), resource.Key.Compare)
	for _, k := range names {
		for _, need := range wishes[k].Needs {
			other, ok := search(wishes, names, k, need)
			switch {
			case ok && need.Before:
				out[ends{k, other}] = true
			case ok:
				out[ends{other, k}] = true
			}
		}
	}
	return out
}

func search(wishes map[resource.Key]Wishes, names []resource.Key, k resource.Key, need resource.Need) (resource.Key, bool) {
	for u := range need.All() {
		for _, other := range names {
			if other != k && slices.Contains(wishes[other].Provides, u) {
				return other, true
			}
		}
	}
	return resource.Key{}, false
}

var texts = []string{"/", "/a/", "/a/b/", "/a/b/c", "/a/d", "/e/", "/e/f"}

func drawUID(t *rapid.T) resource.UID {
	return resource.UID{Type: rapid.SampledFrom([]string{"file", "mount"}).Draw(t, "type"), Text: rapid.SampledFrom(texts).Draw(t, "text")}
}

func drawNeed(t *rapid.T) resource.Need {
	return resource.Need{
		Of:     drawUID(t),
		Else:   rapid.SliceOfN(rapid.Custom(drawUID), 0, 2).Draw(t, "else"),
		Up:     rapid.Bool().Draw(t, "up"),
		Before: rapid.Bool().Draw(t, "before"),
	}
}

// Random changes, one or several at a time, against an evaluation from scratch.
func TestRandomChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x table
		wishes := map[resource.Key]Wishes{}
		have := map[ends]bool{}
		for range rapid.IntRange(1, 40).Draw(t, "deltas") {
			for range rapid.IntRange(1, 4).Draw(t, "changes") {
				k := key("k", fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "key")))
				if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
					x.remove(k)
					delete(wishes, k)
					continue
				}
				w := Wishes{
					Provides: rapid.SliceOfN(rapid.Custom(drawUID), 0, 3).Draw(t, "provides"),
					Needs:    rapid.SliceOfN(rapid.Custom(drawNeed), 0, 3).Draw(t, "needs"),
				}
				x.set(k, w)
				wishes[k] = w
			}
			apply(t, &x, have)
			if want := fromScratch(wishes); !maps.Equal(have, want) {
				t.Fatalf("got %v, want %v", have, want)
			}
			for e := range have {
				if !x.Has(Edge[int]{x.parties[e.from], x.parties[e.to]}) {
					t.Fatalf("%v is not had", e)
				}
			}
		}
		for k := range wishes {
			x.remove(k)
		}
		apply(t, &x, have)
		if left := len(x.spots) + x.Edges(); left+len(have) > 0 {
			t.Fatalf("an empty index holds %d entries, and %d edges are left", left, len(have))
		}
	})
}

// apply takes over the changes, which have to be changes.
func apply(t *rapid.T, x *table, have map[ends]bool) {
	t.Helper()
	added, removed := x.changes()
	for _, e := range removed {
		if !have[e] {
			t.Fatalf("%v was removed, but had not been there", e)
		}
		delete(have, e)
	}
	for _, e := range added {
		if have[e] {
			t.Fatalf("%v was added twice", e)
		}
		have[e] = true
	}
}

func file(path string) (resource.Key, Wishes) {
	return key("file", path), Wishes{Provides: []resource.UID{resource.FileUID(path)}, Needs: resource.PathNeeds(path)}
}

func show(added, removed []ends) string {
	var out []string
	for _, e := range added {
		out = append(out, "+"+e.from.Name+">"+e.to.Name)
	}
	for _, e := range removed {
		out = append(out, "-"+e.from.Name+">"+e.to.Name)
	}
	return strings.Join(out, " ")
}

// A nearer directory takes the place of a farther one, and gives it back.
func TestNearest(t *testing.T) {
	var x table
	add := func(path string) {
		k, w := file(path)
		x.set(k, w)
	}
	for _, c := range []struct {
		do   func()
		want string
	}{
		{func() { add("/a/b/c/d"); add("/a/") }, "+/a/>/a/b/c/d"},
		{func() { add("/a/b/c/") }, "+/a/>/a/b/c/ +/a/b/c/>/a/b/c/d -/a/>/a/b/c/d"},
		{func() { add("/a/b/") }, "+/a/>/a/b/ +/a/b/>/a/b/c/ -/a/>/a/b/c/"},
		{func() { x.remove(key("file", "/a/b/c/")) }, "+/a/b/>/a/b/c/d -/a/b/>/a/b/c/ -/a/b/c/>/a/b/c/d"},
		{func() { add("/a/b/c/d") }, ""},
		{func() { x.set(key("mount", "/a"), Wishes{Provides: []resource.UID{resource.MountUID("/a")}}) }, "+/a>/a/b/ +/a>/a/b/c/d"},
		{func() { x.set(key("mount", "/"), Wishes{Provides: []resource.UID{resource.MountUID("/")}}) }, "+/>/a/"},
	} {
		c.do()
		if got := show(x.changes()); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// A user is found by name or by number, by whichever a resource states.
func TestAccounts(t *testing.T) {
	var x table
	user := func(name, id string) {
		w := Wishes{Provides: []resource.UID{resource.UserUID(name)}}
		if id != "" {
			w.Provides = append(w.Provides, resource.UserUID(id))
		}
		x.set(key("user", name), w)
	}
	want := func(name, owner string) {
		x.set(key("file", name), Wishes{Needs: []resource.Need{{Of: resource.UserUID(owner)}}})
	}
	user("alice", "1000")
	user("bob", "")
	want("a", "alice")
	want("b", "1000")
	want("c", "bob")
	want("d", "1001")
	if got, want := show(x.changes()), "+alice>a +alice>b +bob>c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	user("bob", "1001")
	if got, want := show(x.changes()), "+bob>d"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// tree returns files in directories, ten in each.
func tree(files int) (keys []resource.Key, wishes []Wishes) {
	add := func(path string) {
		k, w := file(path)
		keys, wishes = append(keys, k), append(wishes, w)
	}
	for d := range max(1, files/10) {
		dir := fmt.Sprintf("/srv/data/%02d/%d/", d%100, d)
		for f := range 10 {
			add(fmt.Sprint(dir, "file", f))
		}
		add(dir)
	}
	return keys, wishes
}

// What a change looks at does not depend on how much there is.
func TestCost(t *testing.T) {
	var costs []int
	for _, n := range []int{1_000, 10_000, 100_000} {
		x := loaded(n)
		x.work = 0
		k, w := file("/srv/data/07/7/")
		x.remove(k)
		x.changes()
		x.set(k, w)
		x.changes()
		x.set(file("/srv/data/07/7/new"))
		if added, _ := x.changes(); len(added) != 1 {
			t.Fatalf("got %v", added)
		}
		costs = append(costs, x.work)
	}
	if slices.Max(costs) != slices.Min(costs) {
		t.Errorf("the looks for 1,000, 10,000 and 100,000 files: %v", costs)
	}
}

// Many that provide the same, and many that need it, are not looked at again and again.
func TestCrowd(t *testing.T) {
	const n = 2000
	uid := resource.PkgUID("p")
	var x table
	for i := range n {
		x.set(key("a", fmt.Sprintf("%04d", i)), Wishes{Needs: []resource.Need{{Of: uid}}})
	}
	x.changes()
	x.work = 0
	for i := range n {
		x.set(key("b", fmt.Sprintf("%04d", i)), Wishes{Provides: []resource.UID{uid}})
		x.changes()
	}
	if x.work > 3*n {
		t.Errorf("%d looks for %d providers", x.work, n)
	}
}

func loaded(n int) *table {
	var x table
	keys, wishes := tree(n)
	for i, k := range keys {
		x.set(k, wishes[i])
	}
	x.changes()
	return &x
}

// The edges between the files and directories of a program that has just been loaded.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			keys, wishes := tree(n)
			for b.Loop() {
				var x Index[int]
				for i, k := range keys {
					x.Set(&Party[int]{Key: k}, wishes[i])
				}
				if added, _ := x.Changes(); len(added) != n {
					b.Fatalf("%d edges", len(added))
				}
			}
		})
	}
}

// A directory goes and comes back, in an index of that many files.
func BenchmarkChange(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := loaded(n)
			k, w := file("/srv/data/07/7/")
			for b.Loop() {
				x.remove(k)
				x.changes()
				x.set(k, w)
				x.changes()
			}
		})
	}
}

func ExampleIndex() {
	var x Index[string]
	for _, path := range []string{"/etc/app/app.conf", "/etc/app/"} {
		k, wishes := file(path)
		x.Set(&Party[string]{Key: k}, wishes)
	}
	added, _ := x.Changes()
	fmt.Println(added[0].From.Key, "->", added[0].To.Key)
	// Output: file[/etc/app/] -> file[/etc/app/app.conf]
}
