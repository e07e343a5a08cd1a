package pki

import (
	"sync"
	"time"
)

// How many requests a signer accepts from one address: a burst, and then some each minute.
const (
	limitBurst  = 30
	limitMinute = 30
	limitHosts  = 4096 // addresses that are remembered
)

// A limiter counts requests by the address that they come from, in leaky buckets.
type limiter struct {
	mu      sync.Mutex // guards what follows
	buckets map[string]bucket
}

type bucket struct {
	level float64
	at    time.Time
}

func newLimiter() *limiter { return &limiter{buckets: map[string]bucket{}} }

// allow reports whether an address may ask at a time.
func (l *limiter) allow(address string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[address]
	if !known && len(l.buckets) >= limitHosts && !l.clean(now) {
		return false
	}
	b = b.leak(now)
	if b.level+1 > limitBurst {
		return false
	}
	b.level++
	l.buckets[address] = b
	return true
}

// leak returns what is left in a bucket at a time.
func (b bucket) leak(now time.Time) bucket {
	b.level = max(0, b.level-now.Sub(b.at).Minutes()*limitMinute)
	b.at = now
	return b
}

// clean forgets the addresses whose buckets are empty. It reports whether there were any.
func (l *limiter) clean(now time.Time) bool {
	for address, b := range l.buckets {
		if b.leak(now).level == 0 {
			delete(l.buckets, address)
		}
	}
	return len(l.buckets) < limitHosts
}
