package history

import (
	"iter"

	"mgmt/engine"
)

// A Chain is a run, the run that caused it, the one that caused that, and so on. The cause of
// the last one came from outside. In place of the first run there may be that the resource was
// blocked; its cause is the run of another one that failed.
type Chain struct {
	Runs   []Run `json:"runs"`
	Broken bool  `json:"broken,omitempty"` // the run before the last one is not in the log any more
}

// A Run is all that the log says of one run.
type Run struct {
	Record
	Refreshed bool `json:"refreshed,omitempty"` // it answered a notification, too
	Attempts  int  `json:"attempts,omitempty"`  // that failed between it and the next of the chain
}

// maxChain is how long a chain may be.
const maxChain = 64

// A Question is about the runs of a resource.
type Question struct {
	About Ref
	Limit int  // at most so many
	All   bool // also those that found all well, rather than none of them if there are others
}

// Explain returns the chains of the latest runs of a resource, the latest first. It takes the
// records from the latest to the earliest, and no more than it needs.
func Explain(latest iter.Seq2[Record, error], q Question) ([]Chain, error) {
	x := explainer{Question: q, wanted: map[uint64][]*Chain{}, failed: map[Ref][]*Chain{}}
	for r, err := range runs(latest) {
		if err != nil {
			return nil, err
		}
		if x.take(r); x.complete() {
			break
		}
	}
	x.interrupt()
	if len(x.chains) == 0 && x.quiet != nil {
		x.chains = append(x.chains, x.quiet)
	}
	out := make([]Chain, len(x.chains))
	for i, c := range x.chains {
		out[i] = *c
	}
	return out, nil
}

// runs merges the records of a run, which stand side by side, and passes others on.
func runs(latest iter.Seq2[Record, error]) iter.Seq2[Run, error] {
	return func(yield func(Run, error) bool) {
		var last Run
		for r, err := range latest {
			switch {
			case err != nil:
				yield(Run{}, err)
				return
			case r.Run != 0 && r.Run == last.Run && r.Event == engine.Changed.String():
				last.Record = r
				continue
			case last.Event != "" && !yield(last, nil):
				return
			}
			last = Run{Record: r, Refreshed: r.Event == engine.Refreshed.String()}
		}
		if last.Event != "" {
			yield(last, nil)
		}
	}
}

// An explainer follows causes back in time. All runs that it waits for are of one session of
// the agent.
type explainer struct {
	Question
	chains []*Chain
	quiet  *Chain              // of the latest run that found all well
	wanted map[uint64][]*Chain // by the number of the run that comes next
	failed map[Ref][]*Chain    // by the resource whose failure comes next
}

func (x *explainer) complete() bool {
	return len(x.chains) == x.Limit && len(x.wanted)+len(x.failed) == 0
}

// interrupt gives up what would be further back.
func (x *explainer) interrupt() {
	for _, chains := range x.wanted {
		for _, c := range chains {
			c.Broken = true
		}
	}
	clear(x.wanted)
	for _, chains := range x.failed {
		for _, c := range chains {
			c.Broken = true
		}
	}
	clear(x.failed)
}

func (x *explainer) take(r Run) {
	if r.Event == Started {
		x.interrupt()
		return
	}
	if r.Event == engine.Blocked.String() {
		x.blocked(r)
		return
	}
	if r.Run == 0 {
		return
	}
	waiting := x.wanted[r.Run]
	delete(x.wanted, r.Run)
	if r.Event == engine.Failed.String() {
		waiting = append(waiting, x.failed[r.Resource]...)
		delete(x.failed, r.Resource)
	}
	attempt := false
	for _, c := range waiting {
		last := c.Runs[len(c.Runs)-1]
		attempt = attempt || last.Resource == r.Resource
		x.extend(c, r)
	}
	if attempt || len(x.chains) == x.Limit || !r.Resource.Is(x.About) {
		return
	}
	c := &Chain{}
	switch quiet := r.Event == engine.Checked.String(); {
	case !quiet || x.All:
		x.chains = append(x.chains, c)
	case x.quiet == nil && len(x.chains) == 0:
		x.quiet = c
	default:
		return
	}
	x.extend(c, r)
}

// blocked begins a chain with what kept the resource from running.
func (x *explainer) blocked(r Run) {
	if len(x.chains) == x.Limit || !r.Resource.Is(x.About) {
		return
	}
	c := &Chain{Runs: []Run{r}}
	x.chains = append(x.chains, c)
	x.failed[r.By] = append(x.failed[r.By], c)
}

// extend appends a run to a chain. Of a row of attempts there are the first and the last.
func (x *explainer) extend(c *Chain, r Run) {
	retried := engine.Retried.String()
	if n := len(c.Runs); n > 0 && c.Runs[n-1].Cause.Kind == retried && r.Cause.Kind == retried && r.Cause.Run > 0 {
		c.Runs[n-1].Attempts++
	} else {
		c.Runs = append(c.Runs, r)
	}
	switch {
	case r.Cause.Run == 0:
	case len(c.Runs) == maxChain:
		c.Broken = true
	default:
		x.wanted[r.Cause.Run] = append(x.wanted[r.Cause.Run], c)
	}
}

// FindRuns returns those of the runs with these numbers that are in the log, of the latest
// session of the agent. It reads no further back than it has to.
func FindRuns(latest iter.Seq2[Record, error], numbers map[uint64]bool) (map[uint64]Run, error) {
	found := make(map[uint64]Run, len(numbers))
	if len(numbers) == 0 {
		return found, nil
	}
	for r, err := range runs(latest) {
		if err != nil {
			return nil, err
		}
		if r.Event == Started {
			break
		}
		if numbers[r.Run] {
			found[r.Run] = r
		}
		if len(found) == len(numbers) {
			break
		}
	}
	return found, nil
}

// Names returns all resources that records are about.
func Names(records iter.Seq2[Record, error]) ([]Ref, error) {
	seen := map[Ref]bool{}
	var out []Ref
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		if r.Resource.Kind != "" && !seen[r.Resource] {
			seen[r.Resource] = true
			out = append(out, r.Resource)
		}
	}
	return out, nil
}
