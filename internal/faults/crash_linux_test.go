package faults

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

func killLeader(l *lab) time.Duration {
	leader, others := l.whole()
	begin := time.Now()
	leader.kill()
	others[0].set("without leader")
	l.sees("without leader", others...)
	took := time.Since(begin)
	leader.start()
	l.sees("without leader", leader)
	return took
}

func killEach(l *lab) (longest time.Duration) {
	for i, h := range l.hosts {
		l.whole()
		other := l.hosts[(i+1)%len(l.hosts)]
		h.kill()
		begin := time.Now()
		other.set("without " + h.name)
		l.sees("without "+h.name, other)
		h.start()
		l.sees("without "+h.name, h)
		longest = max(longest, time.Since(begin))
	}
	return longest
}

func killAll(l *lab) time.Duration {
	l.whole()
	l.hosts[0].set("kept")
	for _, h := range l.hosts {
		h.kill()
		os.Remove(filepath.Join(h.dir, "value"))
	}
	begin := time.Now()
	for _, h := range l.hosts {
		h.start()
	}
	l.sees("kept", l.hosts...)
	return time.Since(begin)
}

func corrupt(l *lab) time.Duration {
	l.whole()
	h := l.hosts[2]
	h.kill()
	before := len(h.log())
	data := filepath.Join(h.dir, "mgmt", "etcd", "server")
	if err := os.WriteFile(filepath.Join(data, "member", "snap", "db"), []byte(strings.Repeat("rubbish ", 4096)), 0o600); err != nil {
		l.t.Fatal(err)
	}
	h.start()
	h.ends()
	if log := h.log()[before:]; !strings.Contains(log, "if that is damaged") {
		l.t.Errorf("the agent says\n%s", log)
	}
	if err := os.RemoveAll(data); err != nil {
		l.t.Fatal(err)
	}
	begin := time.Now()
	h.start()
	l.hosts[0].set("corrupt")
	l.sees("corrupt", l.hosts...)
	l.whole()
	return time.Since(begin)
}
