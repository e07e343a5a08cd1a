package pki

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func FuzzParseToken(f *testing.F) {
	t := Token{Port: DefaultPort}
	f.Add(t.String())
	f.Add(t.String()[:40])
	f.Add(tokenPrefix)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := ParseToken(text)
		switch {
		case err != nil && !errors.Is(err, ErrNoToken):
			t.Errorf("%q: got error %v, want %v", text, err, ErrNoToken)
		case err == nil && token.String() != strings.Join(strings.Fields(text), ""):
			t.Errorf("%q is read as %q", text, token)
		}
	})
}

func TestATokenWithAMistakeIsNone(t *testing.T) {
	token := Token{Port: DefaultPort, ID: [8]byte{1, 2}, Secret: [16]byte{3, 4}}
	text := token.String()
	if got, err := ParseToken(" " + text[:30] + "\r\n  " + text[30:] + "\n"); got != token || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	for i := range text {
		if text[i] == 'Z' {
			continue
		}
		if _, err := ParseToken(text[:i] + "Z" + text[i+1:]); !errors.Is(err, ErrNoToken) {
			t.Errorf("with another character %d it is a token still (%v)", i, err)
		}
	}
}

func TestTheLimitOfRequests(t *testing.T) {
	l := newLimiter()
	now := time.Now()
	allowed := 0
	for range 10 * limitBurst {
		if l.allow("a", now) {
			allowed++
		}
	}
	if allowed != limitBurst {
		t.Errorf("%d requests are allowed at once, want %d", allowed, limitBurst)
	}
	if !l.allow("b", now) {
		t.Error("another address has to wait too")
	}
	if !l.allow("a", now.Add(time.Minute)) {
		t.Error("a minute later, nothing is allowed")
	}
	for i := range limitHosts + 10 {
		l.allow(string(rune(i+1000)), now.Add(time.Minute))
	}
	if len(l.buckets) > limitHosts {
		t.Errorf("%d addresses are remembered", len(l.buckets))
	}
	if !l.allow("new", now.Add(time.Hour)) {
		t.Error("an hour later, a new address has to wait")
	}
}

// Tokens do not pile up: making one forgets those that nobody will ask about any more.
func TestTokensAreForgotten(t *testing.T) {
	c := newCluster(t)
	old, fresh := c.token(1, time.Hour), c.token(1, time.Hour)
	err := update(t.Context(), c.store, tokenKey(old.Name()), func(s *storedToken) error {
		s.Expires = time.Now().Add(-tokenMemory - time.Minute)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last := c.token(1, time.Hour)
	all, err := c.store.List(t.Context(), tokenKey(""))
	if err != nil || len(all) != 2 || all[tokenKey(fresh.Name())] == nil || all[tokenKey(last.Name())] == nil {
		t.Errorf("the tokens that are stored are %q, error %v", all, err)
	}
	wantError(t, c.newcomer("second", old).Join(t.Context()), ErrWrongToken)
}
