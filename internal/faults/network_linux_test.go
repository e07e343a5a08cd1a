package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func cutOne(l *lab) time.Duration {
	_, others := l.whole()
	away := others[1]
	away.cut()
	others[0].set("one away")
	l.sees("one away", others[0])
	if got := away.value(); got == "one away" {
		l.t.Error("the network is not cut")
	}
	begin := time.Now()
	away.join()
	l.sees("one away", away)
	took := time.Since(begin)
	return took
}

func cutAll(l *lab) time.Duration {
	l.whole()
	for _, h := range l.hosts {
		h.cut()
	}
	for _, h := range l.hosts { // a machine is kept right without the cluster
		before := h.value()
		if err := os.WriteFile(filepath.Join(h.dir, "value"), []byte("drift"), 0o600); err != nil {
			l.t.Fatal(err)
		}
		l.sees(before, h)
	}
	l.eventually("nobody leads", func() bool {
		state := l.hosts[0].members()["h1"]
		return state != "leads" && state != "follows"
	})
	begin := time.Now()
	for _, h := range l.hosts {
		h.join()
	}
	l.hosts[0].set("healed")
	l.sees("healed", l.hosts...)
	return time.Since(begin)
}

func cutLeader(l *lab) time.Duration {
	leader, others := l.whole()
	leader.cut()
	others[0].set("without the one that led")
	l.sees("without the one that led", others...)
	leader.refuses("alone")
	begin := time.Now()
	leader.join()
	l.sees("without the one that led", leader)
	took := time.Since(begin)
	return took
}

func cutMajority(l *lab) time.Duration {
	leader, others := l.whole()
	leader.set("before the majority goes")
	l.sees("before the majority goes", l.hosts...)
	for _, h := range others {
		h.cut()
	}
	l.eventually("the server that led has noticed", func() bool { return leader.members()[leader.name] != "leads" })
	for _, h := range l.hosts {
		h.refuses("minority")
	}
	begin := time.Now()
	for _, h := range others {
		h.join()
	}
	others[0].set("the majority is back")
	l.sees("the majority is back", l.hosts...)
	took := time.Since(begin)
	return took
}

// refuses sees that a host which is without the others acknowledges nothing. The key is one of its
// own: what was not acknowledged may still come true when the network is back.
func (h *host) refuses(value string) {
	h.lab.t.Helper()
	if err := h.share("alone", value); err == nil {
		h.lab.t.Errorf("%s acknowledges a value alone", h.name)
	}
}

// lossyLeader has the connections of the server that leads lose frames in both directions. If the
// others hear too little of it, they elect one of them.
func lossyLeader(l *lab) time.Duration {
	leader, others := l.whole()
	restore := leader.through(link{loss: 30, both: true})
	took := l.flows("through losses", 6, others...)
	restore()
	l.sees("through losses, 5", leader)
	return took
}

// lossy has all connections lose frames for some time. Servers may fail to agree on a leader all
// the while, so what counts is what they have when it is over.
func lossy(l *lab) time.Duration {
	l.whole()
	var restore []func()
	for _, h := range l.hosts {
		restore = append(restore, h.through(link{loss: 30}))
	}
	time.Sleep(15 * time.Second)
	for _, f := range restore {
		f()
	}
	return l.flows("after losses", 1, l.hosts...)
}

func slow(l *lab) time.Duration {
	l.whole()
	for _, h := range l.hosts {
		defer h.through(link{delay: 100 * time.Millisecond})()
	}
	return l.flows("from afar", 6, l.hosts...)
}

// flows sets values at one host after the other, and returns how long one takes to all of them at
// most.
func (l *lab) flows(value string, times int, hosts ...*host) (longest time.Duration) {
	l.t.Helper()
	for i := range times {
		begin := time.Now()
		value := fmt.Sprintf("%s, %d", value, i)
		hosts[i%len(hosts)].set(value)
		l.sees(value, hosts...)
		longest = max(longest, time.Since(begin))
	}
	return longest
}

// away cuts off a host other than the first one, which is a signer and so may make the store forget.
func away(l *lab) time.Duration {
	_, others := l.whole()
	gone, stays := others[len(others)-1], l.hosts[0]
	gone.cut()
	if err := stays.churn("v", 1000); err != nil {
		l.fatalf("setting a value 1,000 times: %v", err)
	}
	l.sees("1000", stays)
	begin := time.Now()
	gone.join()
	l.sees("1000", gone)
	return time.Since(begin)
}
