package engine

import (
	"math"
	"time"
)

// A bucket holds the tokens of a rate limit: limit a second are added, at most burst
// are kept, and every event takes one. Events that arrive while one is waiting for its
// token are the same event.
type bucket struct {
	tokens float64
	filled time.Time // when tokens was right
}

// take takes a token and returns when it is there.
func (b *bucket) take(limit float64, burst int64, now time.Time) time.Time {
	if b.filled.IsZero() {
		b.tokens = float64(burst)
	} else if limit > 0 {
		b.tokens = min(float64(burst), b.tokens+limit*now.Sub(b.filled).Seconds())
	}
	b.filled = now
	b.tokens--
	if b.tokens >= 0 {
		return now
	}
	seconds := -b.tokens / limit
	if seconds > never.Seconds() {
		return now.Add(never)
	}
	return now.Add(time.Duration(math.Ceil(seconds * float64(time.Second))))
}

// never is later than any agent runs.
const never = 100 * 365 * 24 * time.Hour

// event handles an event of a watch or a poll, which may be too soon after others.
func (e *Engine) event(v *vertex, cause *Cause) {
	e.soil(v, cause)
	if v.wait != nil || v.spec == nil {
		return
	}
	now := time.Now()
	at := now
	if limit := v.meta.Limit; !math.IsInf(limit, 1) {
		if v.limit == nil {
			v.limit = &bucket{}
		}
		at = v.limit.take(limit, v.meta.Burst, now)
	}
	if v.failed != nil && !v.running() && v.attempts.next.After(at) {
		at = v.attempts.next
	}
	if v.flapping() && !v.running() && v.flaps.next.After(at) {
		at = v.flaps.next
	}
	if at.After(now) {
		e.waitUntil(v, at)
	}
}

// waitUntil keeps v from running before that time.
func (e *Engine) waitUntil(v *vertex, at time.Time) {
	e.timers.stop(v.wait)
	v.wait = e.timers.at(at, func() {
		v.wait = nil
		e.touch(v)
	})
}

// stopWaiting lets v run at once.
func (e *Engine) stopWaiting(v *vertex) {
	e.timers.stop(v.wait)
	v.wait = nil
}
