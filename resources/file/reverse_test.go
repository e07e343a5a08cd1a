package file

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mgmt/resource"
)

// scene makes what a test begins with: words like f=text, f:0600=text, d/, l->target.
func (b *bench) scene(words string) {
	b.t.Helper()
	for word := range strings.FieldsSeq(words) {
		var err error
		if name, target, ok := strings.Cut(word, "->"); ok {
			err = os.Symlink(target, b.path(name))
		} else if name, ok := strings.CutSuffix(word, "/"); ok {
			err = os.MkdirAll(b.path(name), 0o755)
		} else {
			name, text, _ := strings.Cut(word, "=")
			name, mode, _ := strings.Cut(name, ":")
			path := b.write(name, text)
			if mode != "" {
				m, bad := parseMode(mode)
				err = os.Chmod(path, m.apply(0))
				if bad != nil {
					b.t.Fatal(bad)
				}
			}
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// seen lists what there is, in the words of scene. A mode of 0644 is not shown.
func (b *bench) seen() string {
	b.t.Helper()
	var out []string
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == b.dir {
			return err
		}
		name, _ := strings.CutPrefix(path, b.dir+"/")
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			out = append(out, name+"/")
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			out = append(out, name+"->"+target)
			return err
		default:
			text, err := os.ReadFile(path)
			if mode := showMode(info.Mode()); mode != "0644" {
				name += ":" + mode
			}
			out = append(out, name+"="+string(text))
			return err
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// opposite returns the opposite of a resource, as it comes back from where it was stored.
func (b *bench) opposite(r *Resource) *Resource {
	b.t.Helper()
	opposite, err := r.Reversed()
	if err != nil {
		b.t.Fatalf("Reversed: %v", err)
	}
	if opposite == nil {
		return nil
	}
	kinds := resource.NewRegistry(Kind)
	rec, err := kinds.Record(resource.ID{Kind: "file", Name: "the name"}, opposite, resource.DefaultMeta())
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := json.Marshal(rec)
	if err != nil {
		b.t.Fatal(err)
	}
	var back resource.Record
	if err := json.Unmarshal(text, &back); err != nil {
		b.t.Fatal(err)
	}
	spec, err := kinds.Spec(back)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := spec.Validate(); err != nil {
		b.t.Fatalf("the opposite is %s: %v", text, err)
	}
	out := spec.Resource.(*Resource)
	if err := out.Open(b.env("the name")); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// once applies a resource.
func (b *bench) once(r *Resource) {
	b.t.Helper()
	changes, err := r.Check(context.Background())
	if err == nil && len(changes) > 0 {
		err = r.Apply(context.Background(), changes)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestReversed(t *testing.T) {
	for _, c := range []struct {
		name, before string
		path         string
		res          Resource
		applied      string
		meanwhile    string // made before it is undone
		after        string // like before, if empty
	}{
		{name: "created", path: "f", res: Resource{State: exists, Content: ptr("new")}, applied: "f=new"},
		{name: "replaced", before: "f:0600=old", path: "f", res: Resource{State: exists, Content: ptr("new")}, applied: "f:0600=new"},
		{name: "content alone", before: "f=old", path: "f", res: Resource{Content: ptr("new")}, applied: "f=new"},
		{name: "content as it was", before: "f=new", path: "f", res: Resource{Content: ptr("new")}, applied: "f=new"},
		{name: "taken for its own", before: "f=new g=", path: "f", res: Resource{State: exists, Content: ptr("new")}, applied: "f=new g=", after: "g="},
		{name: "touched", before: "f=", path: "f", res: Resource{State: exists}, applied: "f=", after: " "},
		{name: "there anyway", before: "f=old", path: "f", res: Resource{State: exists}, applied: "f=old"},
		{name: "removed", before: "f:4711=old", path: "f", res: Resource{State: absent}, applied: ""},
		{name: "not there anyway", path: "f", res: Resource{State: absent}, applied: ""},
		{name: "mode", before: "f:0604=old", path: "f", res: Resource{Mode: "u=rw,go="}, applied: "f:0600=old"},
		{name: "mode and content", before: "f:0604=old", path: "f", res: Resource{State: exists, Content: ptr(""), Mode: "0600"}, applied: "f:0600="},
		{name: "source", before: "s=new f=old", path: "f", res: Resource{State: exists, Source: "s"}, applied: "f=new s=new"},
		{name: "fragments", before: "p=1 q=2", path: "f", res: Resource{State: exists, Fragments: []string{"p", "q"}}, applied: "f=12 p=1 q=2"},
		{name: "link created", path: "l", res: Resource{State: exists, Symlink: true, Source: "new"}, applied: "l->new"},
		{name: "link replaced", before: "l->old", path: "l", res: Resource{State: exists, Symlink: true, Source: "new"}, applied: "l->new"},
		{name: "link of its own", before: "l->new", path: "l", res: Resource{State: exists, Symlink: true, Source: "new"}, applied: "l->new", after: " "},
		{name: "link removed", before: "l->old", path: "l", res: Resource{State: absent}, applied: ""},
		{name: "file by link", before: "l:0600=old", path: "l", res: Resource{State: exists, Symlink: true, Source: "new", Force: true}, applied: "l->new"},
		{name: "link by file", before: "l->old", path: "l", res: Resource{State: exists, Content: ptr("new"), Force: true}, applied: "l=new"},
		{name: "directory by file", before: "l/", path: "l", res: Resource{State: exists, Content: ptr("new"), Force: true}, applied: "l=new"},
		{name: "file by directory", before: "l=old", path: "l/", res: Resource{State: exists, Force: true}, applied: "l/"},
		{name: "directory removed", before: "d/", path: "d/", res: Resource{State: absent}, applied: ""},
		{name: "directory made", path: "d/", res: Resource{State: exists}, applied: "d/"},
		{name: "directories made", before: "a/", path: "a/b/c/", res: Resource{State: exists, Recurse: true}, applied: "a/ a/b/ a/b/c/"},
		{name: "directory used", path: "d/", res: Resource{State: exists}, applied: "d/", meanwhile: "d/f=x", after: "d/ d/f=x"},
		{name: "parent used", path: "d/e/", res: Resource{State: exists, Recurse: true}, applied: "d/ d/e/", meanwhile: "d/f=x", after: "d/ d/f=x"},
		{name: "directory there anyway", before: "d/", path: "d/", res: Resource{State: exists}, applied: "d/"},
		{name: "gone meanwhile", before: "f=old", path: "f", res: Resource{State: absent}, applied: "", meanwhile: "f=other"},
		{name: "unfinished", path: "f", res: Resource{State: exists, Content: ptr("new")}, applied: "f=new", meanwhile: ".f.mgmt-new=n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.scene(c.before)
			before := b.seen()
			r := c.res
			r.Path = b.path(c.path)
			if r.Source != "" && !r.Symlink {
				r.Source = b.path(r.Source)
			}
			for i := range r.Fragments {
				r.Fragments[i] = b.path(r.Fragments[i])
			}
			b.open(&r)
			opposite := b.opposite(&r)
			b.once(&r)
			if got := b.seen(); got != c.applied {
				t.Fatalf("applied, there is %q; want %q", got, c.applied)
			}
			b.scene(c.meanwhile)
			if opposite != nil {
				b.once(opposite)
			}
			want := c.after
			if want == "" {
				want = before
			}
			if got := b.seen(); got != strings.TrimSpace(want) {
				t.Errorf("undone, there is %q; want %q", got, want)
			}
		})
	}
}

func TestReversedOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to others")
	}
	b := newBench(t)
	b.scene("f=old")
	if err := os.Chown(b.path("f"), 12, 34); err != nil {
		t.Fatal(err)
	}
	r := b.open(&Resource{Path: b.path("f"), Owner: "56", Group: "root"})
	opposite := b.opposite(r)
	b.once(r)
	b.once(opposite)
	info, err := os.Lstat(r.path)
	if err != nil {
		t.Fatal(err)
	}
	if uid, gid := ownerOf(info); uid != 12 || gid != 34 {
		t.Errorf("undone, the file belongs to %d:%d; want 12:34", uid, gid)
	}
}

func TestReversedRefused(t *testing.T) {
	b := newBench(t)
	b.scene("full/f=x src/")
	if err := os.Truncate(b.write("huge", ""), maxKept+1); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		res  Resource
		want string
	}{
		{Resource{Path: "full/", State: absent, Recurse: true}, "is not empty"},
		{Resource{Path: "copy/", State: exists, Source: b.path("src/"), Recurse: true}, "cannot be undone"},
		{Resource{Path: "huge", Content: ptr("")}, "is larger than 64.0 MiB"},
	} {
		c.res.Path = b.path(c.res.Path)
		r := b.open(&c.res)
		if _, err := r.Reversed(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want %q in it", r.Path, err, c.want)
		}
	}
}
