package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
	"mgmt/world"
)

// A Stage is how far a deploy has come.
type Stage string

// The stages.
const (
	Held      Stage = "held"      // it runs nowhere yet
	Canary    Stage = "canary"    // on some hosts
	Released  Stage = "released"  // on all hosts that it is for
	Withdrawn Stage = "withdrawn" // those who run it go back to the one before
)

// A Release says how far a deploy has come.
type Release struct {
	Deploy bundle.Hash `json:"deploy"` // of the text of the record
	Seq    int64       `json:"seq"`    // each release of a deploy has a higher one
	Stage  Stage       `json:"stage"`
	Hosts  []string    `json:"hosts,omitempty"` // of the canary, by name
	Why    string      `json:"why,omitempty"`

	text   string // as it is stored
	signer string // who has signed it, or ""
}

// seal returns the release as it is stored.
func (r *Release) seal(signer *sign.Signer) (string, error) {
	text, err := seal(r, releaseSpace, signer)
	return string(text), err
}

// parseRelease reads the release of a deploy.
func parseRelease(of *Record, text []byte, trust *sign.Trust) (*Release, error) {
	r := Release{text: string(text)}
	var err error
	r.signer, err = unseal(text, releaseSpace, trust, &r)
	switch {
	case err != nil:
	case !slices.Contains([]Stage{Held, Canary, Released, Withdrawn}, r.Stage):
		err = fmt.Errorf("there is no stage %.40q", r.Stage)
	case r.Deploy != of.digest():
		err = errors.New("it belongs to another deploy")
	}
	if err != nil {
		return nil, fmt.Errorf("the release of deploy %d is refused: %w", of.ID, err)
	}
	return &r, nil
}

// ErrReleased is why a release is not stored: somebody else has stored one meanwhile.
var ErrReleased = errors.New("somebody else has decided meanwhile how far it goes")

// SetRelease stores how far a deploy has come: r without Deploy and Seq, and with a higher number
// than the release before, which may be nil. The number is one of the clock, so that it is also
// higher than that of a release which somebody else has overwritten. It returns what it has stored.
func SetRelease(ctx context.Context, store world.KV, of *Record, before *Release, r Release, signer *sign.Signer) (*Release, error) {
	fail := func(err error) (*Release, error) {
		return nil, fmt.Errorf("making deploy %d %s: %w", of.ID, r.Stage, err)
	}
	r.Deploy, r.Seq = of.digest(), time.Now().UnixMicro()
	key := deployKey(of.ID, release)
	unchanged := world.Absent(key)
	if before != nil {
		r.Seq = max(r.Seq, before.Seq+1)
		unchanged = world.Equals(key, before.text)
	}
	var err error
	if r.text, err = r.seal(signer); err != nil {
		return fail(err)
	}
	done, err := store.Commit(ctx, world.Txn{
		If:  []world.Condition{world.Equals(deployKey(of.ID, payload), string(of.text)), unchanged},
		Put: map[string]string{key: r.text}, Mark: key,
	})
	if err == nil && !done {
		err = ErrReleased
	}
	if err != nil {
		return fail(err)
	}
	return &r, nil
}

// stage returns how far a deploy has come; release may be nil.
func (r *Record) stage(release *Release) Stage {
	switch {
	case release != nil:
		return release.Stage
	case r.Staged:
		return Held
	}
	return Released
}

// runsOn reports whether a host is to run a deploy by now.
func (r *Record) runsOn(host string, release *Release) bool {
	switch r.stage(release) {
	case Released:
		return r.For(host)
	case Canary:
		return r.For(host) && slices.Contains(release.Hosts, host)
	}
	return false
}
