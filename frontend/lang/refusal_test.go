package lang

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mgmt/lang"
	"mgmt/lang/syntax"
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

// TestFlappingRefusals holds that values which are bad again and again make few reports, and
// that none is lost for good.
func TestFlappingRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reports := 0
		f := New(Options{Report: func(*syntax.Files, syntax.Diagnostics) { reports++ }})
		opts := testOptions(t, "", nil)
		prog, _ := lang.Load(t.Context(), opts.Input, opts.Library, Kinds(opts.Kinds))
		v := &version{prog: prog}
		refuse := func(text string) {
			if err := f.refuse(t.Context(), v, []error{errors.New(text)}); err != nil {
				t.Fatal(err)
			}
		}
		for range 1000 {
			refuse("bad")
			time.Sleep(time.Millisecond)
		}
		if reports != 1 {
			t.Errorf("%d reports of the same within a second", reports)
		}
		refuse("bad")
		refuse("worse")
		if reports != 3 {
			t.Errorf("%d reports, want one more a second later and one of what is new", reports)
		}
	})
}
