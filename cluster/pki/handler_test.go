package pki

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func FuzzHandler(f *testing.F) {
	authority, err := Found(Dir(f.TempDir()), "first", nil)
	if err != nil {
		f.Fatal(err)
	}
	store := &memory{}
	token, err := NewToken(f.Context(), store, Invitation{Uses: 1, TTL: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	key, err := newKey()
	if err != nil {
		f.Fatal(err)
	}
	csr, err := newRequest(key, "host", []string{"192.0.2.1", "host.example"})
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range []Request{{}, {CSR: csr}, {CSR: csr, Token: token.Name(), Secret: []byte("?")}, {CSR: csr[:40], Token: "../x"}} {
		body, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("/v1/join", body)
		f.Add("/v1/renew", body)
	}
	f.Add("/v1/join", []byte("{"))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		if path != joinPath && path != renewPath {
			path = joinPath
		}
		signer := &Signer{Authority: authority, Store: store}
		w := httptest.NewRecorder()
		signer.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body)))
		var r refusal
		if err := json.Unmarshal(w.Body.Bytes(), &r); w.Code < 400 || w.Code == http.StatusServiceUnavailable || err != nil || r.Error == "" {
			t.Errorf("%s %q: got %d, %s (%v), want a refusal", path, body, w.Code, w.Body, err)
		}
	})
}
