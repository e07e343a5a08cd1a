package faults

import "time"

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
	l.whole()
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
	l.whole()
	return took
}

// refuses sees that a host which is without the others acknowledges nothing. The key is one of its
// own: what was not acknowledged may still come true when the network is back.
func (h *host) refuses(value string) {
	h.lab.t.Helper()
	if err := h.at(self(h.lab.t), "share", h.client(), "alone", value).Run(); err == nil {
		h.lab.t.Errorf("%s acknowledges a value alone", h.name)
	}
}

func lossy(l *lab) time.Duration { return l.worse(link{loss: 30}, "through losses") }
func slow(l *lab) time.Duration  { return l.worse(link{delay: 100 * time.Millisecond}, "from afar") }

// worse makes all links bad ones, and returns how long a value takes from a server to all.
func (l *lab) worse(k link, value string) time.Duration {
	l.t.Helper()
	l.whole()
	for _, h := range l.hosts {
		defer h.through(k)()
	}
	begin := time.Now()
	l.hosts[1].set(value)
	l.sees(value, l.hosts...)
	return time.Since(begin)
}

func away(l *lab) time.Duration {
	_, others := l.whole()
	gone, stays := others[1], others[0]
	gone.cut()
	l.eventually("1,000 values are set", func() bool {
		return stays.at(self(l.t), "shareMany", stays.client(), "v", "1000").Run() == nil
	})
	l.sees("1000", stays)
	begin := time.Now()
	gone.join()
	l.sees("1000", gone)
	took := time.Since(begin)
	l.whole()
	return took
}
