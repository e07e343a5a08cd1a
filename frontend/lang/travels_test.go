package lang_test

import (
	"slices"
	"testing"
	"testing/fstest"

	frontlang "mgmt/frontend/lang"
	"mgmt/lang"
	"mgmt/lang/std"
	"mgmt/lang/syntax"
	"mgmt/resources"
)

// TestMissingFiles checks programs that read files which are not there: it is an error where no host
// could run the program, and otherwise worth a warning.
func TestMissingFiles(t *testing.T) {
	for _, c := range []struct {
		program string
		want    []syntax.Severity
	}{
		{`test deploy.readfile("/here") {}`, nil},
		{`test deploy.readfile("/none") {}`, []syntax.Severity{syntax.Error}},
		{`test deploy.readfile("/none") <|> "x" {}`, []syntax.Severity{syntax.Error}}, // a fallback does not catch it
		{`test "x" { anotherstr => deploy.readfile("/none"), }`, []syntax.Severity{syntax.Error}},
		{`test "x" { anotherstr => true ?: deploy.readfile("/none"), }`, []syntax.Severity{syntax.Warning}},
		{`test if $hostname == "a" { deploy.readfile("/none") } else { "x" } {}`, []syntax.Severity{syntax.Warning}},
		{"if $hostname == \"a\" {\n\ttest deploy.readfile(\"/none\") {}\n}", []syntax.Severity{syntax.Warning}},
		{`test deploy.readfile("/none/${hostname}") {}`, []syntax.Severity{syntax.Warning}},
		{"if deploy.file_exists(\"/none\") {\n\ttest \"a\" {}\n}", nil},
	} {
		_, diags := frontlang.Check(t.Context(), frontlang.Options{
			Input:   lang.Input{Main: "p.mcl", Text: []byte("import \"deploy\"\n" + c.program + "\n"), Files: fstest.MapFS{"here": {}}},
			Library: std.Library(),
			Kinds:   resources.Kinds(),
		})
		var got []syntax.Severity
		for _, d := range diags {
			if d.Code != frontlang.MissingFile {
				t.Errorf("%s: %s", c.program, d.Message)
			}
			got = append(got, d.Severity)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: what is said is %v, want %v", c.program, got, c.want)
		}
	}
}
