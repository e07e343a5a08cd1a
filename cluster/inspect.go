package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"mgmt/world/etcd"
)

// Keys of the hosts that have a session, and of whether they are settled, below the namespace of
// the store.
const (
	alivePrefix     = "/alive/"
	convergedPrefix = "/converged/"
)

// A Standing is the state of a cluster.
type Standing struct {
	Cluster string   // the number of the cluster
	Wanted  int      // how many servers there are to be; 0 if agents do not run this store
	Members []Member // by name
	Hosts   []string // those that are alive, sorted
	// Converged are the hosts that say so, sorted. An agent does if it was asked when it is.
	Converged []string
	Alarms    []string // what ails the store, one line each
	// Uses are who uses how much of a store that is full, or nearly so, who uses most first.
	Uses []etcd.Use
}

// States of a member.
const (
	Leads   = "leads"
	Follows = "follows"
	Learns  = "catches up" // does not vote yet
	Waits   = "waits for a leader"
	Silent  = "does not answer"
)

// A Member is a server of a cluster.
type Member struct {
	Host    string // empty if it has not been started yet
	State   string
	Version string   // of etcd
	Size    int64    // of the file of its data, in bytes
	InUse   int64    // of that
	Quota   int64    // how large its data may become
	Clients []string // where it listens for clients
	Peers   []string // where other members reach it

	at      string // the one of Clients at which it answered; empty if it did not
	applied uint64 // how many changes it knows
}

// Quorate reports whether enough members answer to agree on anything.
func (r *Standing) Quorate() bool { return r.majority(Leads, Follows) }

// mayAgree reports whether enough members answer to find a leader, if they have none.
func (r *Standing) mayAgree() bool { return r.majority(Leads, Follows, Waits) }

// majority reports whether more than half of those that vote are in some states.
func (r *Standing) majority(states ...string) bool {
	votes, those := 0, 0
	for _, m := range r.Members {
		if m.State != Learns {
			votes++
		}
		if slices.Contains(states, m.State) {
			those++
		}
	}
	return those > votes/2
}

// memberLimit is how long a member may take to say how it is.
const memberLimit = 2 * time.Second

// Standing asks every member how it is. It needs one that answers.
func (a *Admin) Standing(ctx context.Context) (*Standing, error) {
	agreed := make(chan *clientv3.MemberListResponse, 1)
	limited, cancel := context.WithTimeout(ctx, 2*memberLimit)
	defer cancel()
	go func() {
		resp, err := a.client.MemberList(limited)
		if err != nil {
			resp = nil
		}
		agreed <- resp
	}()
	known, err := a.knownMembers(ctx)
	if err != nil {
		return nil, a.slow(err)
	}
	r, err := a.standingOf(ctx, known)
	if err != nil {
		return nil, err
	}
	if !r.mayAgree() { // unless they do, and are not reached from here
		cancel()
	}
	members := <-agreed
	if members == nil {
		return r, nil
	}
	if !r.Quorate() || !slices.EqualFunc(members.Members, known.Members, sameMember) { // they have agreed just now
		if r, err = a.standingOf(ctx, members); err != nil {
			return nil, err
		}
	}
	return r, a.complete(ctx, r)
}

func sameMember(a, b *etcdserverpb.Member) bool {
	return a.ID == b.ID && a.Name == b.Name && a.IsLearner == b.IsLearner
}

// standingOf says how members are, as they say themselves.
func (a *Admin) standingOf(ctx context.Context, members *clientv3.MemberListResponse) (*Standing, error) {
	if !a.certificates.HasCertificate() && slices.ContainsFunc(members.Members, onlySecure) {
		return nil, errNotShown
	}
	number := strconv.FormatUint(members.Header.ClusterId, 16)
	return &Standing{Cluster: number, Members: a.askAll(ctx, members.Members)}, nil
}

// askAll asks members how they are, and returns that by their names.
func (a *Admin) askAll(ctx context.Context, members []*etcdserverpb.Member) []Member {
	out := make([]Member, len(members))
	var asked sync.WaitGroup
	for i, m := range members {
		asked.Go(func() { out[i] = a.ask(ctx, m) })
	}
	asked.Wait()
	slices.SortFunc(out, func(a, b Member) int { return strings.Compare(a.Host, b.Host) })
	return out
}

// errNotShown is why nobody can be asked without a certificate.
var errNotShown = errors.New("the servers of this cluster want to see a certificate: ask on one of its hosts, as the user of the agent, with the --prefix of the agent")

// onlySecure reports whether a member is reached with a certificate only.
func onlySecure(m *etcdserverpb.Member) bool {
	urls := public(m.ClientURLs)
	return len(urls) > 0 && !slices.ContainsFunc(urls, func(u string) bool { return !isSecure(u) })
}

// knownMembers asks one of the members for the list of members, as it knows it.
func (a *Admin) knownMembers(ctx context.Context) (*clientv3.MemberListResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*memberLimit)
	defer cancel()
	remote := etcdserverpb.NewClusterClient(a.client.ActiveConnection())
	resp, err := remote.MemberList(ctx, &etcdserverpb.MemberListRequest{})
	return (*clientv3.MemberListResponse)(resp), err
}

// ask asks a member how it is.
func (a *Admin) ask(ctx context.Context, m *etcdserverpb.Member) Member {
	out := Member{Host: m.Name, State: Silent, Clients: m.ClientURLs, Peers: m.PeerURLs}
	if m.IsLearner {
		out.State = Learns
	}
	for _, u := range public(m.ClientURLs) {
		ctx, cancel := context.WithTimeout(ctx, memberLimit)
		s, err := a.client.Status(ctx, u)
		cancel()
		if err != nil || s.Header.MemberId != m.ID { // another one listens there
			continue
		}
		out.Version, out.Size, out.InUse, out.Quota = s.Version, s.DbSize, s.DbSizeInUse, s.DbSizeQuota
		out.at, out.applied = u, s.RaftAppliedIndex
		out.State = Waits
		switch {
		case s.IsLearner:
			out.State = Learns
		case s.Leader == m.ID:
			out.State = Leads
		case s.Leader != 0:
			out.State = Follows
		}
		break
	}
	return out
}

// complete adds what the store says.
func (a *Admin) complete(ctx context.Context, r *Standing) error {
	w := etcd.New(a.client, etcd.Options{})
	all, err := w.List(ctx, alivePrefix, convergedPrefix, wantedKey)
	if err != nil {
		return err
	}
	r.Hosts = slices.Sorted(maps.Keys(all[alivePrefix]))
	for host, converged := range all[convergedPrefix] {
		if converged == "true" {
			r.Converged = append(r.Converged, host)
		}
	}
	slices.Sort(r.Converged)
	r.Wanted, _ = strconv.Atoi(all[wantedKey][""])
	alarms, err := a.client.AlarmList(ctx)
	if err != nil {
		return fmt.Errorf("asking for alarms: %w", a.slow(err))
	}
	for _, alarm := range alarms.Alarms {
		r.Alarms = append(r.Alarms, describe(alarm))
	}
	slices.Sort(r.Alarms) // several servers may have the same
	r.Alarms = slices.Compact(r.Alarms)
	if strainOf(len(r.Alarms) > 0, r.Members...) != roomy {
		if r.Uses, err = w.Usage(ctx); err != nil {
			return a.slow(err)
		}
	}
	return nil
}

func describe(alarm *etcdserverpb.AlarmMember) string {
	switch alarm.Alarm {
	case etcdserverpb.AlarmType_NOSPACE:
		return etcd.ErrFull.Error()
	case etcdserverpb.AlarmType_CORRUPT:
		return "the data of a member is not that of the others: forget its host, and let it join again"
	}
	return alarm.Alarm.String()
}

var (
	// ErrAlive is why a host is not forgotten.
	ErrAlive = errors.New("it is alive")
	// ErrUnknownHost is why there is nothing to forget.
	ErrUnknownHost = errors.New("the cluster knows no such host")
)

// Forget removes a host that is dead for good: its member, and all keys that it has left. It
// returns how many there were.
func (a *Admin) Forget(ctx context.Context, host string) (keys int, err error) {
	w := etcd.New(a.client, etcd.Options{})
	alive, err := w.Alive(ctx, host)
	switch {
	case err != nil:
		return 0, a.slow(err)
	case alive:
		return 0, fmt.Errorf("%s is not forgotten: %w; stop its agent first, or revoke its certificate", host, ErrAlive)
	}
	members, err := a.client.MemberList(ctx)
	if err != nil {
		return 0, a.slow(err)
	}
	known := false
	for _, m := range members.Members {
		if m.Name != host {
			continue
		}
		known = true
		if _, err := a.client.MemberRemove(ctx, m.ID); err != nil {
			return 0, fmt.Errorf("removing the server of %s: %w", host, err)
		}
	}
	keys, err = w.Forget(ctx, host)
	if err == nil && keys == 0 && !known {
		err = fmt.Errorf("%s: %w", host, ErrUnknownHost)
	}
	return keys, err
}
