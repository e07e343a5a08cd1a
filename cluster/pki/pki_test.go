package pki

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A cluster is a signer at an address, with the store behind it.
type testCluster struct {
	t      *testing.T
	dir    Dir
	store  *memory
	signer *Signer
	server *httptest.Server
	port   uint16
}

func newCluster(t *testing.T) *testCluster {
	t.Helper()
	c := &testCluster{t: t, dir: Dir(t.TempDir()), store: &memory{}}
	authority, err := Found(c.dir, "first", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.signer = &Signer{Authority: authority, Store: c.store}
	if err := c.signer.Adopt(t.Context(), c.dir); err != nil {
		t.Fatal(err)
	}
	config, err := c.dir.Files().Server(tls.VerifyClientCertIfGiven)
	if err != nil {
		t.Fatal(err)
	}
	c.server = httptest.NewUnstartedServer(c.signer.Handler())
	c.server.TLS = config
	// httptest has a certificate of its own, unless there is one.
	config.Certificates = []tls.Certificate{*c.certificate(c.dir)}
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	c.port = uint16(c.server.Listener.Addr().(*net.TCPAddr).Port)
	return c
}

func (c *testCluster) certificate(d Dir) *tls.Certificate {
	c.t.Helper()
	cert, err := d.current()
	if err != nil {
		c.t.Fatal(err)
	}
	return cert
}

func (c *testCluster) token(uses int, ttl time.Duration) Token {
	c.t.Helper()
	f, err := c.dir.Fingerprint()
	if err != nil {
		c.t.Fatal(err)
	}
	return c.invite(Invitation{Authority: f, Port: c.port, Uses: uses, TTL: ttl})
}

func (c *testCluster) invite(i Invitation) Token {
	c.t.Helper()
	token, err := NewToken(c.t.Context(), c.store, i)
	if err != nil {
		c.t.Fatal(err)
	}
	return token
}

func (c *testCluster) newcomer(host string, token Token) Newcomer {
	return Newcomer{Dir: Dir(c.t.TempDir()), Host: host, Token: token, Seeds: []string{"127.0.0.1"}}
}

// join lets a host in.
func (c *testCluster) join(host string) Dir {
	c.t.Helper()
	n := c.newcomer(host, c.token(1, time.Hour))
	if err := n.Join(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	return n.Dir
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func TestHostsOfAClusterTrustEachOther(t *testing.T) {
	c := newCluster(t)
	second := c.join("second")
	if err := second.Files().Check("second", time.Now()); err != nil {
		t.Error(err)
	}
	if err := talk(t, second.Files(), c.dir.Files()); err != nil {
		t.Errorf("the first does not take what the second shows: %v", err)
	}
	if err := talk(t, c.dir.Files(), second.Files()); err != nil {
		t.Errorf("the second does not take what the first shows: %v", err)
	}
}

// talk connects a client to a server, and returns why they do not talk.
func talk(t *testing.T, client, server Files) error {
	t.Helper()
	config, err := server.Server(tls.RequireAndVerifyClientCert)
	if err != nil {
		return err
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			err = conn.(*tls.Conn).Handshake()
			conn.Close()
		}
		accepted <- err
	}()
	dial, err := client.Client()
	if err != nil {
		return err
	}
	conn, err := tls.Dial("tcp", l.Addr().String(), dial)
	if err == nil {
		conn.Close()
	}
	return errors.Join(err, <-accepted)
}

func TestHostsOfOtherClustersAreNotTrusted(t *testing.T) {
	here, there := newCluster(t), newCluster(t)
	err := talk(t, there.dir.Files(), here.dir.Files())
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("got %v, want an error of an unknown authority", err)
	}
	files := here.dir.Files()
	files.CA = there.dir.Files().CA
	wantError(t, files.Check("first", time.Now()), ErrOtherCA)
}

func TestClientsWithoutACertificateAreRefused(t *testing.T) {
	c := newCluster(t)
	config, err := c.dir.Files().Server(tls.RequireAndVerifyClientCert)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = config
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	if _, err := client.Get(server.URL); err == nil || !strings.Contains(err.Error(), "certificate required") {
		t.Errorf("got %v, want that a certificate is required", err)
	}
	config12 := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}
	if conn, err := tls.Dial("tcp", server.Listener.Addr().String(), config12); err == nil {
		conn.Close()
		t.Error("TLS 1.2 is accepted")
	}
}

func TestTokensThatLetNobodyIn(t *testing.T) {
	c := newCluster(t)
	used := c.token(1, time.Hour)
	if err := c.newcomer("used", used).Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	wrong := c.token(1, time.Hour)
	wrong.Secret[3] ^= 1
	unknown := c.token(1, time.Hour)
	unknown.ID[0] ^= 1
	foreign := c.token(1, time.Hour)
	foreign.Authority[0] ^= 1
	for name, test := range map[string]struct {
		token Token
		want  error
	}{
		"used up":             {used, ErrTokenUsed},
		"wrong secret":        {wrong, ErrWrongToken},
		"unknown":             {unknown, ErrWrongToken},
		"expired":             {c.token(1, time.Nanosecond), ErrTokenExpired},
		"of another cluster":  {foreign, ErrOtherCluster},
		"of another, for all": {newCluster(t).token(1, time.Hour), ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			n := c.newcomer("new", test.token)
			if test.want == ErrUnreachable {
				n.Seeds = []string{"nowhere.invalid"}
			}
			wantError(t, n.Join(t.Context()), test.want)
			if n.Dir.HasCertificate() {
				t.Error("the host has a certificate")
			}
		})
	}
}

func TestATokenWorksAsOftenAsItSays(t *testing.T) {
	c := newCluster(t)
	token := c.token(3, time.Hour)
	results := make(chan error)
	for i := range 8 {
		n := c.newcomer("host"+string(rune('a'+i)), token)
		go func() { results <- n.Join(context.Background()) }()
	}
	joined := 0
	for range 8 {
		if err := <-results; err == nil {
			joined++
		} else if !errors.Is(err, ErrTokenUsed) {
			t.Errorf("got %v, want %v", err, ErrTokenUsed)
		}
	}
	if joined != 3 {
		t.Errorf("%d hosts joined with a token for 3", joined)
	}
}

func TestASecretIsNotStored(t *testing.T) {
	c := newCluster(t)
	token := c.token(1, time.Hour)
	for key, s := range c.store.values {
		if strings.Contains(string(s.value), string(token.Secret[:])) || strings.Contains(string(s.value), token.String()) {
			t.Errorf("%s has the secret", key)
		}
	}
}

func TestANameIsThatOfOneHost(t *testing.T) {
	c := newCluster(t)
	c.join("second")
	for _, name := range []string{"second", "SECOND", "first"} {
		wantError(t, c.newcomer(name, c.token(1, time.Hour)).Join(t.Context()), ErrNameTaken)
	}
	// Nor is it a further name of another one.
	n := c.newcomer("third", c.token(1, time.Hour))
	n.Names = []string{"second"}
	wantError(t, n.Join(t.Context()), ErrNameTaken)
	// A refusal does not use the token up.
	n.Names = nil
	if err := n.Join(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnAddressIsThatOfOneHost(t *testing.T) {
	c := newCluster(t)
	n := c.newcomer("second", c.token(1, time.Hour))
	n.Names = []string{"192.0.2.7", "::1"}
	if err := n.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.certificate(n.Dir).Leaf.VerifyHostname("192.0.2.7"); err != nil {
		t.Error(err)
	}
	n = c.newcomer("third", c.token(1, time.Hour))
	n.Names = []string{"192.0.2.7"}
	wantError(t, n.Join(t.Context()), ErrNameTaken)
	if _, err := Revoke(t.Context(), c.store, "second"); err != nil {
		t.Fatal(err)
	}
	if err := n.Join(t.Context()); err != nil {
		t.Errorf("the address of a host that is no more: %v", err)
	}
}

func TestAHostThatGotNoAnswerAsksAgain(t *testing.T) {
	c := newCluster(t)
	n := c.newcomer("second", c.token(1, time.Hour))
	key, err := n.Dir.joinKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := newRequest(key, "second", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.signer.Join(t.Context(), Request{csr, n.Token.Name(), n.Token.Secret[:]}, nil); err != nil {
		t.Fatal(err)
	}
	if err := n.Join(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRevokedCertificates(t *testing.T) {
	c := newCluster(t)
	second := c.join("second")
	if count, err := Revoke(t.Context(), c.store, "second"); count != 1 || err != nil {
		t.Fatalf("revoked %d certificates, error %v; want 1", count, err)
	}
	if listed, err := Listed(t.Context(), c.store); listed || err != nil {
		t.Errorf("listed before the signer has signed: %v, %v", listed, err)
	}
	if err := c.signer.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if listed, err := Listed(t.Context(), c.store); !listed || err != nil {
		t.Errorf("not listed after the signer has signed: %v, %v", listed, err)
	}
	for _, d := range []Dir{c.dir, second} {
		if err := d.SetStoredList(c.store.values[ListKey].value); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, talk(t, second.Files(), c.dir.Files()), ErrRevoked)
	wantError(t, talk(t, c.dir.Files(), second.Files()), ErrRevoked)
	wantError(t, second.Files().Check("second", time.Now()), ErrRevoked)
	if err := Renew(t.Context(), nil, second, nil, []string{c.server.URL}); err == nil {
		t.Error("a revoked certificate is renewed")
	}
	again := c.join("second")
	if err := talk(t, again.Files(), c.dir.Files()); err != nil {
		t.Errorf("the host cannot come back: %v", err)
	}
	if _, err := Revoke(t.Context(), c.store, "nobody"); err == nil {
		t.Error("a host that never joined can be revoked")
	}
}

func TestARevocationListOfOthersIsRefused(t *testing.T) {
	here, there := newCluster(t), newCluster(t)
	list, err := there.signer.currentList(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := here.dir.SetRevoked(list); err == nil {
		t.Error("the list of another authority is taken over")
	}
	old, err := os.ReadFile(here.dir.path(revokedFile))
	if err != nil {
		t.Fatal(err)
	}
	here.join("second")
	if _, err := Revoke(t.Context(), here.store, "second"); err != nil {
		t.Fatal(err)
	}
	if list, err = here.signer.currentList(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, l := range [][]byte{list, old} { // the second is older, and must not undo the first
		if err := here.dir.SetRevoked(l); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readList(here.dir.path(revokedFile))
	if err != nil || len(got.RevokedCertificateEntries) != 1 {
		t.Errorf("the list has %v, error %v; want one certificate", got, err)
	}
}

func TestRenewal(t *testing.T) {
	c := newCluster(t)
	dir := c.join("second")
	before := c.certificate(dir).Leaf
	if err := Renew(t.Context(), nil, dir, []string{"second.example"}, []string{c.server.URL}); err != nil {
		t.Fatal(err)
	}
	after := c.certificate(dir).Leaf
	if before.SerialNumber.Cmp(after.SerialNumber) == 0 || before.PublicKey.(*ecdsa.PublicKey).Equal(after.PublicKey) {
		t.Error("the certificate or its key is the same")
	}
	if err := after.VerifyHostname("second.example"); err != nil {
		t.Error(err)
	}
	first := c.certificate(c.dir).Leaf
	if err := c.signer.Recertify(t.Context(), c.dir, nil); err != nil {
		t.Fatal(err)
	}
	if c.certificate(c.dir).Leaf.SerialNumber.Cmp(first.SerialNumber) == 0 {
		t.Error("that of the signer is the same")
	}
	if err := talk(t, dir.Files(), c.dir.Files()); err != nil {
		t.Error(err)
	}
}

func TestAHostCannotBeRenewedAsAnother(t *testing.T) {
	c := newCluster(t)
	thief := c.certificate(c.join("thief")).Leaf
	c.join("second")
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := newRequest(key, "second", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.signer.Renew(t.Context(), Request{CSR: csr}, thief, nil)
	wantError(t, err, ErrOtherHost)
	// Without any certificate, there is nothing to renew.
	_, err = ask(t.Context(), nil, pinned(c.token(1, time.Hour).Authority), []string{c.server.URL + renewPath}, Request{CSR: csr})
	wantError(t, err, ErrWrongToken)
}

func TestOnlySignersLetHostsIn(t *testing.T) {
	c := newCluster(t)
	other := c.join("second")
	config, err := other.Files().Server(tls.NoClientCert)
	if err != nil {
		t.Fatal(err)
	}
	config.Certificates = []tls.Certificate{*c.certificate(other)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the newcomer talks to it") }))
	server.TLS = config
	server.StartTLS()
	defer server.Close()
	token := c.token(1, time.Hour)
	token.Port = uint16(server.Listener.Addr().(*net.TCPAddr).Port)
	if err := c.newcomer("third", token).Join(t.Context()); err == nil || !strings.Contains(err.Error(), "second is of the cluster, but not allowed") {
		t.Errorf("got %v, want that the second host is no signer", err)
	}
}

func TestATokenLetsAHostDeploy(t *testing.T) {
	c := newCluster(t)
	f, err := c.dir.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	n := c.newcomer("second", c.invite(Invitation{Authority: f, Port: c.port, Uses: 1, TTL: time.Hour, Deploy: true}))
	if err := n.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	for host, test := range map[string]struct {
		dir  Dir
		want bool
	}{"invited to deploy": {n.Dir, true}, "invited": {c.join("third"), false}} {
		for range 2 { // the role stays as it is with the next certificate
			cert := c.certificate(test.dir).Leaf
			if MayDeploy(cert) != test.want || MaySign(cert) || !HasRoles(cert) {
				t.Errorf("%s: the certificate is of %q", host, cert.Subject)
			}
			if err := Renew(t.Context(), nil, test.dir, nil, []string{c.server.URL}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !MayDeploy(c.certificate(c.dir).Leaf) {
		t.Error("a signer may not deploy")
	}
}

func TestCertificateFile(t *testing.T) {
	c := newCluster(t)
	file := NewCertificateFile(c.dir.Files().Cert)
	for range 2 { // the second one after the certificate has changed
		for range 2 {
			cert, err := file.Certificate()
			if err != nil || !cert.Equal(c.certificate(c.dir).Leaf) {
				t.Errorf("got another certificate, error %v", err)
			}
		}
		if err := c.signer.Recertify(t.Context(), c.dir, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), c.dir.Files().Revoked} {
		if _, err := NewCertificateFile(path).Certificate(); err == nil {
			t.Errorf("%s is read as a certificate", path)
		}
	}
}

func TestATokenMakesASigner(t *testing.T) {
	c := newCluster(t)
	if c.join("plain").HasAuthority() {
		t.Error("any host gets the key of the authority")
	}
	f, err := c.dir.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	n := c.newcomer("second", c.invite(Invitation{Authority: f, Port: c.port, Uses: 1, TTL: time.Hour, Signer: true}))
	if err := n.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	authority, err := n.Dir.Authority()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- (&Signer{Authority: authority, Store: c.store}).Serve(ctx, n.Dir, l) }()
	token := c.invite(Invitation{Authority: f, Port: uint16(l.Addr().(*net.TCPAddr).Port), Uses: 1, TTL: time.Hour})
	if err := c.newcomer("third", token).Join(t.Context()); err != nil {
		t.Errorf("the second signer lets nobody in: %v", err)
	}
	cancel()
	wantError(t, <-served, context.Canceled)
}

func TestCheckOfACertificate(t *testing.T) {
	c := newCluster(t)
	dir := c.join("second")
	files := dir.Files()
	now := time.Now()
	wantError(t, files.Check("third", now), ErrOtherHost)
	wantError(t, files.Check("second", now.Add(Lifetime+time.Minute)), ErrExpired)
	brought := files
	brought.Revoked = ""
	for advice, f := range map[string]Files{"with a new token": files, "put another one there": brought} {
		if err := f.Check("", now.Add(Lifetime+time.Minute)); err == nil || !strings.Contains(err.Error(), advice) {
			t.Errorf("a certificate that has expired: %v, want %q", err, advice)
		}
	}
	wantError(t, files.Check("second", now.Add(-2*skew)), ErrNotYetValid)
	files.Key = c.dir.Files().Key
	if err := files.Check("second", now); err == nil || !strings.Contains(err.Error(), "is not that of the certificate") {
		t.Errorf("a certificate without its key: %v", err)
	}
	for _, name := range []string{authorityFile, hostFile, revokedFile} {
		for _, text := range []string{"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
			broken := Dir(t.TempDir())
			for _, f := range []string{authorityFile, hostFile, revokedFile} {
				data, err := os.ReadFile(dir.path(f))
				if err != nil {
					t.Fatal(err)
				}
				if f == name {
					data = []byte(text)
				}
				if err := broken.write(f, data); err != nil {
					t.Fatal(err)
				}
			}
			if err := broken.Files().Check("second", now); err == nil {
				t.Errorf("%s with %q is good", name, text)
			}
		}
	}
}

// TestAnExpiredCertificateIsRefused makes certificates in a bubble, where it is the year 2000.
func TestAnExpiredCertificateIsRefused(t *testing.T) {
	dir, old := Dir(t.TempDir()), Dir(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		if _, err := Found(dir, "first", nil); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(string(old), os.DirFS(string(dir))); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := Found(dir, "first", nil); err != nil { // that of the host, once more
		t.Fatal(err)
	}
	wantError(t, old.Files().Check("first", time.Now()), ErrExpired)
	for name, err := range map[string]error{
		"a client": talk(t, old.Files(), dir.Files()),
		"a server": talk(t, dir.Files(), old.Files()),
	} {
		var invalid x509.CertificateInvalidError
		if !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
			t.Errorf("%s shows a certificate that has expired: got error %v", name, err)
		}
	}
}

func TestAnExpiredHostJoinsAgain(t *testing.T) {
	dir := Dir(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		authority, err := Found(dir, "first", nil)
		if err != nil {
			t.Fatal(err)
		}
		s := &Signer{Authority: authority, Store: &memory{}}
		join := func() error {
			token, err := NewToken(t.Context(), s.Store, Invitation{Uses: 1, TTL: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			key, err := newKey()
			if err != nil {
				t.Fatal(err)
			}
			csr, err := newRequest(key, "second", nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Join(t.Context(), Request{csr, token.Name(), token.Secret[:]}, nil)
			return err
		}
		if err := join(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(Lifetime - time.Minute)
		wantError(t, join(), ErrNameTaken)
		time.Sleep(2 * time.Minute)
		if err := join(); err != nil {
			t.Errorf("the name of a host whose certificate has expired: %v", err)
		}
	})
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	c := newCluster(t)
	for _, d := range []Dir{c.dir, c.join("second")} {
		entries, err := os.ReadDir(string(d))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has the mode %v", e.Name(), info.Mode())
			}
			if strings.HasSuffix(e.Name(), ".next") || e.Name() == joinKeyFile {
				t.Errorf("%s is left over", e.Name())
			}
		}
	}
}

func TestFoundingTwiceIsTheSameCluster(t *testing.T) {
	dir := Dir(t.TempDir())
	a, err := Found(dir, "first", []string{"192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Found(dir, "first", nil)
	if err != nil {
		t.Fatal(err)
	}
	if FingerprintOf(a.cert) != FingerprintOf(b.cert) {
		t.Error("the authority is another one")
	}
	if _, err := Found(Dir(t.TempDir()), "*.example", nil); err == nil {
		t.Error("a host may be called *.example")
	}
}
