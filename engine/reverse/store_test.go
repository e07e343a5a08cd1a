package reverse

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mgmt/resource"
)

func newTestStore(t *testing.T) *Store {
	return NewStore(filepath.Join(t.TempDir(), "a", "b"), func(id resource.ID) string { return id.Kind + "-" + id.Name })
}

func note(name, content string) Note {
	return Note{
		Resource: resource.Record{ID: resource.ID{Kind: "file", Name: name}, Params: []resource.Value{{Name: "content", Value: content}}},
		After:    []resource.ID{{Kind: "file", Name: "d"}, {Kind: "user", Name: "\xff"}},
	}
}

func TestStore(t *testing.T) {
	s := newTestStore(t)
	id := resource.ID{Kind: "file", Name: "f"}
	if all, err := s.All(); len(all) > 0 || err != nil {
		t.Errorf("a store that is not there has %v, %v", all, err)
	}
	if n, err := s.Load(id); n != nil || err != nil {
		t.Errorf("Load before Keep: %v, %v", n, err)
	}
	want := note("f", "old\x00\xfe")
	if err := s.Keep(want); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.path(id))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the file is %v, %v; want mode 0600", info, err)
	}
	has, err := s.Has(id)
	if !has || err != nil {
		t.Errorf("Has: %v, %v", has, err)
	}
	if got, err := s.Load(id); err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("Load: %+v, %v; want %+v", got, err, want)
	}
	if all, err := s.All(); err != nil || !reflect.DeepEqual(all, []Note{want}) {
		t.Errorf("All: %+v, %v; want %+v", all, err, want)
	}
	for range 2 {
		if err := s.Drop(id); err != nil {
			t.Errorf("Drop: %v", err)
		}
	}
	if has, err := s.Has(id); has || err != nil {
		t.Errorf("Has after Drop: %v, %v", has, err)
	}
}

// What a killed agent was writing is no note, and is written over.
func TestStoreHalfWritten(t *testing.T) {
	s := newTestStore(t)
	want := note("f", "old")
	if err := s.Keep(want); err != nil {
		t.Fatal(err)
	}
	path := s.path(want.Resource.ID)
	if err := os.Rename(path, path+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path+".new", 10); err != nil {
		t.Fatal(err)
	}
	if all, err := s.All(); len(all) > 0 || err != nil {
		t.Errorf("All: %v, %v", all, err)
	}
	if err := s.Keep(want); err != nil {
		t.Fatal(err)
	}
	if all, err := s.All(); err != nil || !reflect.DeepEqual(all, []Note{want}) {
		t.Errorf("All: %+v, %v; want %+v", all, err, want)
	}
}

func TestStoreDamaged(t *testing.T) {
	s := newTestStore(t)
	for _, n := range []string{"good", "empty", "old", "moved"} {
		if err := s.Keep(note(n, "x")); err != nil {
			t.Fatal(err)
		}
	}
	path := func(name string) string { return s.path(resource.ID{Kind: "file", Name: name}) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(path("empty"), nil, 0o600))
	must(os.WriteFile(path("old"), []byte(`{"version":7,"resource":{"kind":"file","name":"old"}}`), 0o600))
	must(os.Rename(filepath.Dir(path("moved")), filepath.Join(s.base, "file-elsewhere")))
	all, err := s.All()
	if len(all) != 1 || all[0].Resource.ID.Name != "good" {
		t.Errorf("All: %+v; want the good one", all)
	}
	for _, want := range []string{"file-empty", "version 7", "is about file[moved]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q in it", err, want)
		}
	}
	if _, err := s.Load(resource.ID{Kind: "file", Name: "elsewhere"}); err == nil {
		t.Error("Load took a note that is about another resource")
	}
}
