package stdstrings

import (
	"math"
	"testing"
)

func TestPadding(t *testing.T) {
	for _, c := range []struct {
		s, pad string
		length int64
		want   string
	}{
		{"7", "0", 3, "00"}, {"7", "ab", 4, "abab"}, {"7", "0", -1, ""}, {"7", "", math.MaxInt64, ""}, {"", "x", 2, "xx"},
		{"long", "x", 2, ""}, {"", "x", math.MinInt64, ""},
	} {
		if got, err := padding(c.s, c.pad, c.length); err != nil || got != c.want {
			t.Errorf("padding(%q, %q, %d) = %q, %v, want %q", c.s, c.pad, c.length, got, err, c.want)
		}
	}
	if _, err := padding("7", "0", math.MaxInt64); err == nil {
		t.Error("a string of all memory was made")
	}
}
