package lang

import "testing"

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
