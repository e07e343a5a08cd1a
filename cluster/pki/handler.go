package pki

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Paths that a signer answers.
const (
	joinPath  = "/v1/join"
	renewPath = "/v1/renew"
)

// maxMessage is how long a request or an answer may be.
const maxMessage = 1 << 20

// A refusal is the answer to a request that is not granted.
type refusal struct {
	Error string
	Kind  string `json:",omitempty"` // one of kinds
}

// ErrBusy is why a signer does not answer a host that asks too often.
var ErrBusy = errors.New("too many requests come from this address; try again in a minute")

// kinds has the reasons that are told to hosts, each with a fitting HTTP status.
var kinds = map[string]struct {
	err    error
	status int
}{
	"wrong-token":   {ErrWrongToken, http.StatusForbidden},
	"token-expired": {ErrTokenExpired, http.StatusForbidden},
	"token-used":    {ErrTokenUsed, http.StatusForbidden},
	"name-taken":    {ErrNameTaken, http.StatusConflict},
	"other-host":    {ErrOtherHost, http.StatusForbidden},
	"revoked":       {ErrRevoked, http.StatusForbidden},
	"request":       {ErrRequest, http.StatusBadRequest},
	"busy":          {ErrBusy, http.StatusTooManyRequests},
}

// Serve answers hosts at a listener until ctx ends.
func (s *Signer) Serve(ctx context.Context, dir Dir, listener net.Listener) error {
	config, err := dir.Files().Server(tls.VerifyClientCertIfGiven)
	if err != nil {
		listener.Close()
		return err
	}
	server := &http.Server{
		Handler:        s.Handler(),
		TLSConfig:      config,
		ReadTimeout:    askLimit,
		WriteTimeout:   askLimit,
		IdleTimeout:    askLimit,
		MaxHeaderBytes: 1 << 14,
		ErrorLog:       log.New(io.Discard, "", 0), // strangers would fill it
	}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return ctx.Err()
}

// Handler answers hosts that want a certificate. It has to be served with TLS that verifies client
// certificates where they are given.
func (s *Signer) Handler() http.Handler {
	limit := newLimiter()
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+joinPath, func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, limit, s.Join)
	})
	mux.HandleFunc("POST "+renewPath, func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, limit, func(ctx context.Context, req Request, from net.IP) (*Answer, error) {
			if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
				return nil, ErrWrongToken
			}
			return s.Renew(ctx, req, r.TLS.PeerCertificates[0], from)
		})
	})
	return mux
}

// answer reads a request, has it granted or refused, and writes the answer.
func (s *Signer) answer(w http.ResponseWriter, r *http.Request, limit *limiter, grant func(context.Context, Request, net.IP) (*Answer, error)) {
	from := remote(r)
	var req Request
	answer, err := (*Answer)(nil), ErrBusy
	if limit.allow(from.String(), time.Now()) {
		r.Body = http.MaxBytesReader(w, r.Body, maxMessage)
		if err = json.NewDecoder(r.Body).Decode(&req); err != nil {
			err = fmt.Errorf("%w: %w", ErrRequest, err)
		} else {
			answer, err = grant(r.Context(), req, from)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		s.refuse(w, from, req.Token, err)
		return
	}
	json.NewEncoder(w).Encode(answer) // the host asks again if it does not get it
}

// refuse says why a request is not granted.
func (s *Signer) refuse(w http.ResponseWriter, from net.IP, token string, err error) {
	out, status := refusal{Error: "the signer cannot answer at present: " + err.Error()}, http.StatusServiceUnavailable
	for kind, k := range kinds {
		if errors.Is(err, k.err) {
			out, status = refusal{err.Error(), kind}, k.status
		}
	}
	if !errors.Is(err, ErrBusy) {
		s.log().Warn("a host got no certificate", "from", from, "token", shorten(token), "error", err)
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(out) // nobody is there to tell if this fails
}

// shorten keeps what somebody sends from filling the log.
func shorten(text string) string { return text[:min(len(text), 16)] }

// remote returns the address that a request comes from.
func remote(r *http.Request) net.IP {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return nil
	}
	return net.ParseIP(host)
}
