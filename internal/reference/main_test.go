package main

import (
	"os"
	"path/filepath"
	"testing"

	frontlang "mgmt/frontend/lang"
	"mgmt/lang/std"
	"mgmt/resource"
	"mgmt/resources"
)

func TestFresh(t *testing.T) {
	dir := "../../docs/reference"
	want := pages()
	for name, text := range want {
		have, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(have) != text {
			t.Errorf("%s is not what the tables say; run go generate ./internal/reference (%v)", name, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("nothing writes %s", e.Name())
		}
	}
}

func TestDocumented(t *testing.T) {
	for path, m := range std.Library().Modules() {
		for _, f := range m.Funcs {
			if f.Doc == "" {
				t.Errorf("function %s of module %q has no documentation", f.Name, path)
			}
		}
	}
	registry := resources.Kinds()
	for _, name := range frontlang.Kinds(registry).Names() {
		kind := registry.Lookup(name)
		if kind.Doc == "" {
			t.Errorf("kind %s has no documentation", name)
		}
		undocumented(t, name, kind.Params())
		undocumented(t, name, kind.Sends())
	}
	undocumented(t, "Meta", resource.MetaParams())
}

func undocumented(t *testing.T, of string, list []resource.Param) {
	t.Helper()
	for _, p := range list {
		if p.Doc == "" {
			t.Errorf("%s: %s has no documentation", of, p.Name)
		}
	}
}
