package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"
	"go.etcd.io/raft/v3/raftpb"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"mgmt/cluster"
	"mgmt/world/etcd"
	"mgmt/world/peercred"
)

// Whose a connection is does not depend on a test, but on its process: so these tests run this
// program again, as other users.

// Users who are not root. They need not exist.
const (
	stranger = 64001
	friend   = 64002
	keeper   = 64003 // of a server
	service  = 964   // runs a server, too
)

func init() {
	errands["ask"], errands["hurry"], errands["pose"], errands["browse"] = ask, hurry, pose, browse
}

// An answer is what a client got for one call.
type answer struct {
	Call string
	Code codes.Code
	Text string
}

// as runs an errand as a user, and returns what it prints.
func as(t *testing.T, uid uint32, errand, url string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", url)
	cmd.Env = []string{errandVariable + "=" + errand}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s as user %d: %v", errand, uid, err)
	}
	return out
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
}

// ask makes each call of a client once, and prints what it got.
func ask(url string) error {
	client, err := etcd.Way{Users: peercred.Users{keeper}}.Dial([]string{url}, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn := client.ActiveConnection()
	kv, lease := etcdserverpb.NewKVClient(conn), etcdserverpb.NewLeaseClient(conn)
	members, maintenance := etcdserverpb.NewClusterClient(conn), etcdserverpb.NewMaintenanceClient(conn)
	calls := []struct {
		name string
		call func() error
	}{
		{"read", func() error {
			_, err := kv.Range(ctx, &etcdserverpb.RangeRequest{Key: []byte("/"), RangeEnd: []byte("0")})
			return err
		}},
		{"write", func() error {
			_, err := kv.Put(ctx, &etcdserverpb.PutRequest{Key: []byte("/_mgmt/strings/asked"), Value: []byte("x")})
			return err
		}},
		{"delete", func() error {
			_, err := kv.DeleteRange(ctx, &etcdserverpb.DeleteRangeRequest{Key: []byte("/_mgmt/strings/asked")})
			return err
		}},
		{"transaction", func() error { _, err := kv.Txn(ctx, &etcdserverpb.TxnRequest{}); return err }},
		{"hash", func() error { _, err := maintenance.HashKV(ctx, &etcdserverpb.HashKVRequest{}); return err }},
		{"watch", func() error {
			first := <-client.Watch(ctx, "/", clientv3.WithPrefix(), clientv3.WithCreatedNotify())
			return first.Err()
		}},
		{"lease", func() error {
			_, err := lease.LeaseGrant(ctx, &etcdserverpb.LeaseGrantRequest{ID: 7, TTL: 60})
			return err
		}},
		{"keeping a lease", func() error {
			stream, err := lease.LeaseKeepAlive(ctx)
			if err == nil {
				if err = stream.Send(&etcdserverpb.LeaseKeepAliveRequest{ID: 7}); err == nil || err == io.EOF {
					_, err = stream.Recv()
				}
			}
			return err
		}},
		{"leases", func() error { _, err := lease.LeaseLeases(ctx, &etcdserverpb.LeaseLeasesRequest{}); return err }},
		{"ending a lease", func() error { _, err := lease.LeaseRevoke(ctx, &etcdserverpb.LeaseRevokeRequest{ID: 7}); return err }},
		{"members", func() error { _, err := members.MemberList(ctx, &etcdserverpb.MemberListRequest{}); return err }},
		{"status", func() error { _, err := maintenance.Status(ctx, &etcdserverpb.StatusRequest{}); return err }},
		{"alarms", func() error { _, err := maintenance.Alarm(ctx, &etcdserverpb.AlarmRequest{}); return err }},
		{"snapshot", func() error {
			stream, err := maintenance.Snapshot(ctx, &etcdserverpb.SnapshotRequest{})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		}},
		{"users of etcd", func() error {
			_, err := etcdserverpb.NewAuthClient(conn).AuthStatus(ctx, &etcdserverpb.AuthStatusRequest{})
			return err
		}},
		{"lock", func() error {
			_, err := v3lockpb.NewLockClient(conn).Unlock(ctx, &v3lockpb.UnlockRequest{Key: []byte("lock")})
			return err
		}},
		{"health", func() error {
			_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
			return err
		}},
	}
	out := json.NewEncoder(os.Stdout)
	for _, c := range calls {
		err := c.call()
		a := answer{Call: c.name, Code: status.Code(err)}
		if err != nil {
			a.Text = err.Error()
		}
		out.Encode(a)
	}
	return nil
}

// answers returns what a user gets.
func answers(t *testing.T, uid uint32, url string) (out []answer) {
	t.Helper()
	for dec := json.NewDecoder(bytes.NewReader(as(t, uid, "ask", url))); ; {
		var a answer
		if err := dec.Decode(&a); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
}

// served makes sure that a user may make all calls.
func served(t *testing.T, uid uint32, url string) {
	t.Helper()
	got := answers(t, uid, url)
	if len(got) == 0 {
		t.Errorf("user %d gets no answers", uid)
	}
	for _, a := range got {
		if a.Code != codes.OK {
			t.Errorf("user %d, %s: %v, %s", uid, a.Call, a.Code, a.Text)
		}
	}
}

// refused makes sure that a user may make no call, and is told so.
func refused(t *testing.T, uid uint32, url string) {
	t.Helper()
	got := answers(t, uid, url)
	if len(got) == 0 {
		t.Errorf("user %d gets no answers", uid)
	}
	for _, a := range got {
		code := a.Code
		if a.Call == "watch" { // clients wrap the error of a watch
			code = codes.PermissionDenied
		}
		told := strings.Contains(a.Text, fmt.Sprintf("the user %d is not allowed", uid)) &&
			strings.Contains(a.Text, fmt.Sprintf("--local-users %d", uid))
		if code != codes.PermissionDenied || !told {
			t.Errorf("user %d, %s: %v, %q; want that it is refused, and why", uid, a.Call, a.Code, a.Text)
		}
	}
}

func TestStrangersAreRefused(t *testing.T) {
	needsRoot(t)
	cfg := single(t)
	cfg.LocalUsers = []int{friend}
	if port, err := freePort("[::1]:0"); err == nil {
		cfg.ClientURLs = append(cfg.ClientURLs, "http://[::1]:"+port)
	}
	s := launch(t, Launcher{}, cfg)
	for _, url := range s.Clients() {
		refused(t, stranger, url)
		served(t, 0, url)
		served(t, friend, url)
	}
}

// serveAs runs a server as another user, and returns its URL for clients.
func serveAs(t *testing.T, uid int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mgmt-agent-") // which others may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chown(dir, uid, uid); err != nil {
		t.Fatal(err)
	}
	cfg := single(t)
	cfg.Dir = filepath.Join(dir, "etcd", "server")
	line, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "/proc/self/exe", cluster.ServerArgument)
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); cmd.Wait() })
	if _, err := in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	var report cluster.Report
	if err := json.NewDecoder(out).Decode(&report); err != nil || len(report.Clients) != 1 {
		t.Fatalf("the server reports %+v, %v", report, err)
	}
	return report.Clients[0]
}

// A server of another user than root serves that one, too.
func TestTheUserOfTheServer(t *testing.T) {
	needsRoot(t)
	url := serveAs(t, keeper)
	served(t, keeper, url)
	served(t, 0, url)
	refused(t, stranger, url)
}

// Every user can listen where the cluster does not at the moment: clients do not fall for that.
func TestAnImpostorIsNotTheCluster(t *testing.T) {
	needsRoot(t)
	of, ofService := serveAs(t, keeper), serveAs(t, service)
	for _, test := range []struct {
		url   string
		users peercred.Users
		want  string // a part of the error
	}{
		{of, nil, fmt.Sprintf("it is of the user %d, and not of root or a service; if that is the cluster, say so by --local-users %[1]d", keeper)},
		{of, peercred.Users{friend}, fmt.Sprintf("it is of the user %d", keeper)},
		{of, peercred.Users{keeper}, ""},
		{ofService, nil, ""},
	} {
		client, err := etcd.Way{Users: test.users}.Dial([]string{test.url}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		err = etcd.Reason(ctx, client)
		cancel()
		client.Close()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s with the users %v: %v, want %q", test.url, test.users, err, test.want)
		}
	}
}

// hurry writes a key, and closes the connection at once: the kernel says of a socket which nobody has
// open that it is of root.
func hurry(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	request, err := proto.Marshal(&etcdserverpb.PutRequest{Key: []byte("hurried"), Value: []byte("x")})
	if err != nil {
		return err
	}
	var headers, out bytes.Buffer
	packer := hpack.NewEncoder(&headers)
	for _, h := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", etcdserverpb.KV_Put_FullMethodName}, {":authority", u.Host},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		packer.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	out.WriteString(http2.ClientPreface)
	framer := http2.NewFramer(&out, nil)
	framer.WriteSettings()
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers.Bytes(), EndHeaders: true})
	framer.WriteData(1, true, append([]byte{0, 0, 0, 0, byte(len(request))}, request...))
	for range 200 {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			return err
		}
		conn.Write(out.Bytes())
		conn.Close()
	}
	return nil
}

func TestWhoIsGoneIsRefused(t *testing.T) {
	needsRoot(t)
	s := launch(t, Launcher{}, single(t))
	as(t, stranger, "hurry", s.Clients()[0])
	client, err := etcd.Dial(s.Clients(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Put(t.Context(), "last", "x"); err != nil {
		t.Fatal(err)
	}
	if got, err := client.Get(t.Context(), "hurried"); err != nil || got.Count > 0 {
		t.Errorf("who closed the connection has written %v, %v", got, err)
	}
}

// pose talks to a server as another one of its cluster would, and makes it write a key.
func pose(text string) error {
	resp, err := http.Get(text + "/members")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var members []struct{ ID uint64 }
	if err := json.NewDecoder(resp.Body).Decode(&members); err != nil || len(members) == 0 {
		_, err := fmt.Println(resp.Status)
		return err
	}
	write, err := proto.Marshal(&etcdserverpb.InternalRaftRequest{
		Header: &etcdserverpb.RequestHeader{ID: 1},
		Put:    &etcdserverpb.PutRequest{Key: []byte("posed"), Value: []byte("x")},
	})
	if err != nil {
		return err
	}
	message, err := proto.Marshal(&raftpb.Message{
		Type: raftpb.MsgProp.Enum(), To: &members[0].ID, From: proto.Uint64(5),
		Entries: []*raftpb.Entry{{Data: write}},
	})
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, text+"/raft", bytes.NewReader(message))
	if err != nil {
		return err
	}
	req.Header.Set("X-Server-Version", "3.7.0")
	req.Header.Set("X-Min-Cluster-Version", "3.0.0")
	req.Header.Set("X-Etcd-Cluster-ID", resp.Header.Get("X-Etcd-Cluster-ID"))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	answer.Body.Close()
	fmt.Println(answer.Status)
	return nil
}

// Who talks to a server as another server does may write everything.
func TestStrangersAreNoServers(t *testing.T) {
	needsRoot(t)
	cfg := single(t)
	port, err := freePort("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	peer := "http://127.0.0.1:" + port
	cfg.PeerURLs, cfg.LocalUsers = []string{peer}, []int{friend}
	client, err := etcd.Dial(launch(t, Launcher{}, cfg).Clients(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	watched := client.Watch(ctx, "posed", clientv3.WithCreatedNotify())
	<-watched
	if got := string(as(t, stranger, "pose", peer)); !strings.HasPrefix(got, "403") {
		t.Errorf("a stranger among servers gets %q", got)
	}
	if got, err := client.Get(ctx, "posed"); err != nil || got.Count > 0 {
		t.Errorf("a stranger has written %v, %v", got, err)
	}
	if got := string(as(t, friend, "pose", peer)); !strings.HasPrefix(got, "204") {
		t.Errorf("somebody who may be here gets %q among servers", got)
	}
	if got := <-watched; len(got.Events) != 1 {
		t.Errorf("what somebody wrote who may be here is not seen: %+v, %v", got, got.Err())
	}
}

// browse asks for the pages of a server, in all ways, and prints what is there.
func browse(url string) error {
	for _, path := range []string{"/", "/version", "/health", "/metrics", "/members", "/raft", "/v2/keys/x", "/v3/kv/put", "/config/local/log", "/debug/vars", "/debug/pprof/", "/debug/requests"} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
			req, err := http.NewRequest(method, url+path, strings.NewReader(`{"key":"eA==","value":"eA=="}`))
			if err != nil {
				return err
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				fmt.Println(method, path)
			}
		}
	}
	return nil
}

// What strangers do see of a server is how it is, and they change nothing.
func TestStrangersBrowse(t *testing.T) {
	needsRoot(t)
	s := launch(t, Launcher{}, single(t))
	seen := string(as(t, stranger, "browse", s.Clients()[0]))
	for line := range strings.Lines(seen) {
		if _, path, _ := strings.Cut(strings.TrimSpace(line), " "); !slices.Contains([]string{"/version", "/health", "/metrics", "/debug/vars"}, path) {
			t.Errorf("a stranger sees %s", line)
		}
	}
	if !strings.Contains(seen, "GET /version\n") {
		t.Errorf("a stranger has seen nothing: %q", seen)
	}
	client, err := etcd.Dial(s.Clients(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if all, err := client.Get(t.Context(), "", clientv3.WithFromKey()); err != nil || all.Count > 0 {
		t.Errorf("a stranger has written %v, %v", all, err)
	}
}
