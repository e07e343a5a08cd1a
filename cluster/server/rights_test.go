package server

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// certificate returns one of a host, as an authority of mgmt writes it.
func certificate(host string, roles ...string) *x509.Certificate {
	return &x509.Certificate{
		Subject:  pkix.Name{CommonName: host, Organization: []string{"mgmt"}, OrganizationalUnit: append([]string{"agent"}, roles...)},
		DNSNames: []string{host, host + ".example", "localhost"},
	}
}

func put(key string) any { return &etcdserverpb.PutRequest{Key: []byte("/_mgmt" + key)} }

func remove(key, end string) any {
	return &etcdserverpb.DeleteRangeRequest{Key: []byte("/_mgmt" + key), RangeEnd: []byte(end)}
}

func removeAll(prefix string) any {
	return remove(prefix, clientv3.GetPrefixRangeEnd("/_mgmt"+prefix))
}

func get(key, end string) any {
	return &etcdserverpb.RangeRequest{Key: []byte("/_mgmt" + key), RangeEnd: []byte(end)}
}

func list(prefix string) any { return get(prefix, clientv3.GetPrefixRangeEnd("/_mgmt"+prefix)) }

// inTxn puts requests into a transaction in a transaction.
func inTxn(req any) any {
	op := &etcdserverpb.RequestOp{}
	switch r := req.(type) {
	case *etcdserverpb.RangeRequest:
		op.Request = &etcdserverpb.RequestOp_RequestRange{RequestRange: r}
	case *etcdserverpb.PutRequest:
		op.Request = &etcdserverpb.RequestOp_RequestPut{RequestPut: r}
	case *etcdserverpb.DeleteRangeRequest:
		op.Request = &etcdserverpb.RequestOp_RequestDeleteRange{RequestDeleteRange: r}
	}
	inner := &etcdserverpb.TxnRequest{Failure: []*etcdserverpb.RequestOp{op}}
	return &etcdserverpb.TxnRequest{Success: []*etcdserverpb.RequestOp{
		{Request: &etcdserverpb.RequestOp_RequestRange{RequestRange: get("/alive/", "/_mgmt/alive0").(*etcdserverpb.RangeRequest)}},
		{Request: &etcdserverpb.RequestOp_RequestTxn{RequestTxn: inner}},
	}}
}

// compared is a transaction that finds something out about keys by a condition.
func compared(r *etcdserverpb.RangeRequest) any {
	return &etcdserverpb.TxnRequest{Compare: []*etcdserverpb.Compare{{Key: r.Key, RangeEnd: r.RangeEnd}}}
}

// watched is a watch of the keys that a request reads.
func watched(r *etcdserverpb.RangeRequest) any {
	return &etcdserverpb.WatchCreateRequest{Key: r.Key, RangeEnd: r.RangeEnd}
}

// ways returns the ways to have done what a request does, with their methods.
func ways(req any) map[string]any {
	out := map[string]any{etcdserverpb.KV_Txn_FullMethodName: inTxn(req)}
	switch r := req.(type) {
	case *etcdserverpb.PutRequest:
		out[etcdserverpb.KV_Put_FullMethodName] = req
	case *etcdserverpb.DeleteRangeRequest:
		out[etcdserverpb.KV_DeleteRange_FullMethodName] = req
	case *etcdserverpb.RangeRequest:
		out[etcdserverpb.KV_Range_FullMethodName] = req
		out[etcdserverpb.KV_Range_FullMethodName+" without values"] = &etcdserverpb.RangeRequest{Key: r.Key, RangeEnd: r.RangeEnd, KeysOnly: true}
		out[etcdserverpb.Watch_Watch_FullMethodName] = watched(r)
		out[etcdserverpb.KV_Txn_FullMethodName+" by a condition"] = compared(r)
	}
	return out
}

// known is a register of the hosts a, b and c, of which a runs a server.
type known struct{}

func (known) Serves(host string) bool { return host == "a" }
func (known) Knows(host string) bool  { return strings.Contains("abc", strings.ToLower(host)) }

// Who asks, in the tests.
var (
	agent    = rightsOf(certificate("b", "server"), known{})
	client   = rightsOf(certificate("b"), known{})
	serving  = rightsOf(certificate("a"), known{})
	deployer = rightsOf(certificate("b", "deploy"), known{})
	signer   = rightsOf(certificate("b", "signer"), known{})
	foreign  = rightsOf(&x509.Certificate{Subject: pkix.Name{CommonName: "b"}}, known{})
)

// here is an agent on the machine of a server, without a certificate.
func here() rights {
	r := agent
	r.here = true
	return r
}

func TestRights(t *testing.T) {
	local := here()
	const authority, deploy, other, unknown = "certificates and tokens", "mgmt cluster token --deploy", "of another host", "is not allowed to"
	for name, test := range map[string]struct {
		of   rights
		req  any
		want string // a part of the refusal; empty if it is allowed
	}{
		"own presence":                 {agent, put("/alive/b"), ""},
		"own presence, in capitals":    {agent, put("/alive/B"), ""},
		"by another name of its own":   {agent, put("/alive/b.example"), ""},
		"presence of another host":     {agent, put("/alive/c"), other},
		"a name that all hosts have":   {agent, put("/alive/localhost"), other},
		"a name that begins alike":     {agent, put("/alive/bb"), other},
		"own deploy state":             {agent, put("/deployed/b"), ""},
		"deploy state of another":      {deployer, put("/deployed/c"), other},
		"own export":                   {agent, put("/exported/c/b/file/x/y"), ""},
		"an export of another host":    {agent, put("/exported/b/c/file/x"), other},
		"an export without an origin":  {agent, put("/exported/b"), other},
		"own offers":                   {agent, removeAll("/scheduler/hostname/b/"), ""},
		"offers that begin alike":      {agent, removeAll("/scheduler/hostname/b"), other},
		"offers of all":                {agent, removeAll("/scheduler/hostname/"), other},
		"own endpoints":                {agent, put("/endpoints/b"), ""},
		"endpoints of another host":    {agent, put("/endpoints/c"), other},
		"a volunteer":                  {agent, put("/volunteer/b"), ""},
		"one that may not":             {client, put("/volunteer/b"), "is not allowed to run a server"},
		"a server that must not be":    {client, put("/endpoints/b"), "is not allowed to run a server"},
		"presence of a client":         {client, put("/alive/b"), ""},
		"the end of a volunteer":       {agent, remove("/volunteer/c", ""), other},
		"a nomination":                 {agent, put("/nominated/c"), other},
		"a nomination by a server":     {serving, put("/nominated/c"), ""},
		"the end of its nomination":    {agent, remove("/nominated/b", ""), ""},
		"a value":                      {agent, put("/strings/x"), ""},
		"its value":                    {agent, put("/strings/x/b"), ""},
		"its value, deep":              {agent, put("/strings/x/y/B"), ""},
		"a value with a slash":         {agent, put("/strings/x/y"), ""},
		"a value named like a host":    {agent, put("/strings/c"), ""},
		"the value of another host":    {agent, put("/strings/x/c"), other},
		"the same, in capitals":        {agent, put("/strings/x/C"), other},
		"the end of that":              {agent, remove("/strings/x/c", ""), other},
		"values of all hosts":          {agent, removeAll("/strings/x/"), other},
		"any value by a signer":        {signer, put("/strings/x/c"), ""},
		"a pick":                       {agent, put("/scheduler/schedule/x"), ""},
		"the election":                 {agent, put("/scheduler/election/1"), ""},
		"a deploy":                     {agent, put("/deploy/1/payload"), deploy},
		"the files of a deploy":        {agent, put("/fs/deploy/1"), deploy},
		"contents":                     {agent, removeAll("/storage/"), deploy},
		"the end of deploys":           {serving, removeAll("/deploy/"), ""},
		"the end of contents":          {serving, remove("/storage/{sha256}x", ""), ""},
		"the end by a client":          {client, removeAll("/deploy/"), deploy},
		"a deploy by a server":         {serving, put("/deploy/1/payload"), deploy},
		"a deploy by a deployer":       {deployer, put("/deploy/1/payload"), ""},
		"a deploy by a signer":         {signer, put("/deploy/1/payload"), ""},
		"a token":                      {agent, put("/pki/token/x"), authority},
		"a token by a deployer":        {deployer, put("/pki/token/x"), authority},
		"a token by a signer":          {signer, put("/pki/token/x"), ""},
		"the revocation list":          {agent, put("/pki/crl"), authority},
		"a key of nobody":              {agent, put("/zzz"), unknown},
		"all keys":                     {agent, remove("/", "\x00"), authority},
		"a range across areas":         {agent, remove("/nominated/", "/_mgmt/o"), unknown},
		"a range into others":          {deployer, remove("/deploy/", "/_mgmt/deployed0"), unknown},
		"a range over the authority":   {deployer, remove("/o", "/_mgmt/q"), authority},
		"a signer forgets a host":      {signer, removeAll("/scheduler/hostname/c/"), ""},
		"another agent here":           {local, put("/alive/c"), ""},
		"its value here":               {local, put("/strings/x/c"), ""},
		"a deploy from here":           {local, put("/deploy/1/payload"), deploy},
		"a token from here":            {local, put("/pki/token/x"), authority},
		"without roles":                {foreign, put("/alive/c"), ""},
		"a deploy without roles":       {foreign, put("/deploy/1/payload"), ""},
		"a token without roles":        {foreign, put("/pki/token/x"), authority},
		"control characters are shown": {agent, put("/alive/\x1b[2J"), `\x1b[2J`},

		"reads deploys":                     {agent, list("/deploy/"), ""},
		"reads contents":                    {agent, get("/storage/{sha256}00", ""), ""},
		"reads who is there":                {agent, list("/alive/"), ""},
		"reads values of all":               {agent, list("/strings/x/"), ""},
		"reads offers":                      {agent, list("/scheduler/hostname/"), ""},
		"reads who is elected":              {agent, list("/scheduler/election"), ""},
		"reads the revocation list":         {agent, list("/pki/crl"), ""},
		"the same without roles":            {foreign, list("/pki/crl"), ""},
		"reads exports to it":               {agent, list("/exported/b/"), ""},
		"reads exports to all":              {agent, list("/exported/*/"), ""},
		"reads an export of its own":        {agent, get("/exported/c/b/file/x", ""), ""},
		"reads exports to another":          {agent, list("/exported/c/"), other},
		"reads exports to those alike":      {agent, list("/exported/b"), other},
		"reads all exports":                 {agent, list("/exported/"), other},
		"reads an export to another":        {agent, get("/exported/c/a/file/x", ""), other},
		"reads from exports to it on":       {agent, get("/exported/b/", "/_mgmt/exported/c/a/file/y"), other},
		"reads its notes of exports":        {agent, list("/exporter/b/"), ""},
		"reads notes of another":            {agent, list("/exporter/c/"), other},
		"reads exports from here":           {local, list("/exported/c/"), ""},
		"reads how it is with a deploy":     {agent, get("/deployed/b", ""), ""},
		"reads how it is with others":       {agent, list("/deployed/"), deploy},
		"the same as a deployer":            {deployer, list("/deployed/"), ""},
		"reads tokens":                      {agent, list("/pki/token/"), authority},
		"reads tokens from here":            {local, list("/pki/token/"), authority},
		"reads tokens without roles":        {foreign, list("/pki/token/"), authority},
		"reads tokens as a signer":          {signer, list("/pki/"), ""},
		"reads from the list on":            {agent, get("/pki/crl", "/_mgmt/pki/z"), authority},
		"reads all":                         {agent, list("/"), authority},
		"reads all there is":                {agent, get("/", "\x00"), authority},
		"reads all there is, without roles": {foreign, get("/", "\x00"), authority},
		"reads what is nobody's":            {agent, get("/zzz", ""), unknown},
		"reads what is no key":              {agent, &etcdserverpb.RangeRequest{}, unknown},
		"reads outside":                     {agent, &etcdserverpb.RangeRequest{Key: []byte{0}, RangeEnd: []byte{0}}, authority},
	} {
		for method, req := range ways(test.req) {
			method, _, _ = strings.Cut(method, " ")
			got := ""
			if err := test.of.allow(method, req); err != nil {
				got = err.Error()
			}
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("%s, %s: got %q, want %q", name, method, got, test.want)
			}
		}
	}
}

func TestCalls(t *testing.T) {
	own, others := newLease("B"), newLease("c")
	for name, test := range map[string]struct {
		of     rights
		method string
		req    any
		want   string // a part of the refusal; empty if it is allowed
	}{
		"members":                   {agent, etcdserverpb.Cluster_MemberList_FullMethodName, nil, ""},
		"a member more":             {agent, etcdserverpb.Cluster_MemberAdd_FullMethodName, nil, "runs no server"},
		"a member less":             {agent, etcdserverpb.Cluster_MemberRemove_FullMethodName, nil, "runs no server"},
		"a member more by another":  {serving, etcdserverpb.Cluster_MemberAdd_FullMethodName, nil, ""},
		"a member less by another":  {serving, etcdserverpb.Cluster_MemberRemove_FullMethodName, nil, ""},
		"another address":           {serving, etcdserverpb.Cluster_MemberUpdate_FullMethodName, nil, "not allowed to call"},
		"another leader":            {agent, etcdserverpb.Maintenance_MoveLeader_FullMethodName, nil, "runs no server"},
		"a signer adds a member":    {signer, etcdserverpb.Cluster_MemberAdd_FullMethodName, nil, ""},
		"the state of a server":     {agent, etcdserverpb.Maintenance_Status_FullMethodName, nil, ""},
		"a snapshot":                {agent, etcdserverpb.Maintenance_Snapshot_FullMethodName, nil, "not allowed to take a snapshot"},
		"a snapshot by a member":    {serving, etcdserverpb.Maintenance_Snapshot_FullMethodName, nil, "not allowed to take a snapshot"},
		"a snapshot from here":      {here(), etcdserverpb.Maintenance_Snapshot_FullMethodName, nil, "not allowed to take a snapshot"},
		"a snapshot by a deployer":  {deployer, etcdserverpb.Maintenance_Snapshot_FullMethodName, nil, "not allowed to take a snapshot"},
		"a snapshot by a signer":    {signer, etcdserverpb.Maintenance_Snapshot_FullMethodName, nil, ""},
		"a snapshot without roles":  {foreign, etcdserverpb.Maintenance_Snapshot_FullMethodName, nil, ""},
		"reading without end":       {agent, etcdserverpb.KV_RangeStream_FullMethodName, nil, "not allowed to call"},
		"compaction":                {agent, etcdserverpb.KV_Compact_FullMethodName, nil, "runs no server"},
		"compaction by a member":    {serving, etcdserverpb.KV_Compact_FullMethodName, nil, ""},
		"smaller files":             {agent, etcdserverpb.Maintenance_Defragment_FullMethodName, nil, "runs no server"},
		"smaller files, by another": {serving, etcdserverpb.Maintenance_Defragment_FullMethodName, nil, ""},
		"users of etcd":             {agent, etcdserverpb.Auth_AuthEnable_FullMethodName, nil, "not allowed to call"},
		"a lock by the server":      {agent, "/v3lockpb.Lock/Unlock", nil, "not allowed to call"},
		"an election by it":         {agent, "/v3electionpb.Election/Proclaim", nil, "not allowed to call"},
		"a call that is to come":    {agent, "/etcdserverpb.New/New", nil, "not allowed to call"},
		"alarms":                    {agent, etcdserverpb.Maintenance_Alarm_FullMethodName, &etcdserverpb.AlarmRequest{}, ""},
		"a false alarm": {agent, etcdserverpb.Maintenance_Alarm_FullMethodName,
			&etcdserverpb.AlarmRequest{Action: etcdserverpb.AlarmRequest_ACTIVATE}, "alarm"},
		"that by a member": {serving, etcdserverpb.Maintenance_Alarm_FullMethodName,
			&etcdserverpb.AlarmRequest{Action: etcdserverpb.AlarmRequest_ACTIVATE}, "alarm"},
		"the end of an alarm": {agent, etcdserverpb.Maintenance_Alarm_FullMethodName,
			&etcdserverpb.AlarmRequest{Action: etcdserverpb.AlarmRequest_DEACTIVATE}, "alarm"},
		"that end by a member": {serving, etcdserverpb.Maintenance_Alarm_FullMethodName,
			&etcdserverpb.AlarmRequest{Action: etcdserverpb.AlarmRequest_DEACTIVATE}, ""},

		"a lease":                    {agent, etcdserverpb.Lease_LeaseGrant_FullMethodName, &etcdserverpb.LeaseGrantRequest{TTL: 1}, ""},
		"a lease of a number":        {agent, etcdserverpb.Lease_LeaseGrant_FullMethodName, &etcdserverpb.LeaseGrantRequest{ID: others}, "lease"},
		"the end of its lease":       {agent, etcdserverpb.Lease_LeaseRevoke_FullMethodName, &etcdserverpb.LeaseRevokeRequest{ID: own}, ""},
		"the end of another lease":   {agent, etcdserverpb.Lease_LeaseRevoke_FullMethodName, &etcdserverpb.LeaseRevokeRequest{ID: others}, "of another host"},
		"that by a signer":           {signer, etcdserverpb.Lease_LeaseRevoke_FullMethodName, &etcdserverpb.LeaseRevokeRequest{ID: others}, ""},
		"its lease goes on":          {agent, etcdserverpb.Lease_LeaseKeepAlive_FullMethodName, &etcdserverpb.LeaseKeepAliveRequest{ID: own}, ""},
		"another lease goes on":      {agent, etcdserverpb.Lease_LeaseKeepAlive_FullMethodName, &etcdserverpb.LeaseKeepAliveRequest{ID: others}, "of another host"},
		"what hangs on its lease":    {agent, etcdserverpb.Lease_LeaseTimeToLive_FullMethodName, &etcdserverpb.LeaseTimeToLiveRequest{ID: own}, ""},
		"what hangs on another one":  {agent, etcdserverpb.Lease_LeaseTimeToLive_FullMethodName, &etcdserverpb.LeaseTimeToLiveRequest{ID: others}, "of another host"},
		"all leases":                 {agent, etcdserverpb.Lease_LeaseLeases_FullMethodName, nil, "not allowed to call"},
		"a key on its lease":         {agent, etcdserverpb.KV_Put_FullMethodName, &etcdserverpb.PutRequest{Key: []byte("/_mgmt/alive/b"), Lease: own}, ""},
		"a key on another lease":     {agent, etcdserverpb.KV_Put_FullMethodName, &etcdserverpb.PutRequest{Key: []byte("/_mgmt/alive/b"), Lease: others}, "of another host"},
		"a lease of an agent here":   {here(), etcdserverpb.Lease_LeaseRevoke_FullMethodName, &etcdserverpb.LeaseRevokeRequest{ID: others}, ""},
		"any lease without roles":    {foreign, etcdserverpb.Lease_LeaseRevoke_FullMethodName, &etcdserverpb.LeaseRevokeRequest{ID: others}, ""},
		"a stream that is opened":    {agent, etcdserverpb.Lease_LeaseKeepAlive_FullMethodName, nil, ""},
		"a watch that is not begun":  {agent, etcdserverpb.Watch_Watch_FullMethodName, nil, ""},
		"whether the server is well": {agent, "/grpc.health.v1.Health/Check", nil, ""},
	} {
		got := ""
		if err := test.of.allow(test.method, test.req); err != nil {
			got = err.Error()
		}
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// A lease that is granted is one of the host, and of no other.
func TestGrantedLeases(t *testing.T) {
	seen := map[int64]bool{}
	for range 100 {
		req := &etcdserverpb.LeaseGrantRequest{}
		if err := agent.allow(etcdserverpb.Lease_LeaseGrant_FullMethodName, req); err != nil {
			t.Fatal(err)
		}
		if req.ID <= 0 || seen[req.ID] || agent.mayUse(req.ID) != nil || serving.mayUse(req.ID) == nil {
			t.Fatalf("a lease of b is %x", req.ID)
		}
		seen[req.ID] = true
	}
}

// BenchmarkRights is what the gate costs each transaction.
func BenchmarkRights(b *testing.B) {
	cert := certificate("b")
	req := inTxn(put("/exported/c/b/file/x"))
	for b.Loop() {
		if err := rightsOf(cert, known{}).allow(etcdserverpb.KV_Txn_FullMethodName, req); err != nil {
			b.Fatal(err)
		}
	}
}

// documented is how docs/security.md names who may do something.
var documented = map[who]string{
	signers:    "signers",
	deployers:  "hosts with the role to deploy; hosts that run servers may remove them",
	stewards:   "hosts with the role to deploy, and hosts that run servers",
	itself:     "the host that is named",
	volunteer:  "that host, if it may run a server",
	members:    "that host, and hosts that run servers",
	sender:     "the host that exports",
	receiver:   "the host that it is for; all, if that is `*`",
	valueOwner: "all hosts; the value of a host: that host",
	everyone:   "all hosts",
}

func TestRightsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, a := range areas {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", strings.TrimPrefix(a.prefix, "/_mgmt"), a.what, documented[a.write], documented[a.read])
	}
	if want := "|---|---|---|---|\n" + table.String() + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("docs/security.md does not have this table:\n%s", table.String())
	}
}
