package pki

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestATokenSaysWhetherAHostMayServe(t *testing.T) {
	c := newCluster(t)
	f, err := c.dir.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	n := c.newcomer("client", c.invite(Invitation{Authority: f, Port: c.port, Uses: 1, TTL: time.Hour, Client: true}))
	if err := n.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	for host, test := range map[string]struct {
		dir  Dir
		want bool
	}{"client": {n.Dir, false}, "second": {c.join("second"), true}} {
		for range 2 { // the role stays as it is with the next certificate
			cert := c.certificate(test.dir).Leaf
			if MayServe(cert) != test.want || slices.Contains(cert.DNSNames, PeerName) != test.want {
				t.Errorf("%s: the certificate is of %q with %q", host, cert.Subject, cert.DNSNames)
			}
			if Is(cert, PeerName) {
				t.Errorf("%s is %s, as other hosts are", host, PeerName)
			}
			if err := Renew(t.Context(), nil, test.dir, nil, []string{c.server.URL}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !MayServe(c.certificate(c.dir).Leaf) {
		t.Error("a signer may not serve")
	}
	if _, err := NewToken(t.Context(), c.store, Invitation{Uses: 1, TTL: time.Hour, Client: true, Signer: true}); err == nil {
		t.Error("a signer is told to run no server")
	}
}

// The name that says that a host may serve cannot be asked for.
func TestNobodyAsksForTheNameOfServers(t *testing.T) {
	c := newCluster(t)
	for _, name := range []string{PeerName, "SERVER.mgmt"} {
		n := c.newcomer("second", c.token(1, time.Hour))
		n.Names = []string{name}
		wantError(t, n.Join(t.Context()), ErrRequest)
		wantError(t, c.newcomer(name, c.token(1, time.Hour)).Join(t.Context()), ErrRequest)
	}
	second := c.join("second")
	wantError(t, Renew(t.Context(), nil, second, []string{PeerName}, []string{c.server.URL}), ErrRequest)
}

// A copy of a certificate is noticed when both are renewed.
func TestACopiedCertificate(t *testing.T) {
	c := newCluster(t)
	var log bytes.Buffer
	c.signer.Log = slog.New(slog.NewTextHandler(&log, nil))
	second := c.join("second")
	thief := Dir(t.TempDir())
	if err := os.CopyFS(string(thief), os.DirFS(string(second))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Renew(t.Context(), nil, second, nil, []string{c.server.URL}); err != nil {
			t.Fatal(err)
		}
	}
	const warning = "mgmt cluster revoke second"
	if strings.Contains(log.String(), warning) {
		t.Errorf("a host that renews its certificate is taken for two:\n%s", &log)
	}
	if err := Renew(t.Context(), nil, thief, nil, []string{c.server.URL}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), warning) {
		t.Errorf("there is no warning:\n%s", &log)
	}
	if _, err := Revoke(t.Context(), c.store, "second"); err != nil {
		t.Fatal(err)
	}
	wantError(t, Renew(t.Context(), nil, thief, nil, []string{c.server.URL}), ErrRevoked)
}
