package server

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// A call says who may make one to a method.
type call func(r rights, req any) error

// calls has the methods that clients may call who are no signers. Those that etcd offers besides,
// such as locks and elections made by the server, reach keys past all areas.
var calls = map[string]call{
	etcdserverpb.KV_Range_FullMethodName:       rights.mayAccess,
	etcdserverpb.KV_Put_FullMethodName:         rights.mayAccess,
	etcdserverpb.KV_DeleteRange_FullMethodName: rights.mayAccess,
	etcdserverpb.KV_Txn_FullMethodName:         rights.mayAccess,
	etcdserverpb.Watch_Watch_FullMethodName:    rights.mayAccess,

	etcdserverpb.Lease_LeaseGrant_FullMethodName:      rights.mayLease,
	etcdserverpb.Lease_LeaseRevoke_FullMethodName:     rights.mayLease,
	etcdserverpb.Lease_LeaseKeepAlive_FullMethodName:  rights.mayLease,
	etcdserverpb.Lease_LeaseTimeToLive_FullMethodName: rights.mayLease,

	etcdserverpb.Cluster_MemberList_FullMethodName:     anybody,
	etcdserverpb.Cluster_MemberAdd_FullMethodName:      rights.mayLead,
	etcdserverpb.Cluster_MemberPromote_FullMethodName:  rights.mayLead,
	etcdserverpb.Cluster_MemberRemove_FullMethodName:   rights.mayLead,
	etcdserverpb.Maintenance_MoveLeader_FullMethodName: rights.mayLead,
	etcdserverpb.Maintenance_Status_FullMethodName:     anybody,
	etcdserverpb.Maintenance_Alarm_FullMethodName:      rights.mayAlarm,
	etcdserverpb.Maintenance_Defragment_FullMethodName: rights.mayLead,
	etcdserverpb.KV_Compact_FullMethodName:             rights.mayLead,
	etcdserverpb.Maintenance_Snapshot_FullMethodName:   rights.maySnapshot,

	healthpb.Health_Check_FullMethodName: anybody,
	healthpb.Health_Watch_FullMethodName: anybody,
}

// allow returns why a client may not make a request to a method.
func (r rights) allow(method string, req any) error {
	if r.signer {
		return nil
	}
	if may, ok := calls[method]; ok {
		return may(r, req)
	}
	if r.all {
		return nil
	}
	return fmt.Errorf("%s is not allowed to call %s; do it on a host that lets others in", r.host, method)
}

func anybody(rights, any) error { return nil }

// mayAccess is for requests about keys.
func (r rights) mayAccess(req any) error {
	for a := range accesses(req) {
		if err := r.check(a); err != nil {
			return err
		}
		if err := r.mayUse(a.lease); err != nil {
			return err
		}
	}
	return nil
}

// mayLead is for those who say which servers there are, and look after what these store: the hosts
// of servers, one of which leads.
func (r rights) mayLead(any) error {
	if r.all || r.serves() {
		return nil
	}
	return fmt.Errorf("%s runs no server of the cluster, and is not allowed to add or to remove one, nor to make room in their store; do it on a host that lets others in", r.host)
}

// maySnapshot is for snapshots, which have the keys of all areas.
func (r rights) maySnapshot(any) error {
	if r.all {
		return nil
	}
	return fmt.Errorf("%s is not allowed to take a snapshot of the store; do it on a host that lets others in", r.host)
}

// mayAlarm is for requests about alarms, which all may see, and hosts of servers may end.
func (r rights) mayAlarm(req any) error {
	alarm, ok := req.(*etcdserverpb.AlarmRequest)
	switch action := alarm.GetAction(); {
	case r.all, !ok, action == etcdserverpb.AlarmRequest_GET:
		return nil
	case r.serves() && action == etcdserverpb.AlarmRequest_DEACTIVATE:
		return nil
	}
	return fmt.Errorf("%s is not allowed to raise or to end an alarm of the store; do it on a host that lets others in", r.host)
}

// mayLease is for requests about leases. The number of a lease that is granted says whose it is.
func (r rights) mayLease(req any) error {
	switch l := req.(type) {
	case *etcdserverpb.LeaseGrantRequest:
		if l.GetID() == 0 && !r.all {
			l.ID = newLease(r.host)
		}
		return r.mayUse(l.GetID())
	case *etcdserverpb.LeaseRevokeRequest:
		return r.mayUse(l.GetID())
	case *etcdserverpb.LeaseKeepAliveRequest:
		return r.mayUse(l.GetID())
	case *etcdserverpb.LeaseTimeToLiveRequest:
		return r.mayUse(l.GetID())
	}
	return nil
}

// mayUse returns why a client may not do anything with a lease; 0 is none. What hangs on a lease
// goes with it, so those of other hosts are theirs.
func (r rights) mayUse(lease int64) error {
	if lease == 0 || r.all || r.here || lease>>leaseBits == leaseOwner(r.host) {
		return nil
	}
	return fmt.Errorf("%s is not allowed to use the lease %x, which is of another host", r.host, lease)
}

// leaseBits is how many bits of the number of a lease tell it from others of the same host. The 40
// before these are of the host.
const leaseBits = 23

func leaseOwner(host string) int64 {
	sum := sha256.Sum256([]byte(strings.ToLower(host)))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 24)
}

// newLease returns a number for a lease of a host. The store refuses one that it has already.
func newLease(host string) int64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return leaseOwner(host)<<leaseBits | int64(binary.BigEndian.Uint64(b[:])>>(64-leaseBits))
}
