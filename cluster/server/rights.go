package server

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"iter"
	"strings"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/cluster/pki"
)

// A who says which clients may change keys.
type who int

const (
	signers   who = iota // hosts with the key of the authority, and nobody else
	deployers            // hosts with the role to deploy
	itself               // the host that the first element behind the prefix names
	sender               // the host that the second one names
	everyone             // each host of the cluster
)

// An area is the keys with a prefix, and who may change them. Signers may change all.
type area struct {
	prefix string
	who    who
}

// areas has all that hosts write, and who does. What is in none of them is for signers.
//
// Who leads or picks is not known to a server from the certificate, and a leader writes through any
// of the members: so what it says of others is open to each host.
var areas = []area{
	{"/_mgmt/pki/", signers},                   // certificates, tokens, revocations
	{"/_mgmt/deploy/", deployers},              // what is deployed, and its releases
	{"/_mgmt/fs/", deployers},                  // the files of a deploy
	{"/_mgmt/storage/", deployers},             // what is in them
	{"/_mgmt/deployed/", itself},               // what a host has taken over
	{"/_mgmt/alive/", itself},                  // that its agent runs
	{"/_mgmt/converged/", itself},              // that it is settled
	{"/_mgmt/volunteer/", itself},              // that it would run a server
	{"/_mgmt/endpoints/", itself},              // where its server is
	{"/_mgmt/signer/", itself},                 // where it lets others in
	{"/_mgmt/scheduler/hostname/", itself},     // what it offers
	{"/_mgmt/exported/", sender},               // what it exports to others
	{"/_mgmt/strings/", everyone},              // values, whose keys programs choose
	{"/_mgmt/scheduler/schedule/", everyone},   // whom the elected host picks
	{"/_mgmt/scheduler/election/", everyone},   // who is elected
	{"/_mgmt/scheduler/candidates/", everyone}, // who stands for it
	{"/_mgmt/nominated/", everyone},            // whom the leader nominates
	{"/_mgmt/chooser/", everyone},              // how many servers there are to be
}

// A change is one of a key, or of all keys from it to an end.
type change struct{ key, end []byte }

// changes are those that a request makes.
func changes(req any) iter.Seq[change] {
	return func(yield func(change) bool) { eachChange(req, yield) }
}

// eachChange reports false if yield did.
func eachChange(req any, yield func(change) bool) bool {
	switch r := req.(type) {
	case *etcdserverpb.PutRequest:
		return yield(change{key: r.GetKey()})
	case *etcdserverpb.DeleteRangeRequest:
		return yield(change{r.GetKey(), r.GetRangeEnd()})
	case *etcdserverpb.TxnRequest:
		for _, ops := range [][]*etcdserverpb.RequestOp{r.GetSuccess(), r.GetFailure()} {
			for _, op := range ops {
				if !eachChange(operation(op), yield) {
					return false
				}
			}
		}
	}
	return true
}

// operation returns the request in a part of a transaction that may change something.
func operation(op *etcdserverpb.RequestOp) any {
	switch {
	case op.GetRequestPut() != nil:
		return op.GetRequestPut()
	case op.GetRequestDeleteRange() != nil:
		return op.GetRequestDeleteRange()
	case op.GetRequestTxn() != nil:
		return op.GetRequestTxn()
	}
	return nil
}

// within reports whether all keys of a change have a prefix.
func (c change) within(prefix string) bool {
	if !bytes.HasPrefix(c.key, []byte(prefix)) {
		return false
	}
	return len(c.end) == 0 || !c.open() && bytes.Compare(c.end, []byte(clientv3.GetPrefixRangeEnd(prefix))) <= 0
}

// touches reports whether some key of a change may have a prefix.
func (c change) touches(prefix string) bool {
	if len(c.end) == 0 {
		return bytes.HasPrefix(c.key, []byte(prefix))
	}
	return bytes.Compare(c.key, []byte(clientv3.GetPrefixRangeEnd(prefix))) < 0 &&
		(c.open() || bytes.Compare(c.end, []byte(prefix)) > 0)
}

// open reports whether a change goes to the last key of all.
func (c change) open() bool { return len(c.end) == 1 && c.end[0] == 0 }

// rights are what a client may change.
type rights struct {
	cert   *x509.Certificate
	host   string
	signer bool
	deploy bool
	all    bool // but for what is of the authority: the certificate names no roles
	here   bool // on the machine of the server, and so any host
}

func rightsOf(cert *x509.Certificate) rights {
	return rights{
		cert: cert, host: cert.Subject.CommonName, signer: pki.MaySign(cert), deploy: pki.MayDeploy(cert),
		all: !pki.HasRoles(cert),
	}
}

// check returns why a change is not allowed.
func (r rights) check(c change) error {
	if r.signer {
		return nil
	}
	for _, a := range areas {
		if c.touches(a.prefix) && a.who == signers {
			return fmt.Errorf("%s is not allowed to change what is stored of certificates and tokens; do it on a host that lets others in", r.host)
		}
	}
	if r.all {
		return nil
	}
	for _, a := range areas {
		if c.within(a.prefix) {
			return r.inside(a, c)
		}
	}
	return fmt.Errorf("%s is not allowed to change %s; do it on a host that lets others in", r.host, c)
}

// inside returns why a change of keys of one area is not allowed.
func (r rights) inside(a area, c change) error {
	switch a.who {
	case deployers:
		if !r.deploy {
			return fmt.Errorf("%s is not allowed to deploy; do it on a host that lets others in, or let this one join with a token of mgmt cluster token --deploy", r.host)
		}
	case itself, sender:
		if !r.here && !r.owns(a, c) {
			return fmt.Errorf("%s is not allowed to change %s, which is of another host; each host changes what is its own, and a host that lets others in may change all", r.host, c)
		}
	}
	return nil
}

// owns reports whether all keys of a change are of the host.
func (r rights) owns(a area, c change) bool {
	at := 0
	if a.who == sender {
		at = 1
	}
	elements := strings.Split(string(c.key[len(a.prefix):]), "/")
	if len(elements) <= at || !pki.Is(r.cert, elements[at]) {
		return false
	}
	if len(c.end) == 0 {
		return true
	}
	return len(elements) > at+1 && c.within(a.prefix+strings.Join(elements[:at+1], "/")+"/")
}

// String names the keys, without the namespace.
func (c change) String() string {
	text := strings.TrimPrefix(string(c.key), "/_mgmt")
	if len(c.end) > 0 {
		text += " and more"
	}
	return fmt.Sprintf("%.200q", text)
}
