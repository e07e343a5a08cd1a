package lang

import (
	"fmt"
	"strings"
	"testing"
)

// TestPlaces says where in the program it stands what is wrong with a resource.
func TestPlaces(t *testing.T) {
	for _, x := range []struct{ code, want string }{
		{"noop \"x\" {\n\tMeta:limit => -1.0,\n}\n", "main.mcl:2:2"},
		{"noop \"x\" {\n\tMeta:retry => -5,\n}\n", "main.mcl:2:2"},
		{"timer \"t\" {\n\tMeta:retry => 1,\n\tinterval => 0,\n}\n", "main.mcl:3:2"},
		{"noop \"a\" {}\n", ""},
	} {
		_, files, diags := Snapshot(t.Context(), testOptions(t, x.code, nil))
		got := ""
		for _, d := range diags {
			got += files.Position(d.Span.Start).String()
		}
		if got != x.want {
			t.Errorf("%s: refused at %q, want %q", x.code, got, x.want)
		}
	}
}

// TestManyRefusals holds that a graph full of mistakes is answered with a few of them, in
// time, and that the others are counted.
func TestManyRefusals(t *testing.T) {
	const n = 20_000
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "noop \"resource%d\" { Before => Noop[\"ressource%d\"], }\n", i, i)
	}
	_, _, diags := Snapshot(t.Context(), testOptions(t, b.String(), nil))
	if len(diags) != 201 {
		t.Fatalf("there are %d diagnostics", len(diags))
	}
	if want := "an edge names noop[ressource0], which the program does not declare; did you mean noop[resource0]?"; diags[0].Message != want {
		t.Errorf("the first one is %q, want %q", diags[0].Message, want)
	}
	if want := fmt.Sprintf("and %d more mistakes", n-200); diags[200].Message != want {
		t.Errorf("the last one is %q, want %q", diags[200].Message, want)
	}
}
