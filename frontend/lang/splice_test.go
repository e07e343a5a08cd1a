package lang

import (
	"context"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

var lexeme = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\$?[A-Za-z_][A-Za-z0-9_.:]*|\d+(?:\.\d+)?|=>|->|<\|>|\s+|.`)

// splice makes a program of pieces of others.
func splice(r *rand.Rand, programs [][]string) string {
	a := programs[r.IntN(len(programs))]
	for range r.IntN(4) {
		b := programs[r.IntN(len(programs))]
		if r.IntN(3) == 0 || len(a) == 0 || len(b) == 0 {
			a = append(append(a[:len(a):len(a)], "\n"), b...)
			continue
		}
		i, j := r.IntN(len(a)), r.IntN(len(b))
		piece, rest := b[j:min(len(b), j+r.IntN(6))], a[min(len(a), i+r.IntN(4)):]
		a = append(append(a[:i:i], piece...), rest...)
	}
	return strings.Join(a, "")
}

// TestSplices runs programs made of pieces of the facts: whatever stage refuses one does so
// with an error that has a place, and none panics.
func TestSplices(t *testing.T) {
	var programs [][]string
	for _, f := range readFacts(t) {
		if !strings.Contains(f.program, "system") { // it would run commands
			programs = append(programs, lexeme.FindAllString(f.program, -1))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		text := splice(r, programs)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, _, diags := Snapshot(ctx, testOptions(t, text, nil))
		cancel()
		for _, d := range diags {
			if !d.Span.IsValid() && d.Code != "no-value" {
				t.Errorf("an error without a place: %s\n%s", d.Message, text)
			}
		}
	}
}
