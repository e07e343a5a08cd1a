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

// A who says which clients may do something with keys. Signers may do all.
type who int

const (
	signers    who = iota // hosts with the key of the authority, and nobody else
	deployers             // hosts with the role to deploy; those that run a server may remove, for one of them tidies up
	stewards              // both of these
	itself                // the host that the first element behind the prefix names
	volunteer             // that host, if it may run a server
	members               // that host, and those that run a server
	sender                // the host that the second element names
	receiver              // the host that the first element names, or each if that is *
	valueOwner            // each, unless the last element names another host that is known
	everyone              // each host of the cluster
)

// An area is the keys with a prefix, who may change them, and who may read them. Whoever may change
// a key may read it.
type area struct {
	prefix      string
	what        string // is stored there
	write, read who
}

// authorityPrefix has what makes hosts be of the cluster.
const authorityPrefix = "/_mgmt/pki/"

// areas has all that hosts write and read. The first one that has a key counts; what is in none of
// them is for signers.
//
// Who picks is not known to a server from the certificate: so what the elected host says is open to
// each host.
var areas = []area{
	{"/_mgmt/pki/crl", "the revocation list, which is signed", signers, everyone},
	{authorityPrefix, "tokens, certificates, revocations", signers, signers},
	{"/_mgmt/deploy/", "deploys and their releases", deployers, everyone},
	{"/_mgmt/fs/", "the files of deploys", deployers, everyone},
	{"/_mgmt/storage/", "what is in these files", deployers, everyone},
	{"/_mgmt/deployed/", "which deploy a host runs, and how", itself, stewards},
	{"/_mgmt/alive/", "that the agent of a host runs", itself, everyone},
	{"/_mgmt/converged/", "that a host is settled", itself, everyone},
	{"/_mgmt/fence/", "what keeps out writes of a host that come late", itself, everyone},
	{"/_mgmt/volunteer/", "that a host would run a server", volunteer, everyone},
	{"/_mgmt/endpoints/", "where the server of a host listens", volunteer, everyone},
	{"/_mgmt/signer/", "where a host lets others in", itself, everyone},
	{"/_mgmt/nominated/", "which hosts are to run servers", members, everyone},
	{"/_mgmt/chooser/", "how many servers there are to be", everyone, everyone},
	{"/_mgmt/strings/", "shared values", valueOwner, everyone},
	{"/_mgmt/exported/", "what hosts export to others", sender, receiver},
	{"/_mgmt/exporter/", "which these are, by the host that exports", itself, itself},
	{"/_mgmt/scheduler/hostname/", "what a host offers to the scheduler", itself, everyone},
	{"/_mgmt/scheduler/schedule/", "whom the elected host picks", everyone, everyone},
	{"/_mgmt/scheduler/election", "who is elected to pick", everyone, everyone},
	{"/_mgmt/scheduler/candidates/", "who stands for it", everyone, everyone},
}

// An access is one to a key, or to all keys from it to an end.
type access struct {
	key, end []byte
	write    bool
	remove   bool  // it is a write that leaves nothing there
	lease    int64 // the key is to hang on
}

// accesses are those that a request makes.
func accesses(req any) iter.Seq[access] {
	return func(yield func(access) bool) { eachAccess(req, yield) }
}

// eachAccess reports false if yield did.
func eachAccess(req any, yield func(access) bool) bool {
	switch r := req.(type) {
	case *etcdserverpb.RangeRequest:
		return yield(access{key: r.GetKey(), end: r.GetRangeEnd()})
	case *etcdserverpb.PutRequest:
		return yield(access{key: r.GetKey(), write: true, lease: r.GetLease()})
	case *etcdserverpb.DeleteRangeRequest:
		return yield(access{key: r.GetKey(), end: r.GetRangeEnd(), write: true, remove: true})
	case *etcdserverpb.WatchCreateRequest:
		return yield(access{key: r.GetKey(), end: r.GetRangeEnd()})
	case *etcdserverpb.TxnRequest:
		for _, c := range r.GetCompare() {
			if !yield(access{key: c.GetKey(), end: c.GetRangeEnd()}) {
				return false
			}
		}
		for _, ops := range [][]*etcdserverpb.RequestOp{r.GetSuccess(), r.GetFailure()} {
			for _, op := range ops {
				if !eachAccess(operation(op), yield) {
					return false
				}
			}
		}
	}
	return true
}

// operation returns the request in a part of a transaction.
func operation(op *etcdserverpb.RequestOp) any {
	switch {
	case op.GetRequestRange() != nil:
		return op.GetRequestRange()
	case op.GetRequestPut() != nil:
		return op.GetRequestPut()
	case op.GetRequestDeleteRange() != nil:
		return op.GetRequestDeleteRange()
	case op.GetRequestTxn() != nil:
		return op.GetRequestTxn()
	}
	return nil
}

// within reports whether all keys of an access have a prefix.
func (a access) within(prefix string) bool {
	if !bytes.HasPrefix(a.key, []byte(prefix)) {
		return false
	}
	return len(a.end) == 0 || !a.open() && bytes.Compare(a.end, []byte(clientv3.GetPrefixRangeEnd(prefix))) <= 0
}

// touches reports whether some key of an access may have a prefix.
func (a access) touches(prefix string) bool {
	if len(a.end) == 0 {
		return bytes.HasPrefix(a.key, []byte(prefix))
	}
	return bytes.Compare(a.key, []byte(clientv3.GetPrefixRangeEnd(prefix))) < 0 &&
		(a.open() || bytes.Compare(a.end, []byte(prefix)) > 0)
}

// open reports whether an access goes to the last key of all.
func (a access) open() bool { return len(a.end) == 1 && a.end[0] == 0 }

// area returns the one that has all keys of an access.
func (a access) area() (area, bool) {
	for _, in := range areas {
		if a.within(in.prefix) {
			return in, true
		}
	}
	return area{}, false
}

// below returns the elements of the key behind a prefix.
func (a access) below(prefix string) []string { return strings.Split(string(a.key[len(prefix):]), "/") }

// String names the keys, without the namespace.
func (a access) String() string {
	text := strings.TrimPrefix(string(a.key), "/_mgmt")
	if len(a.end) > 0 {
		text += " and more"
	}
	return fmt.Sprintf("%.200q", text)
}

// verb says what an access does.
func (a access) verb() string {
	if a.write {
		return "change"
	}
	return "read"
}

// A register is what a server knows of the hosts.
type register interface {
	// Serves reports whether a host runs a server.
	Serves(host string) bool
	// Knows reports whether a host of a name has ever had a certificate.
	Knows(host string) bool
}

// rights are what a client may change and read.
type rights struct {
	cert     *x509.Certificate
	host     string
	signer   bool
	deploy   bool
	serve    bool
	all      bool // but for what is of the authority: the certificate names no roles
	here     bool // on the machine of the server, and so any host
	register register
}

func rightsOf(cert *x509.Certificate, of register) rights {
	return rights{
		cert: cert, host: cert.Subject.CommonName, signer: pki.MaySign(cert), deploy: pki.MayDeploy(cert), serve: pki.MayServe(cert),
		all: !pki.HasRoles(cert), register: of,
	}
}

// check returns why an access is not allowed.
func (r rights) check(a access) error {
	in, found := a.area()
	switch {
	case r.signer:
		return nil
	case r.all && !a.touches(authorityPrefix):
		return nil
	case found && (r.is(in.write, in.prefix, a) || !a.write && r.is(in.read, in.prefix, a)):
		return nil
	}
	return r.refuse(in, a)
}

// is reports whether the client is one of those who may do something with all keys of an access
// below a prefix.
func (r rights) is(of who, prefix string, a access) bool {
	switch of {
	case everyone:
		return true
	case deployers:
		return r.deploy || a.remove && r.serves()
	case stewards:
		return r.deploy || r.serves()
	case itself:
		return r.here || r.named(prefix, a, 0)
	case volunteer:
		return r.here || r.serve && r.named(prefix, a, 0)
	case members:
		return r.here || r.named(prefix, a, 0) || r.serves()
	case sender:
		return r.here || r.named(prefix, a, 1)
	case receiver:
		return r.here || r.named(prefix, a, 0) || a.within(prefix+"*/")
	case valueOwner:
		return r.mayValue(prefix, a)
	}
	return false
}

// serves reports whether the host runs a server of the cluster.
func (r rights) serves() bool { return r.register.Serves(r.host) }

// named reports whether an element of all keys of an access names the host.
func (r rights) named(prefix string, a access, at int) bool {
	elements := a.below(prefix)
	if len(elements) <= at || !pki.Is(r.cert, elements[at]) {
		return false
	}
	if len(a.end) == 0 {
		return true
	}
	return len(elements) > at+1 && a.within(prefix+strings.Join(elements[:at+1], "/")+"/")
}

// mayValue reports whether the host may write a shared value. One below another key is that of a
// host if it has its name.
func (r rights) mayValue(prefix string, a access) bool {
	elements := a.below(prefix)
	last := elements[len(elements)-1]
	if len(a.end) > 0 { // there may be values of hosts among them
		return false
	}
	return len(elements) == 1 || r.here || pki.Is(r.cert, last) || !r.register.Knows(last)
}

// roleAdvice is what to do without the role to deploy.
const roleAdvice = "do it on a host that lets others in, or let this one join with a token of mgmt cluster token --deploy"

// refuse says why an access is not allowed, and what to do. in has no prefix if the keys are of no
// area, or of several.
func (r rights) refuse(in area, a access) error {
	may := fmt.Sprintf("%s is not allowed to %s", r.host, a.verb())
	switch {
	case a.touches(authorityPrefix):
		return fmt.Errorf("%s what is stored of certificates and tokens; do it on a host that lets others in", may)
	case in.prefix == "":
		return fmt.Errorf("%s %s; do it on a host that lets others in", may, a)
	case in.write == deployers:
		return fmt.Errorf("%s is not allowed to deploy; %s", r.host, roleAdvice)
	case in.write == volunteer && !r.serve:
		return fmt.Errorf("%s is not allowed to run a server; its token was made by mgmt cluster token --no-server", r.host)
	case in.read == stewards && !a.write:
		return fmt.Errorf("%s %s, which is for hosts that may deploy; %s", may, a, roleAdvice)
	}
	return fmt.Errorf("%s %s, which is of another host; each host has what is its own, and a host that lets others in has all", may, a)
}
