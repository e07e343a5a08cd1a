package syntax

import (
	"fmt"
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	words := []string{"content", "state", "mode", "owner", "group", "if", "for", "forkv", "class"}
	for name, want := range map[string]string{
		"contents": "content", "contnet": "content", "sate": "state", "stat": "state", "clas": "class",
		"fro": "for", "fi": "if", "mdoe": "mode", "": "", "x": "", "zzz": "", "entirely": "",
		"content": "", // itself is no misspelling
	} {
		if got := Suggest(name, words); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSuggestLong(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	if got := Suggest(long, []string{long + "b"}); got != "" {
		t.Error("a name of a megabyte has a suggestion")
	}
}

func BenchmarkSuggest(b *testing.B) {
	var words []string
	for i := range 10_000 {
		words = append(words, fmt.Sprintf("name_%05d", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if Suggest("nmae_09999", words) != "name_09999" {
			b.Fatal("not found")
		}
	}
}
