package deploy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Share is a part of all hosts: a number of them, or a percentage. The zero value is none.
type Share struct {
	N       int
	Percent bool
}

// ParseShare reads a number, or one with a % behind it.
func ParseShare(s string) (Share, error) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || percent && n > 100 {
		return Share{}, fmt.Errorf("%q is no part of the hosts: write a number from 1, or 1%% to 100%%", s)
	}
	return Share{n, percent}, nil
}

// Of returns how many of a number of hosts the share is: at least one, if there are any.
func (s Share) Of(hosts int) int {
	if s.Percent {
		return (hosts*s.N + 99) / 100
	}
	return min(s.N, hosts)
}

// RolloutOptions say how a deploy is brought to the hosts.
type RolloutOptions struct {
	// Canary says how many hosts run it first; with none, all hosts run it at once.
	Canary Share
	// Soak is how long those have to stay converged before the others follow.
	Soak time.Duration
	// MaxFailures is how many hosts may fail before it has failed.
	MaxFailures int
	// AutoRevert withdraws it when it has failed.
	AutoRevert bool
	// Timeout is how long hosts may take to converge in each phase; 0 is for ever.
	Timeout time.Duration
}

// lostAfter is how long an agent may be away, say while it restarts, before it counts as failed.
const lostAfter = 30 * time.Second

// A Phase is where a rollout stands.
type Phase int

// The phases.
const (
	Starting Phase = iota
	Canarying
	Soaking
	Spreading
	Withdrawing // it has failed, and hosts are on their way back
	Succeeded
	GivenUp // it has failed, and stays where it is
	Reverted
)

func (p Phase) String() string {
	return [...]string{"starting", "on the first hosts", "soaking", "on all hosts", "going back", "done", "failed", "withdrawn"}[p]
}

// Over reports whether the rollout has come to an end.
func (p Phase) Over() bool { return p >= Succeeded }

// A Rollout decides how far a deploy goes. It does nothing by itself: it is shown what the agents
// say ([Rollout.Step]), and says what is to be done.
type Rollout struct {
	deploy *Manifest
	opts   RolloutOptions

	phase     Phase
	began     time.Time            // when hosts got it, for the timeout
	quiet     time.Time            // since when all hosts of the canary have been converged; zero is not
	canary    []string             // the hosts that run it first
	seen      map[string]time.Time // hosts that matter, and when they were there last
	ails      string               // what keeps agents from saying how they are, as the driver was told; empty is nothing
	overruled string               // why somebody else has ended it
	why       string               // it has failed
	causes    map[string]string    // the hosts because of which it has failed
}

// NewRollout returns the rollout of a deploy that has been published.
func NewRollout(m *Manifest, opts RolloutOptions) *Rollout {
	return &Rollout{deploy: m, opts: opts, seen: map[string]time.Time{}}
}

// Progress says how far a rollout has come.
type Progress struct {
	Phase    Phase
	Hosts    int               // how many hosts run it in this phase, or are to
	Settled  int               // how many of them have converged on it
	Failures map[string]string // hosts that failed, and why
	Waiting  []string          // the other hosts, sorted
	Troubles map[string]string // of those, what fails on them at present
	Ails     string            // what keeps hosts from saying how they are; empty is nothing
	Why      string            // it has failed
	Causes   map[string]string // at the end: hosts that failed, and why
}

// A Step is what is to be done.
type Step struct {
	Release *Release // to store, or nil; Deploy and Seq are left out
	Progress
	// Wake is when to look again, even if nothing happens; zero is never.
	Wake time.Time
}

// Step shows the present states to the rollout. When a step has a release, or the phase has changed,
// the next one is taken at once.
func (r *Rollout) Step(now time.Time, states map[string]State) Step {
	p := r.look(now, states)
	out := Step{}
	before := r.phase
	switch {
	case r.phase.Over():
	case r.overruled != "" && r.phase != Withdrawing:
		r.phase, r.why = GivenUp, r.overruled
	case r.phase == Starting:
		out.Release = r.start(now, r.hosts(now, states))
	case r.phase == Withdrawing:
		if len(p.Waiting) == 0 || now.Sub(r.began) >= r.limit() {
			r.phase = Reverted
		}
	case len(p.Failures) > r.opts.MaxFailures:
		out.Release = r.fail(now, p.Failures, fmt.Sprintf("%d of %d hosts failed, like %s", len(p.Failures), p.Hosts, example(p.Failures)))
	case len(p.Waiting) > 0:
		out.Release = r.wait(now, p)
	case superseded(r.deploy.ID, p, states):
		r.phase, r.why = GivenUp, "a newer one has taken its place"
	default:
		out.Release = r.advance(now)
	}
	if r.phase != before && !r.phase.Over() {
		p = r.look(now, states)
	}
	p.Phase, p.Why, p.Ails = r.phase, r.why, r.ails
	if p.Causes = r.causes; p.Causes == nil && r.phase.Over() {
		p.Causes = p.Failures
	}
	out.Progress, out.Wake = p, r.wake(now, states)
	return out
}

// look returns the progress of the hosts of the present phase.
func (r *Rollout) look(now time.Time, states map[string]State) Progress {
	hosts := r.hosts(now, states)
	if r.phase == Withdrawing || r.phase == Reverted {
		return r.back(hosts, states)
	}
	return r.judge(now, hosts, states)
}

// superseded reports whether all hosts that have not failed run a newer deploy.
func superseded(id int64, p Progress, states map[string]State) bool {
	for host, s := range states {
		if s.Deploy == id && p.Failures[host] == "" {
			return false
		}
	}
	return p.Settled > 0
}

// wait does what is due while hosts have not converged.
func (r *Rollout) wait(now time.Time, p Progress) *Release {
	r.quiet = time.Time{}
	if r.phase == Soaking {
		r.phase = Canarying
	}
	if r.opts.Timeout <= 0 || now.Sub(r.began) < r.opts.Timeout {
		return nil
	}
	host := p.Waiting[0]
	for _, h := range p.Waiting {
		if p.Troubles[h] != "" {
			host = h + ": " + p.Troubles[h]
			break
		}
	}
	why := fmt.Sprintf("after %v, %d of %d hosts have not converged, like %s", r.opts.Timeout, len(p.Waiting), p.Hosts, host)
	if r.ails != "" {
		why = fmt.Sprintf("after %v, %d of %d hosts have not said that they have converged: %s", r.opts.Timeout, len(p.Waiting), p.Hosts, r.ails)
	}
	return r.fail(now, nil, why)
}

// back returns the progress of hosts that go back to the deploy before. Those that are away do so
// when they return.
func (r *Rollout) back(hosts []string, states map[string]State) Progress {
	p := Progress{Failures: map[string]string{}, Troubles: map[string]string{}}
	for _, host := range hosts {
		s, alive := states[host]
		switch {
		case !alive:
		case s.Deploy == r.deploy.ID, !s.Converged && s.Trouble == "":
			p.Waiting = append(p.Waiting, host)
			p.Hosts++
		default:
			p.Settled++
			p.Hosts++
		}
	}
	return p
}

// returnLimit is how long to wait for hosts that go back, unless there is a timeout.
const returnLimit = time.Minute

func (r *Rollout) limit() time.Duration { return cmp.Or(r.opts.Timeout, returnLimit) }

// hosts lists the hosts that matter in the present phase.
func (r *Rollout) hosts(now time.Time, states map[string]State) []string {
	if r.phase == Canarying || r.phase == Soaking || r.phase == Withdrawing && r.canary != nil {
		r.note(now, states, func(host string) bool { return slices.Contains(r.canary, host) })
		return r.canary
	}
	r.note(now, states, r.deploy.For)
	return slices.Sorted(maps.Keys(r.seen))
}

func (r *Rollout) note(now time.Time, states map[string]State, matters func(string) bool) {
	for host := range states {
		if matters(host) {
			r.seen[host] = now
		}
	}
}

// judge returns the progress of hosts that are to run the deploy.
func (r *Rollout) judge(now time.Time, hosts []string, states map[string]State) Progress {
	p := Progress{Hosts: len(hosts), Failures: map[string]string{}, Troubles: map[string]string{}}
	for _, host := range hosts {
		s, alive := states[host]
		why := ""
		switch {
		case !alive && now.Sub(r.seen[host]) >= lostAfter:
			why = "it is gone"
		case alive && s.Refused == r.deploy.ID && s.Deploy != r.deploy.ID:
			why = cmp.Or(s.Error, "it refused it")
		case alive && s.Deploy == r.deploy.ID && s.Converged && s.Failed > 0:
			why = s.failures()
		}
		switch {
		case why != "":
			p.Failures[host] = why
		case alive && (s.Deploy > r.deploy.ID || s.Deploy == r.deploy.ID && s.Converged):
			p.Settled++
		default:
			p.Waiting = append(p.Waiting, host)
			if alive && s.Deploy == r.deploy.ID && s.Trouble != "" {
				p.Troubles[host] = s.Trouble
			}
		}
	}
	return p
}

// example shows one of the failures.
func example(failures map[string]string) string {
	host := slices.Min(slices.Collect(maps.Keys(failures)))
	return host + ": " + failures[host]
}

// start begins the first phase.
func (r *Rollout) start(now time.Time, hosts []string) *Release {
	switch {
	case len(hosts) == 0:
		r.why = "no host that it is for is in the cluster"
		r.phase = GivenUp
		return nil
	case r.opts.Canary == Share{}:
		r.phase, r.began = Spreading, now
		return nil
	}
	r.canary = hosts[:r.opts.Canary.Of(len(hosts))]
	r.seen = map[string]time.Time{}
	for _, host := range r.canary {
		r.seen[host] = now
	}
	r.phase, r.began = Canarying, now
	return &Release{Stage: Canary, Hosts: r.canary}
}

// advance goes on: no host is waited for any more.
func (r *Rollout) advance(now time.Time) *Release {
	switch r.phase {
	case Canarying:
		r.quiet = now
		r.phase = Soaking
		if r.opts.Soak > 0 {
			return nil
		}
		fallthrough
	case Soaking:
		if now.Sub(r.quiet) < r.opts.Soak {
			return nil
		}
		r.phase, r.began, r.canary = Spreading, now, nil
		return &Release{Stage: Released}
	}
	r.phase = Succeeded
	return nil
}

// fail ends the rollout, or begins its end.
func (r *Rollout) fail(now time.Time, causes map[string]string, why string) *Release {
	r.why, r.causes = why, causes
	if !r.opts.AutoRevert {
		r.phase = GivenUp
		return nil
	}
	r.phase, r.began = Withdrawing, now
	return &Release{Stage: Withdrawn, Why: why}
}

// wake returns when to look again even if nothing happens.
func (r *Rollout) wake(now time.Time, states map[string]State) (at time.Time) {
	if r.phase.Over() {
		return at
	}
	sooner := func(t time.Time) {
		if t.After(now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if r.phase == Soaking {
		sooner(r.quiet.Add(r.opts.Soak))
	}
	if r.opts.Timeout > 0 || r.phase == Withdrawing {
		sooner(r.began.Add(r.limit()))
	}
	for host, last := range r.seen {
		if _, alive := states[host]; !alive {
			sooner(last.Add(lostAfter))
		}
	}
	return at
}
