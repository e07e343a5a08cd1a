package server

import (
	"crypto/x509"
	"crypto/x509/pkix"
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

// inTxn puts requests into a transaction in a transaction.
func inTxn(req any) any {
	op := &etcdserverpb.RequestOp{}
	switch r := req.(type) {
	case *etcdserverpb.PutRequest:
		op.Request = &etcdserverpb.RequestOp_RequestPut{RequestPut: r}
	case *etcdserverpb.DeleteRangeRequest:
		op.Request = &etcdserverpb.RequestOp_RequestDeleteRange{RequestDeleteRange: r}
	}
	inner := &etcdserverpb.TxnRequest{Failure: []*etcdserverpb.RequestOp{op}}
	return &etcdserverpb.TxnRequest{Success: []*etcdserverpb.RequestOp{
		{Request: &etcdserverpb.RequestOp_RequestRange{RequestRange: &etcdserverpb.RangeRequest{}}},
		{Request: &etcdserverpb.RequestOp_RequestTxn{RequestTxn: inner}},
	}}
}

// refused returns why a client may not make a request; empty if it may.
func refused(r rights, req any) string {
	for c := range changes(req) {
		if err := r.check(c); err != nil {
			return err.Error()
		}
	}
	return ""
}

func TestRights(t *testing.T) {
	var (
		agent    = rightsOf(certificate("b"))
		deployer = rightsOf(certificate("b", "deploy"))
		signer   = rightsOf(certificate("b", "signer"))
		foreign  = rightsOf(&x509.Certificate{Subject: pkix.Name{CommonName: "b"}})
		local    = agent
	)
	local.here = true
	const authority, deploy, other, unknown = "certificates and tokens", "mgmt cluster token --deploy", "of another host", "is not allowed to change"
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
		"the end of a volunteer":       {agent, remove("/volunteer/c", ""), other},
		"a nomination":                 {agent, put("/nominated/c"), ""},
		"a value":                      {agent, put("/strings/x/c"), ""},
		"a pick":                       {agent, put("/scheduler/schedule/x"), ""},
		"the election":                 {agent, put("/scheduler/election/1"), ""},
		"a deploy":                     {agent, put("/deploy/1/payload"), deploy},
		"the files of a deploy":        {agent, put("/fs/deploy/1"), deploy},
		"contents":                     {agent, removeAll("/storage/"), deploy},
		"a deploy by a deployer":       {deployer, put("/deploy/1/payload"), ""},
		"a deploy by a signer":         {signer, put("/deploy/1/payload"), ""},
		"a token":                      {agent, put("/pki/token/x"), authority},
		"a token by a deployer":        {deployer, put("/pki/token/x"), authority},
		"a token by a signer":          {signer, put("/pki/token/x"), ""},
		"a key of nobody":              {agent, put("/zzz"), unknown},
		"all keys":                     {agent, remove("/", "\x00"), authority},
		"a range across areas":         {agent, remove("/nominated/", "/_mgmt/o"), unknown},
		"a range into others":          {deployer, remove("/deploy/", "/_mgmt/deployed0"), unknown},
		"a range over the authority":   {deployer, remove("/o", "/_mgmt/q"), authority},
		"a signer forgets a host":      {signer, removeAll("/scheduler/hostname/c/"), ""},
		"another agent here":           {local, put("/alive/c"), ""},
		"a deploy from here":           {local, put("/deploy/1/payload"), deploy},
		"a token from here":            {local, put("/pki/token/x"), authority},
		"without roles":                {foreign, put("/alive/c"), ""},
		"a deploy without roles":       {foreign, put("/deploy/1/payload"), ""},
		"a token without roles":        {foreign, put("/pki/token/x"), authority},
		"reading is not for the gate":  {agent, &etcdserverpb.RangeRequest{Key: []byte("/_mgmt/pki/")}, ""},
		"control characters are shown": {agent, put("/alive/\x1b[2J"), `\x1b[2J`},
	} {
		for how, req := range map[string]any{"plain": test.req, "in a transaction": inTxn(test.req)} {
			got := refused(test.of, req)
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("%s, %s: got %q, want %q", name, how, got, test.want)
			}
		}
	}
}

// BenchmarkRights is what the gate costs each write.
func BenchmarkRights(b *testing.B) {
	r := rightsOf(certificate("b"))
	req := inTxn(put("/exported/c/b/file/x"))
	for b.Loop() {
		if why := refused(r, req); why != "" {
			b.Fatal(why)
		}
	}
}
