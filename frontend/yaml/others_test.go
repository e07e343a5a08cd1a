package yaml

import (
	"strings"
	"testing"

	"mgmt/resource"
	"mgmt/resources"
	"mgmt/world"
	"mgmt/world/mem"
)

// export stores a resource of the kind test in the name of a host.
func export(t *testing.T, w world.World, to, name, text string) {
	t.Helper()
	rec := resource.Record{ID: resource.ID{Kind: "test", Name: name}, Params: []resource.Value{{Name: "anotherstr", Value: text}}}
	rec.Meta = []resource.Value{{Name: "hidden", Value: true}, {Name: "export", Value: []any{to}}}
	data, err := rec.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Export(t.Context(), exportKey(to, name), string(data)); err != nil {
		t.Fatal(err)
	}
}

func exportKey(to, name string) world.ExportKey {
	return world.ExportKey{To: to, Kind: "test", Name: name}
}

func withdraw(t *testing.T, w world.World, to, name string) {
	t.Helper()
	if err := w.Withdraw(t.Context(), exportKey(to, name)); err != nil {
		t.Fatal(err)
	}
}

const exchange = `
graph: g
resources: {test: [{name: "@@own"}]}
collect: [{kind: test}]
`

// What other hosts export is collected, and followed.
func TestCollectFromOthers(t *testing.T) {
	store := mem.New()
	one, two := store.Host("one"), store.Host("two")
	export(t, one, "*", "a", "x")
	export(t, one, "else", "b", "x")
	h := run(t, exchange)
	h.world = store.Host("here")
	h.start()
	h.want("+a +own +own because the graph was loaded")
	export(t, two, "here", "c", "x")
	h.want("+c because what other hosts export changed")
	export(t, one, "*", "a", "y")
	h.want("+a because what other hosts export changed")
	export(t, two, "*", "a", "z") // another one of that name
	h.wantReport("conflicting-resources")
	withdraw(t, one, "*", "a")
	h.want("+a because what other hosts export changed")
	withdraw(t, two, "here", "c")
	h.want("-c because what other hosts export changed")
	if err := two.Export(t.Context(), exportKey("*", "bad"), "{"); err != nil {
		t.Fatal(err)
	}
	h.wantReport("refused-resource")
}

// An edge to what nobody exports yet waits for it.
func TestWaitForOthers(t *testing.T) {
	store := mem.New()
	h := run(t, exchange+"edges: [{from: {kind: test, name: own}, to: {kind: test, name: late}}]\n")
	h.world = store.Host("here")
	h.start()
	h.wantReport("refused-resource")
	export(t, store.Host("one"), "*", "late", "x")
	h.want("+late +own +own +own>late because what other hosts export changed")
}

// Before it is known for which host a graph is, such an edge may be right.
func TestCheckOfCollecting(t *testing.T) {
	text := exchange + "edges: [{from: {kind: test, name: own}, to: {kind: test, name: late}}]\n"
	_, diags := New(Options{Input: &Input{Name: "g.yaml", Text: []byte(text)}, Kinds: resources.Kinds()}).Check()
	if diags.HasErrors() || len(diags) != 1 || !strings.Contains(diags[0].Message, "test[late]") {
		t.Errorf("got %v", diags)
	}
}
