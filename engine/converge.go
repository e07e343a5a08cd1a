package engine

import "time"

// A converger decides when the agent is converged.
type converger struct {
	loaded bool      // a delta is in force
	yes    bool      // it is converged
	since  time.Time // all has been settled; zero when it is not
	timer  *timer
}

// decide is called at the end of each turn. The agent is converged when everything has
// been settled for the timeout and there is no message that has not been looked at.
func (e *Engine) decide() {
	c := &e.converge
	if e.opts.ConvergedTimeout < 0 || !c.loaded || e.stopping {
		return
	}
	if e.unsettled > 0 {
		c.since = time.Time{}
		e.timers.stop(c.timer)
		e.setConverged(false)
		return
	}
	if c.yes {
		return
	}
	now := time.Now()
	if c.since.IsZero() {
		c.since = now
		if e.opts.ConvergedTimeout > 0 {
			c.timer = e.timers.at(now.Add(e.opts.ConvergedTimeout), func() {})
		}
	}
	if now.Sub(c.since) >= e.opts.ConvergedTimeout && e.box.empty() {
		e.setConverged(true)
	}
}

func (e *Engine) setConverged(yes bool) {
	if yes == e.converge.yes {
		return
	}
	e.converge.yes = yes
	e.opts.Observe(Event{Kind: Converged, Time: time.Now(), Converged: yes, Settled: e.settledCount(), Total: e.total})
}

// settledCount is how many of the wanted vertices are settled. Vertices that are going
// count as work that is left.
func (e *Engine) settledCount() int { return max(0, e.total-e.unsettled) }

// progress reports how many vertices are settled, if that has changed.
func (e *Engine) progress() {
	now := Event{Kind: Progress, Settled: e.settledCount(), Total: e.total}
	if last := e.reported; now.Settled == last.Settled && now.Total == last.Total || e.stopping {
		return
	}
	now.Time = time.Now()
	e.reported = now
	e.opts.Observe(now)
}
