package deploy

import (
	"context"
	"strings"
	"sync"
	"time"
)

// A reporter keeps the state of the agent in the store. It has a goroutine of its own, so that
// nobody waits for the store.
type reporter struct {
	opts Options
	wake chan struct{} // has one when there is something to look at

	mu    sync.Mutex // guards state
	state State      // but for what Inspect knows
}

func newReporter(opts Options) *reporter {
	return &reporter{opts: opts, wake: make(chan struct{}, 1)}
}

func (r *reporter) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// took notes which deploy is in force; 0 is none.
func (r *reporter) took(id int64) {
	r.change(func(s *State) {
		s.Deploy = id
		if id >= s.Refused {
			s.Refused, s.Error = 0, ""
		}
	})
}

// refused notes that a deploy is not taken.
func (r *reporter) refused(id int64, err error) {
	r.change(func(s *State) {
		if id >= s.Refused {
			s.Refused, s.Error = id, shorten(err.Error())
		}
	})
}

// longestError is how many bytes of an error others get to see.
const longestError = 1000

func shorten(text string) string {
	if len(text) > longestError {
		return strings.ToValidUTF8(text[:longestError], "") + "…"
	}
	return text
}

func (r *reporter) change(f func(*State)) {
	r.mu.Lock()
	f(&r.state)
	r.mu.Unlock()
	r.poke()
}

// patience is for how long resources may be repaired, or files be read, before others are told.
const patience = 2 * time.Second

// write keeps the store up to date until ctx ends.
func (r *reporter) write(ctx context.Context) {
	var last State
	first := true
	busy := stopped() // runs while something that was settled is not
	for {
		late := false
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-busy.C:
			late = true
		}
		now := r.look(ctx)
		now.Since, now.Trouble = last.Since, lasting(now, last)
		if !first && last.Converged && now.Deploy == last.Deploy && !now.Converged && !late {
			if now.Converged = true; now == last {
				busy.Reset(patience)
				continue
			}
			now.Converged = false
		}
		busy.Stop()
		if now == last && !first {
			continue
		}
		now.Since = time.Now().UTC().Truncate(time.Millisecond)
		if err := report(ctx, r.opts.Store, r.opts.Host, now); err != nil {
			busy.Reset(patience)
			continue
		}
		last, first = now, false
	}
}

// look returns the state as it is.
func (r *reporter) look(ctx context.Context) State {
	r.mu.Lock()
	s := r.state
	r.mu.Unlock()
	s.Converged = true
	if r.opts.Inspect != nil {
		c := r.opts.Inspect(ctx)
		s.Converged, s.Failed, s.Trouble = c.Settled, c.Failed, shorten(c.Trouble)
	}
	return s
}

// lasting returns the trouble to tell: the one that was told, for as long as there is any. Attempts
// that fail in ever new ways are not news.
func lasting(now, last State) string {
	if last.Trouble == "" || now.Deploy != last.Deploy || now.Failed != last.Failed || now.Converged && now.Failed == 0 {
		return now.Trouble
	}
	return last.Trouble
}
