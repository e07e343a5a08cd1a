package resources_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mgmt/resource"
	"mgmt/resource/resourcetest"
	"mgmt/resources"
	"mgmt/world"
	"mgmt/world/mem"
)

// cases has a resource of each kind, and what damages it. dir is a directory of the case.
var cases = map[string]func(dir string) resourcetest.Case{
	"config:etcd": func(string) resourcetest.Case {
		w := mem.New().Host("host")
		size := func(n string) error {
			_, err := w.(world.Keyed).KV().Commit(context.Background(), world.Txn{Put: map[string]string{world.SizeKey: n}})
			return err
		}
		if err := size("5"); err != nil {
			panic(err)
		}
		return resourcetest.Case{
			World:  w,
			Params: params("idealclustersize", int64(3)),
			Damage: func() error { return size("1") },
		}
	},
	"exec": func(dir string) resourcetest.Case {
		made := filepath.Join(dir, "made")
		return resourcetest.Case{
			Params: params("cmd", "/bin/mkdir", "args", []any{made}, "creates", made, "env", map[string]any{"LANG": "C"}),
			Damage: func() error { return os.Remove(made) },
		}
	},
	"exit": func(string) resourcetest.Case {
		return resourcetest.Case{Params: params("code", int64(3)), Restless: true}
	},
	"file": func(dir string) resourcetest.Case {
		path := filepath.Join(dir, "f")
		return resourcetest.Case{
			Params: params("path", path, "state", "exists", "content", "a\n", "mode", "u=rw,go="),
			Damage: func() error { return os.WriteFile(path, []byte("b\n"), 0o600) },
		}
	},
	"kv": func(string) resourcetest.Case {
		w := mem.New().Host("host")
		return resourcetest.Case{
			World:  w,
			Params: params("key", "k", "value", "5", "skiplessthan", true),
			Damage: func() error { return w.SetString(context.Background(), "k", "3") },
		}
	},
	"noop":   func(string) resourcetest.Case { return resourcetest.Case{Params: params("comment", "c")} },
	"_panic": func(string) resourcetest.Case { return resourcetest.Case{} },
	"print":  func(string) resourcetest.Case { return resourcetest.Case{Params: params("msg", "m")} },
	"schedule": func(string) resourcetest.Case {
		w := mem.New().Host("host")
		return resourcetest.Case{
			World:  w,
			Params: params("namespace", "n", "max", int64(2)),
			Damage: func() error { return w.WithdrawOffer(context.Background(), "n") },
		}
	},
	"test":  func(string) resourcetest.Case { return resourcetest.Case{Params: params("sendvalue", "v")} },
	"timer": func(string) resourcetest.Case { return resourcetest.Case{Params: params("interval", int64(60))} },
	"value": func(string) resourcetest.Case {
		return resourcetest.Case{Params: params("any", map[string]any{"a": []any{int64(1)}})}
	},
}

// params takes names and values in turn.
func params(pairs ...any) []resource.Value {
	var out []resource.Value
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, resource.Value{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return out
}

// TestKinds demands of every kind what package resource demands.
func TestKinds(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("kinds run on Linux")
	}
	for _, name := range resources.Kinds().Names() {
		t.Run(name, func(t *testing.T) {
			make := cases[name]
			if make == nil {
				t.Fatal("there is no case for this kind")
			}
			c := make(t.TempDir())
			c.Kind, c.Name = resources.Kinds().Lookup(name), "a name"
			resourcetest.Run(t, c)
		})
	}
}

// TestReadme demands that the README lists every kind.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range resources.Kinds().Names() {
		dir := strings.ReplaceAll(strings.TrimPrefix(name, "_"), ":", "/")
		if !strings.Contains(string(readme), "("+dir+"/") {
			t.Errorf("README.md has no link to the package of %s", name)
		}
	}
}
