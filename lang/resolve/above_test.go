package resolve

import "testing"

func TestRelative(t *testing.T) {
	for _, c := range []struct{ root, dir, rel string }{
		{".", ".", ""},
		{".", "lib", "lib"},
		{".", "../lib", ".../lib"},
		{"site", "site", ""},
		{"site", "site/lib", "lib"},
		{"site", "sitemap", ".../sitemap"},
		{"site", "../lib", ".../.../lib"},
		{"../site", "../lib", ".../lib"},
		{"/srv/site", "/srv/site/lib", "lib"},
		{"/srv/site", "/opt/lib", ".../.../opt/lib"},
		{"/", "/lib", "lib"},
	} {
		rel, ok := relative(c.root, c.dir)
		if !ok || rel != c.rel {
			t.Errorf("%s from %s is %q, %v, want %q", c.dir, c.root, rel, ok, c.rel)
		}
	}
	for _, c := range [][2]string{{"site", "/lib"}, {"/site", "lib"}, {"../site", "lib"}} {
		if rel, ok := relative(c[0], c[1]); ok {
			t.Errorf("%s from %s is %q, want that it is not known", c[1], c[0], rel)
		}
	}
}

func TestPlace(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "lib/a": "lib/a", ".../lib/a": "../lib/a", ".../.../a": "../../a", "...": "../",
		"a/.../b": "a/.../b", "....": "....", ".../..../a": "../..../a",
	} {
		if got := Place(name); got != want {
			t.Errorf("Place(%q) is %q, want %q", name, got, want)
		}
	}
}
