package worldtest

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"mgmt/world"
)

func testExports(t *testing.T, w []world.World) {
	a, b := w[0], w[1]
	seen := follow(t, func(ctx context.Context, emit func([]world.Export)) error {
		return b.WatchExports(ctx, "file", emit)
	})
	is := func(want ...world.Export) func([]world.Export) bool {
		return func(got []world.Export) bool { return slices.Equal(got, want) }
	}
	export := func(w world.World, to, kind, name, data string) {
		t.Helper()
		must(t, w.Export(t.Context(), world.ExportKey{To: to, Kind: kind, Name: name}, data))
	}
	want(t, seen, "nothing exported", is())
	for _, data := range []string{"1", "2"} {
		export(a, "b", "file", "/x/y", data)
		want(t, seen, "exported to it", is(world.Export{Name: "/x/y", From: "a", Data: data}))
	}
	export(a, "a", "file", "mine", "3") // not for b
	export(a, "b", "files", "other", "4")
	export(a, "*", "file", "/x/y", "for all")
	export(b, "*", "file", "/x/y", "5")
	export(b, "b", "file", "/w", "6")
	all := []world.Export{{Name: "/w", From: "b", Data: "6"}, {Name: "/x/y", From: "a", Data: "2"}, {Name: "/x/y", From: "b", Data: "5"}}
	want(t, seen, "from two hosts", is(all...))
	must(t, a.Withdraw(t.Context(), world.ExportKey{To: "b", Kind: "file", Name: "/x/y"}))
	all[1].Data = "for all"
	want(t, seen, "one withdrawn that is also there for all", is(all...))
	must(t, a.Withdraw(t.Context(), world.ExportKey{To: "*", Kind: "file", Name: "/x/y"}))
	want(t, seen, "withdrawn", is(all[0], all[2]))
	must(t, a.Withdraw(t.Context(), world.ExportKey{To: "*", Kind: "file", Name: "/x/y"})) // once more does no harm

	keys, err := a.Exported(t.Context())
	slices.SortFunc(keys, func(x, y world.ExportKey) int { return cmp.Compare(x.Kind, y.Kind) })
	if want := []world.ExportKey{{To: "a", Kind: "file", Name: "mine"}, {To: "b", Kind: "files", Name: "other"}}; err != nil || !slices.Equal(keys, want) {
		t.Errorf("Exported: %v, %v; want %v", keys, err, want)
	}
}

func testBadExports(t *testing.T, w []world.World) {
	for _, key := range []world.ExportKey{{To: "", Kind: "file", Name: "x"}, {To: "a/b", Kind: "file", Name: "x"}, {To: "a", Kind: "", Name: "x"}, {To: "a", Kind: "k/l", Name: "x"}, {To: "a", Kind: "file"}} {
		if err := w[0].Export(t.Context(), key, "data"); err == nil {
			t.Errorf("an export under %+v was taken", key)
		}
	}
}
