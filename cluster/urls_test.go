package cluster

import (
	"path/filepath"
	"strings"
	"testing"
)

// What the server could not listen at is refused before it is started, with what to do.
func TestSocketOfNoNetwork(t *testing.T) {
	for dir, want := range map[string]string{
		"plain":                  "",
		"with space [x] \u00fc":  "",
		"50%":                    "with none of %",
		"a#b":                    "with none of %",
		"a?b":                    "with none of %",
		"\xff":                   "in UTF-8",
		strings.Repeat("d", 150): "name a shorter --prefix",
	} {
		o := Options{NoNetwork: true, Dir: filepath.Join(string(filepath.Separator), dir)}
		err := o.addresses()
		if want == "" && err != nil {
			t.Errorf("%q: %v", dir, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want an error with %q", dir, err, want)
		}
	}
}
