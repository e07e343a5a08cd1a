package cluster_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mgmt/cluster/pki"
	"mgmt/world/etcd"
)

// An intruder is somebody with the certificate of one host, b, who reaches the server of another, a.
type intruder struct {
	t        *testing.T
	ctx      context.Context
	a        *host
	identity pki.Files
	client   *clientv3.Client
}

func intrude(t *testing.T) *intruder {
	a := start(t, "a", secure(t))
	b := start(t, "b", invited(t, a.token(1)), a)
	a.want("a b")
	b.works()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	i := &intruder{t: t, ctx: ctx, a: a, identity: b.opts.PKI.Files()}
	shown, err := i.identity.Client()
	if err != nil {
		t.Fatal(err)
	}
	if i.client, err = etcd.Dial(a.opts.ClientURLs, shown); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.client.Close() })
	return i
}

// refused makes sure that the server has not done something.
func (i *intruder) refused(what string, err error) {
	i.t.Helper()
	if code := status.Code(err); code != codes.PermissionDenied {
		i.t.Errorf("%s: got %v, want that it is not allowed", what, err)
	}
}

func TestAHostDoesNotReachPastItsRights(t *testing.T) {
	t.Parallel()
	i := intrude(t)
	_, err := i.client.Get(i.ctx, "/_mgmt/pki/", clientv3.WithPrefix())
	i.refused("reading tokens", err)
	_, err = i.client.Get(i.ctx, "", clientv3.WithFromKey())
	i.refused("reading all", err)
	_, err = i.client.Txn(i.ctx).If(clientv3.Compare(clientv3.Value("/_mgmt/pki/host/a"), ">", "x")).Commit()
	i.refused("comparing what is not read", err)
	_, err = etcdserverpb.NewMaintenanceClient(i.client.ActiveConnection()).Alarm(i.ctx, &etcdserverpb.AlarmRequest{
		Action: etcdserverpb.AlarmRequest_ACTIVATE, Alarm: etcdserverpb.AlarmType_NOSPACE,
	})
	i.refused("raising an alarm", err)
	_, err = i.client.AuthEnable(i.ctx)
	i.refused("users of etcd", err)
	_, err = i.client.Leases(i.ctx)
	i.refused("listing leases", err)
	if in, err := i.client.Snapshot(i.ctx); err != nil {
		i.refused("a snapshot", err)
	} else {
		_, err = io.Copy(io.Discard, in)
		i.refused("a snapshot", err)
	}
	_, err = v3lockpb.NewLockClient(i.client.ActiveConnection()).Unlock(i.ctx, &v3lockpb.UnlockRequest{Key: []byte("/_mgmt/alive/a")})
	i.refused("deleting by a lock", err)
	_, err = v3electionpb.NewElectionClient(i.client.ActiveConnection()).Campaign(i.ctx, &v3electionpb.CampaignRequest{
		Name: []byte("/_mgmt/deploy/1"), Value: []byte("x"),
	})
	i.refused("writing by an election", err)
}

func TestAHostDoesNotEndTheSessionOfAnother(t *testing.T) {
	t.Parallel()
	i := intrude(t)
	resp, err := i.client.Get(i.ctx, "/_mgmt/alive/a")
	if err != nil || len(resp.Kvs) != 1 || resp.Kvs[0].Lease == 0 {
		t.Fatalf("looking for a: %v, %v", resp, err)
	}
	lease := clientv3.LeaseID(resp.Kvs[0].Lease)
	_, err = i.client.Revoke(i.ctx, lease)
	i.refused("ending the session of a", err)
	_, err = i.client.KeepAliveOnce(i.ctx, lease)
	i.refused("keeping a alive", err)
	_, err = i.client.TimeToLive(i.ctx, lease, clientv3.WithAttachedKeys())
	i.refused("looking at the session of a", err)
	_, err = i.client.Put(i.ctx, "/_mgmt/alive/b", "x", clientv3.WithLease(lease))
	i.refused("hanging on the session of a", err)
	own, err := i.client.Grant(i.ctx, 60)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.client.Revoke(i.ctx, own.ID); err != nil {
		t.Errorf("ending its own session: %v", err)
	}
}

// One watch that is refused does not end the others on its stream.
func TestARefusedWatch(t *testing.T) {
	t.Parallel()
	i := intrude(t)
	allowed := i.client.Watch(i.ctx, "/_mgmt/strings/x", clientv3.WithCreatedNotify())
	if first := <-allowed; first.Err() != nil {
		t.Fatalf("watching a value: %v", first.Err())
	}
	refused := <-i.client.Watch(i.ctx, "/_mgmt/pki/", clientv3.WithPrefix())
	if err := refused.Err(); err == nil || !strings.Contains(err.Error(), "b is not allowed to read") {
		t.Errorf("watching tokens: %v", err)
	}
	if _, err := i.client.Put(i.ctx, "/_mgmt/strings/x", "y"); err != nil {
		t.Fatal(err)
	}
	if next := <-allowed; next.Err() != nil || len(next.Events) != 1 {
		t.Errorf("after a watch that was refused, the other one says %v", next)
	}
}

// A gateway of the server would ask in the name of its own host.
func TestThereIsNoGateway(t *testing.T) {
	t.Parallel()
	i := intrude(t)
	shown, err := i.identity.Client()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: shown}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(i.ctx, http.MethodPost, i.a.opts.ClientURLs[0]+"/v3/kv/range",
		strings.NewReader(`{"key": "AA==", "range_end": "AA=="}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		text, _ := io.ReadAll(resp.Body)
		t.Errorf("all keys over HTTP: %s: %.300s", resp.Status, text)
	}
}

func TestAHostDoesNotWriteTheValueOfAnother(t *testing.T) {
	t.Parallel()
	i := intrude(t)
	for key, want := range map[string]bool{"x": true, "x/b": true, "x/y": true, "a": true, "x/a": false, "x/A": false} {
		if _, err := i.client.Put(i.ctx, "/_mgmt/strings/"+key, "v"); (err == nil) != want {
			t.Errorf("writing %s: %v", key, err)
		}
	}
}

// A host that may not run a server does not get in among the servers, nor among those who volunteer.
func TestAHostThatMayNotServe(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	token := a.token(1)
	client := a.invite(pki.Invitation{Uses: 1, TTL: time.Hour, Client: true})
	b := start(t, "b", invited(t, token), a)
	c := start(t, "c", invited(t, client), a)
	a.want("a b")
	b.works()
	c.works()
	for who, want := range map[*host]bool{b: true, c: false} {
		shown, err := who.opts.PKI.Files().Client()
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: shown}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.opts.ServerURLs[0]+"/members", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		client.CloseIdleConnections()
		if (err == nil) != want {
			t.Errorf("%s asks among servers: %v", who.opts.Host, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := c.node.Client().Put(ctx, "/_mgmt/volunteer/c", "https://192.0.2.1:2380")
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("c volunteers: %v", err)
	}
	_, err = c.node.Client().MemberAddAsLearner(ctx, []string{"https://192.0.2.1:2380"})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("c adds a server: %v", err)
	}
}

// The server of a host that is put out goes at once, and not when its session has run out.
func TestTheServerOfARevokedHost(t *testing.T) {
	t.Parallel()
	a := start(t, "a", secure(t))
	b := start(t, "b", invited(t, a.token(1)), a)
	a.want("a b")
	b.works()
	admin := a.admin()
	if _, err := admin.Revoke(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	s, err := admin.Standing(t.Context())
	if err != nil || len(s.Members) != 1 || s.Members[0].Host != "a" {
		t.Errorf("when b is revoked, the cluster has %v, error %v", s, err)
	}
	a.works()
	a.want("a")
	b.node.Hurry()
}

// Whatever listens wants TLS 1.3, and a certificate of the cluster; only a signer talks with those who
// have none yet, and gives them nothing without a token.
func TestWhatListens(t *testing.T) {
	t.Parallel()
	i := intrude(t)
	shown, err := i.identity.Client()
	if err != nil {
		t.Fatal(err)
	}
	old := shown.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	nobody := &tls.Config{RootCAs: shown.RootCAs}
	own := selfSigned(t)
	stranger := &tls.Config{RootCAs: shown.RootCAs, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return own, nil
	}}
	join := "https://127.0.0.1:" + strconv.Itoa(i.a.opts.JoinPort)
	for _, test := range []struct {
		what, url string
		config    *tls.Config
		want      int // the status; 0 is no answer
	}{
		{"clients", i.a.opts.ClientURLs[0] + "/version", shown, http.StatusOK},
		{"clients of TLS 1.2", i.a.opts.ClientURLs[0] + "/version", old, 0},
		{"clients without a certificate", i.a.opts.ClientURLs[0] + "/version", nobody, 0},
		{"clients of another authority", i.a.opts.ClientURLs[0] + "/version", stranger, 0},
		{"clients without TLS", "http" + strings.TrimPrefix(i.a.opts.ClientURLs[0], "https") + "/version", shown, 0},
		{"servers", i.a.opts.ServerURLs[0] + "/version", shown, http.StatusOK},
		{"servers of TLS 1.2", i.a.opts.ServerURLs[0] + "/version", old, 0},
		{"servers without a certificate", i.a.opts.ServerURLs[0] + "/version", nobody, 0},
		{"servers of another authority", i.a.opts.ServerURLs[0] + "/version", stranger, 0},
		{"servers without TLS", "http" + strings.TrimPrefix(i.a.opts.ServerURLs[0], "https") + "/version", shown, 0},
		{"newcomers without a token", join + "/v1/join", nobody, http.StatusBadRequest},
		{"newcomers who renew", join + "/v1/renew", nobody, http.StatusBadRequest},
		{"newcomers of TLS 1.2", join + "/v1/join", old, 0},
		{"newcomers of another authority", join + "/v1/join", stranger, 0},
		{"newcomers without TLS", "http" + strings.TrimPrefix(join, "https") + "/v1/join", shown, http.StatusBadRequest},
	} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: test.config}}
		method := http.MethodGet
		if strings.Contains(test.url, "/v1/") {
			method = http.MethodPost
		}
		req, err := http.NewRequestWithContext(i.ctx, method, test.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			got = resp.StatusCode
		}
		client.CloseIdleConnections()
		if got != test.want {
			t.Errorf("%s: status %d, want %d", test.what, got, test.want)
		}
	}
}

// selfSigned returns a certificate that an intruder has made.
func selfSigned(t *testing.T) *tls.Certificate {
	dir := pki.Dir(t.TempDir())
	if _, err := pki.Found(dir, "a", nil); err != nil {
		t.Fatal(err)
	}
	files := dir.Files()
	cert, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	return &cert
}
