package lang

import (
	"testing"

	"mgmt/lang/syntax"
)

// TestCodes demands of each documented code of a running program that its example yields it.
func TestCodes(t *testing.T) {
	for _, c := range syntax.Codes() {
		if c.Phase < syntax.PhaseGraph || c.Example == "" {
			continue
		}
		_, _, diags := Snapshot(t.Context(), testOptions(t, c.Example, nil))
		if len(diags) != 1 || diags[0].Code != c.Code {
			t.Errorf("%s: the example yields %v", c.Code, diags)
		}
	}
}
