package cluster_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mgmt/cluster"
	"mgmt/cluster/pki"
	"mgmt/world/etcd"
)

// secure makes a host use certificates only.
func secure(t *testing.T) func(*cluster.Options) {
	return func(o *cluster.Options) {
		o.PKI = pki.Dir(filepath.Join(o.Dir, "pki"))
		o.ClientURLs = []string{"https" + strings.TrimPrefix(freeURL(t), "http")}
		o.ServerURLs = []string{"https" + strings.TrimPrefix(freeURL(t), "http")}
		_, port, err := net.SplitHostPort(strings.TrimPrefix(freeURL(t), "http://"))
		if err == nil {
			o.JoinPort, err = strconv.Atoi(port)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// invited makes a host use certificates only, and gives it a token.
func invited(t *testing.T, token pki.Token) func(*cluster.Options) {
	return func(o *cluster.Options) {
		secure(t)(o)
		o.Token = &token
	}
}

// startClient starts a host that joins the cluster that another one began, and runs no server.
func startClient(t *testing.T, name string, first *host) *host {
	t.Helper()
	return start(t, name, func(o *cluster.Options) {
		invited(t, first.token(1))(o)
		o.NoServer = true
	}, first)
}

// token prints a token at the host that began a cluster.
func (h *host) token(uses int) pki.Token {
	h.t.Helper()
	return h.invite(pki.Invitation{Uses: uses, TTL: time.Hour})
}

// invite prints a token for those whom an invitation is for.
func (h *host) invite(i pki.Invitation) pki.Token {
	h.t.Helper()
	h.ready()
	var token pki.Token
	admin := h.admin()
	eventually(h.t, h.opts.Host+" lets others in", func() bool {
		var err error
		token, _, err = admin.Invite(h.t.Context(), i)
		return err == nil
	})
	return token
}

// admin decides who is of the cluster, as somebody on the host.
func (h *host) admin() *cluster.Admin {
	h.t.Helper()
	var admin *cluster.Admin
	eventually(h.t, h.opts.Host+" remembers addresses of the cluster", func() bool {
		var err error
		admin, err = cluster.NewAdmin(h.opts.Dir, nil, h.opts.PKI)
		return err == nil
	})
	h.t.Cleanup(admin.Close)
	return admin
}

// ends waits until a host has ended by itself, and returns why.
func (h *host) ends() error {
	h.t.Helper()
	select {
	case <-h.done:
	case <-time.After(patience):
		h.t.Fatalf("%s does not end", h.opts.Host)
	}
	return h.err
}

func TestAClusterOfCertificates(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	b := start(t, "b", invited(t, a.token(1)), a)
	a.want("a b")
	a.works()
	b.works()
	b.stop()
	a.want("a")
	b.run() // with a certificate, the token counts for nothing
	b.works()
}

func TestHostsThatAreNotLetIn(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	opts := cluster.Options{Host: "no-token", Dir: t.TempDir(), Seeds: a.opts.ClientURLs}
	secure(t)(&opts)
	if _, err := cluster.New(opts); !errors.Is(err, cluster.ErrNoCertificate) {
		t.Errorf("without a token: got %v, want %v", err, cluster.ErrNoCertificate)
	}
	used := a.token(1)
	start(t, "b", invited(t, used), a).works()
	other := start(t, "other", secure(t)).token(1)
	other.Port = used.Port
	for name, test := range map[string]struct {
		change func(*cluster.Options)
		want   error
	}{
		"used":    {invited(t, used), pki.ErrTokenUsed},
		"foreign": {invited(t, other), pki.ErrOtherCluster},
		"b":       {invited(t, a.token(1)), pki.ErrNameTaken},
	} {
		if err := start(t, name, test.change, a).ends(); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestARevokedHostIsOut(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	b := startClient(t, "b", a)
	b.works()
	stays := b.node.Client()
	list := b.opts.PKI.Files().Revoked
	old, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.admin().Revoke(t.Context(), "b"); n != 1 || err != nil {
		t.Fatalf("revoked %d certificates, error %v; want 1", n, err)
	}
	eventually(t, "a connection that stood is of no use", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_, err := stays.Get(ctx, "/_mgmt/alive/a")
		return status.Code(err) == codes.Unauthenticated
	})
	a.works()
	b.node.Hurry()
	b.stop()
	// As if the host had not heard that it was put out.
	if err := os.WriteFile(list, old, 0o600); err != nil {
		t.Fatal(err)
	}
	var log logged
	b.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
	b.run()
	eventually(t, "it is told that it is refused", func() bool { return log.has("the certificate of this host is refused") })
	b.stop()
	if err := os.RemoveAll(string(b.opts.PKI)); err != nil {
		t.Fatal(err)
	}
	token := a.token(1)
	b.opts.Token = &token
	b.run()
	b.works()
}

// logged keeps what is logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

func TestAHostIsToldWhyItIsRefused(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	a.token(1)
	var log logged
	// A host of another cluster, which comes with its certificate.
	other := start(t, "other", func(o *cluster.Options) {
		secure(t)(o)
		o.NoServer = true
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		if _, err := pki.Found(o.PKI, "other", nil); err != nil {
			t.Fatal(err)
		}
	}, a)
	eventually(t, "the host of another cluster is told so", func() bool {
		return log.has("the cluster does not take this host") && log.has("unknown authority")
	})
	other.stop()
	// It trusts this one, but is not trusted.
	ca, err := os.ReadFile(a.opts.PKI.Files().CA)
	if err != nil {
		t.Fatal(err)
	}
	mixed := other.opts.PKI.Files()
	mixed.CA, mixed.Revoked = filepath.Join(t.TempDir(), "ca.pem"), ""
	if err := os.WriteFile(mixed.CA, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := start(t, "other", func(o *cluster.Options) {
		secure(t)(o)
		o.NoServer, o.TLS = true, &mixed
	}, a)
	if err := wrong.ends(); !errors.Is(err, pki.ErrOtherCA) {
		t.Errorf("got %v, want %v", err, pki.ErrOtherCA)
	}
}

func TestANewAddressGetsIntoTheCertificate(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	b := startClient(t, "b", a)
	b.works()
	b.stop()
	b.opts.AdvertiseClientURLs = []string{"https://b.example:2379"}
	b.run()
	eventually(t, "the certificate has the address", func() bool { return b.opts.PKI.Covers([]string{"b.example"}) })
	b.works()
}

func TestOnlySignersInvite(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	b := startClient(t, "b", a)
	b.works()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, _, err := b.admin().Invite(ctx, pki.Invitation{Uses: 1, TTL: time.Hour})
	if err == nil || !strings.Contains(err.Error(), "b is not allowed") {
		t.Errorf("got %v, want that b is not allowed to invite", err)
	}
	for _, end := range []string{"\x00", "/_mgmt/zzz"} {
		if _, err := b.node.Client().Do(ctx, clientv3.OpDelete("/_mgmt/o", clientv3.WithRange(end))); err == nil {
			t.Errorf("b deletes all up to %q", end)
		}
	}
}

func TestAHostChangesItsOwn(t *testing.T) {
	t.Parallel()
	plain := freeURL(t)
	a := start(t, "a", secure(t))
	b := start(t, "b", func(o *cluster.Options) {
		invited(t, a.token(1))(o)
		o.ClientURLs = append(o.ClientURLs, plain)
	}, a)
	a.want("a b")
	b.works()
	shown, err := b.opts.PKI.Files().Client()
	if err != nil {
		t.Fatal(err)
	}
	remote, err := etcd.Dial(a.opts.ClientURLs, shown)
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	local, err := etcd.Dial([]string{plain}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, test := range []struct {
		client *clientv3.Client
		key    string
		want   string // a part of the refusal; empty if it is allowed
	}{
		{remote, "/deployed/b", ""},
		{remote, "/deployed/a", "is of another host"},
		{remote, "/deploy/1/payload", "b is not allowed to deploy"},
		{local, "/deployed/another-agent-of-the-machine", ""},
		{local, "/deploy/1/payload", "b is not allowed to deploy"},
		{local, "/pki/token/x", "b is not allowed"},
	} {
		_, err := test.client.Put(ctx, "/_mgmt"+test.key, "x")
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("writing %s: got %v, want %q", test.key, err, test.want)
		}
	}
}

func TestACertificateOfAnotherHostIsNotShown(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	b := start(t, "b", invited(t, a.token(1)), a)
	b.works()
	thief := start(t, "thief", func(o *cluster.Options) {
		secure(t)(o)
		if err := os.CopyFS(string(o.PKI), os.DirFS(string(b.opts.PKI))); err != nil {
			t.Fatal(err)
		}
	}, a)
	if err := thief.ends(); !errors.Is(err, pki.ErrOtherHost) {
		t.Errorf("got %v, want %v", err, pki.ErrOtherHost)
	}
}
