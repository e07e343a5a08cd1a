package resource

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"testing"
)

func TestHide(t *testing.T) {
	const secret = "it's \"open\" <ses&me> ü\tx"
	s := NewSecrets([]string{"p"}, []string{secret, "first line\nsecond line\n", "two  spaces", ""})
	asJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                             "",
		"nothing":                      "nothing",
		"a " + secret + " b":           "a (secret) b",
		secret + secret:                "(secret)(secret)",
		fmt.Sprintf("%q", secret):      `"(secret)"`,
		fmt.Sprintf("%+q", secret):     `"(secret)"`,
		string(asJSON):                 `"(secret)"`,
		url.QueryEscape(secret) + "&x": "(secret)&x",
		"/" + url.PathEscape(secret):   "/(secret)",
		"'" + strings.ReplaceAll(secret, "'", `'\''`) + "'": "'(secret)'",
		"+first line\n second line\n":                       "+(secret)\n (secret)\n",
		"first line\nsecond line\n!":                        "(secret)!",
		"two spaces and two  spaces":                        "(secret) and (secret)",
		"it begins with " + secret[:9] + "…":                "it begins with (secret)…",
		"it begins with " + secret[:9] + "… and second l…":  "it begins with (secret)… and (secret)…",
		"shortened…": "shortened…",
		`'first'$'\303\274''second'… \"open\" sesame`: `'first'$'\303\274''(secret)'… \"open\" sesame`,
	} {
		if got := s.Hide(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	var none *Secrets
	if none.Hide(secret) != secret || none.Has("p") || !s.Has("p") || s.Has("q") {
		t.Error("no secrets hide something, or some hide nothing")
	}
}

func TestHideOfError(t *testing.T) {
	s := NewSecrets(nil, []string{"sesame"})
	cause := fmt.Errorf("open sesame: %w", fs.ErrPermission)
	err := s.HideError(cause)
	if err.Error() != "open (secret): permission denied" || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("it became %v", err)
	}
	other := errors.New("something else")
	if s.HideError(other) != other || s.HideError(nil) != nil || (*Secrets)(nil).HideError(cause) != cause {
		t.Error("what tells nothing is changed")
	}
}

func TestHideChanges(t *testing.T) {
	s := NewSecrets([]string{"content"}, []string{"sesame"})
	diff := func() string { return "-old\n+sesame" }
	got := s.HideChanges([]Change{
		{Param: "content", Old: "old", New: "new", Note: "note", Diff: diff},
		{Param: "other", Old: "a sesame", New: "b", Note: "sesame!", Diff: diff},
		{Param: "own", New: "x", Secret: true},
	})
	if c := got[0]; !c.Secret || c.Old+c.New+c.Note != "" || c.Diff != nil {
		t.Errorf("of a secret parameter there is %+v", c)
	}
	if c := got[1]; c.Secret || c.Old != "a (secret)" || c.New != "b" || c.Note != "(secret)!" || c.Diff() != "-old\n+(secret)" {
		t.Errorf("of another one there is %+v", c)
	}
	if c := got[2]; !c.Secret || c.New != "" {
		t.Errorf("of one that is secret by itself there is %+v", c)
	}
	plain := []Change{{Param: "a", New: "sesame"}}
	if got := (*Secrets)(nil).HideChanges(plain); &got[0] != &plain[0] {
		t.Error("changes without secrets are copied")
	}
}

func TestSecretsAddUp(t *testing.T) {
	a := NewSecrets([]string{"x"}, []string{"one"})
	b := NewSecrets([]string{"y"}, []string{"two"})
	var none *Secrets
	if none.Merge(a) != a || a.Merge(none) != a || a.Merge(NewSecrets([]string{"x"}, []string{"one"})) != a || none.Merge(none) != nil {
		t.Error("merging with the same or with nothing makes something else")
	}
	both := a.Merge(b)
	if !both.Has("x") || !both.Has("y") || both.Hide("one two") != "(secret) (secret)" || !both.Equal(b.Merge(a)) || both.Equal(a) || both.Equal(none) || !none.Equal(none) {
		t.Errorf("both are %v", both)
	}
	got := none.Receiving("z", map[string]any{"k": []any{"deep", int64(4711), true}}, b)
	if !got.Has("z") || got.Hide("deep 4711 k two true") != "(secret) (secret) (secret) (secret) true" {
		t.Errorf("what receives hides %q", got.Hide("deep 4711 k two true"))
	}
}

func BenchmarkHide(b *testing.B) {
	s := NewSecrets(nil, []string{"open sesame", strings.Repeat("line of a key\n", 20)})
	text := strings.Repeat("a line that a command prints, without a secret\n", 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Hide(text)
	}
}
