package deploy

import (
	"errors"
	"fmt"
	"slices"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
	"mgmt/world"
)

// A chooser knows the deploys in the store that can be trusted, and decides which one a host is to
// run. It is told what changes, and does nothing by itself.
type chooser struct {
	host  string
	trust *sign.Trust // nil believes everything

	records  map[int64]*Record
	texts    map[int64]map[string]string // what the store has of a deploy, by part
	releases map[bundle.Hash]*Release    // the latest of each deploy; a lower one never counts again
	failed   map[bundle.Hash]bool        // deploys that this host has given up

	current *Record // that runs, or ran before the agent was restarted; nil is none
}

func newChooser(host string, trust *sign.Trust) *chooser {
	return &chooser{
		host: host, trust: trust, records: map[int64]*Record{}, texts: map[int64]map[string]string{},
		releases: map[bundle.Hash]*Release{}, failed: map[bundle.Hash]bool{},
	}
}

// A Refusal is why a deploy is not taken.
type Refusal struct {
	ID  int64
	Err error
}

// take takes in what has changed in the store, and returns what it refuses of that.
func (c *chooser) take(changed map[string]world.Change) []Refusal {
	dirty := map[int64]bool{}
	for key, change := range changed {
		id, part, ok := parseDeployKey(key)
		if !ok || part != payload && part != release {
			continue
		}
		dirty[id] = true
		if c.texts[id] == nil {
			c.texts[id] = map[string]string{}
		}
		c.texts[id][part] = change.Value
		if !change.Exists {
			delete(c.texts[id], part)
		}
	}
	var refused []Refusal
	for id := range dirty {
		if err := c.read(id); err != nil {
			refused = append(refused, Refusal{id, err})
		}
	}
	slices.SortFunc(refused, func(a, b Refusal) int { return int(a.ID - b.ID) })
	return refused
}

// read reads a deploy of the store once more.
func (c *chooser) read(id int64) error {
	text, ok := c.texts[id][payload]
	if !ok {
		delete(c.records, id)
		if len(c.texts[id]) == 0 {
			delete(c.texts, id)
		}
		return nil
	}
	if old := c.records[id]; old == nil || string(old.text) != text {
		delete(c.records, id)
		r, err := parseRecord(id, []byte(text), c.trust)
		if err != nil {
			return err
		}
		c.records[id] = r
	}
	return c.readRelease(c.records[id])
}

func (c *chooser) readRelease(of *Record) error {
	text, ok := c.texts[of.ID][release]
	if !ok {
		return nil
	}
	r, err := parseRelease(of, []byte(text), c.trust)
	if err != nil {
		return err
	}
	if old := c.releases[r.Deploy]; old == nil || old.Seq < r.Seq {
		c.releases[r.Deploy] = r
	}
	return nil
}

// runs reports whether the host is to run a deploy by now.
func (c *chooser) runs(r *Record) bool {
	return !c.failed[r.digest()] && r.runsOn(c.host, c.releases[r.digest()])
}

// ErrOlder is why an agent that trusts only some does not take what the store has.
var ErrOlder = errors.New("the newest deploy that the cluster has is older than the one that ran here")

// choose returns what the host is to run: the newest deploy that is meant for it by now, or nil
// for none. It is the current one where nothing is to change.
//
// The store may be wrong or in wrong hands, so an older deploy is taken only if the current one is
// there and does not run here any more, or if this agent believes everyone anyway.
func (c *chooser) choose() (*Record, error) {
	var best *Record
	for _, r := range c.records {
		if (best == nil || r.ID > best.ID) && c.runs(r) {
			best = r
		}
	}
	switch {
	case c.current == nil:
		return best, nil
	case best != nil && best.digest() == c.current.digest(), c.gaveUpNewest() && !c.dismissed():
		return c.current, nil
	case best != nil && best.ID >= c.current.ID:
		return best, nil
	case c.dismissed():
		return best, nil
	case best == nil:
		return c.current, nil
	case c.trust != nil:
		return c.current, fmt.Errorf("%w: deploy %d after deploy %d", ErrOlder, best.ID, c.current.ID)
	}
	return best, nil
}

// dismissed reports whether the current deploy is known not to run here any more: it is in the
// store, and its release says so, or this host has given it up.
func (c *chooser) dismissed() bool {
	r := c.records[c.current.ID]
	return c.failed[c.current.digest()] || r != nil && r.digest() == c.current.digest() && !c.runs(r)
}

// gaveUpNewest reports whether the host has given up the newest deploy that is meant for it. Those
// between that and the current one are not run in its place.
func (c *chooser) gaveUpNewest() bool {
	newest := c.newestFor()
	return newest != nil && c.failed[newest.digest()]
}

// newestFor returns the newest deploy of the store that is meant for the host, whether it has been
// given up or not; nil if there is none.
func (c *chooser) newestFor() *Record {
	var best *Record
	for _, r := range c.records {
		if (best == nil || r.ID > best.ID) && r.runsOn(c.host, c.releases[r.digest()]) {
			best = r
		}
	}
	return best
}
