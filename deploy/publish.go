package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
	"mgmt/world"
)

// A Plan is a deploy to be published.
type Plan struct {
	Manifest                // without what publishing finds out: ID, Tree, Files, Size
	Bundle   *bundle.Bundle // of the program; nil for the empty front end
	// Parent is the git commit before that of the manifest. If both are there, the deploy before
	// this one has to be of it. Empty means that nobody looks, unless the commit is First.
	Parent string
	First  bool         // there is no commit before that of the manifest
	Signer *sign.Signer // may be nil
	// AnyNumber takes the next number when somebody else was faster.
	AnyNumber bool
	// Keep is how many deploys are kept, in addition to those that are still needed; the
	// default is DefaultKeep.
	Keep int
}

// DefaultKeep is how many deploys a store keeps.
const DefaultKeep = 20

// Reasons why nothing was published.
var (
	ErrNothingNew = errors.New("this commit is deployed already")
	ErrFaster     = errors.New("somebody else was faster")
	ErrNotNext    = errors.New("the commit does not follow the one that is deployed")
	ErrChanged    = errors.New("the deploys changed meanwhile")
)

// Publish stores a deploy under the next number, from where agents take it, and removes deploys
// that nobody needs any more. If it cannot be published, nothing of it stays in the store.
func Publish(ctx context.Context, store world.KV, p Plan) (*Record, error) {
	for {
		old, err := store.List(ctx, deploysPrefix)
		if err != nil {
			return nil, fmt.Errorf("looking for the newest deploy: %w", err)
		}
		r, err := publishNext(ctx, store, p, old)
		if errors.Is(err, ErrFaster) && p.AnyNumber {
			continue
		}
		if err != nil {
			return nil, err
		}
		return r, tidy(ctx, store, cmp.Or(p.Keep, DefaultKeep), old, r)
	}
}

// newest returns the highest number of a deploy, or 0.
func newest(all map[string]string) (id int64) {
	for key := range all {
		if n, part, ok := parseDeployKey(key); ok && part == payload {
			id = max(id, n)
		}
	}
	return id
}

// publishNext publishes under the number that follows those in the store.
func publishNext(ctx context.Context, store world.KV, p Plan, old map[string]string) (*Record, error) {
	id := newest(old) + 1
	if err := follows(p, old, id); err != nil {
		return nil, err
	}
	m, put := p.Manifest, map[string]string{}
	m.ID, m.At = id, cmp.Or(m.At, time.Now().UTC())
	if p.Bundle != nil {
		m.Tree, m.Files, m.Size = p.Bundle.Tree.Hash(), treeKey(id), p.Bundle.Tree.Size()
		m.Chunks = few(p.Bundle.Tree.Chunks())
		m.At = m.At.Truncate(time.Second) // the key of the tree tells it from all others
	}
	r, err := newRecord(m, p.Signer)
	if err != nil {
		return nil, err
	}
	if p.Bundle != nil {
		if put, err = stage(ctx, store, m.Files, p.Bundle); err != nil {
			return nil, errors.Join(err, abandon(ctx, store, m.Files))
		}
	}
	put[deployKey(id, payload)] = string(r.text)
	if m.Commit != "" {
		put[deployKey(id, gitHash)] = m.Commit
	}
	done, err := store.Commit(ctx, world.Txn{If: unchanged(p, old, id), Put: put, Mark: deployKey(id, payload)})
	switch {
	case err == nil && done || err != nil && has(ctx, store, r):
		return r, nil
	case err != nil:
		return nil, fmt.Errorf("publishing deploy %d: %w", id, err)
	}
	return nil, errors.Join(overtaken(ctx, store, p, id), abandon(ctx, store, m.Files))
}

// has reports whether the store has a record: a transaction whose answer was lost may have been
// carried out.
func has(ctx context.Context, store world.KV, r *Record) bool {
	key := deployKey(r.ID, payload)
	got, err := store.Get(ctx, key)
	return err == nil && got[key] == string(r.text)
}

// looks reports whether the commit that was deployed last matters.
func (p *Plan) looks() bool { return p.Commit != "" && (p.Parent != "" || p.First) }

// follows reports why a deploy cannot be published under a number. A deploy without a commit may
// precede and follow any other one.
func follows(p Plan, all map[string]string, id int64) error {
	last := all[deployKey(id-1, gitHash)]
	switch {
	case p.Commit != "" && all[deployKey(id, gitHash)] == p.Commit:
		return fmt.Errorf("%w, as deploy %d", ErrNothingNew, id)
	case all[deployKey(id, payload)] != "":
		return fmt.Errorf("%w: there is a deploy %d; look at it, and try again", ErrFaster, id)
	case id > 1 && all[deployKey(id-1, payload)] == "":
		return fmt.Errorf("%w: deploy %d is gone; try again", ErrChanged, id-1)
	case !p.looks() || last == "" || last == p.Parent:
		return nil
	case last == p.Commit:
		return fmt.Errorf("%w, as deploy %d", ErrNothingNew, id-1)
	case p.First:
		return fmt.Errorf("%w: deploy %d is of %.12s, and %.12s is the first commit; check out another one, or deploy with --force", ErrNotNext, id-1, last, p.Commit)
	}
	return fmt.Errorf("%w: deploy %d is of %.12s, and the commit before %.12s is %.12s; pull first, or deploy with --force", ErrNotNext, id-1, last, p.Commit, p.Parent)
}

// unchanged are the conditions under which what follows has found still holds.
func unchanged(p Plan, all map[string]string, id int64) []world.Condition {
	out := []world.Condition{world.Absent(deployKey(id, payload))}
	if id == 1 {
		return out
	}
	out = append(out, world.Exists(deployKey(id-1, payload)))
	last := deployKey(id-1, gitHash)
	switch hash, ok := all[last]; {
	case !p.looks():
	case ok:
		out = append(out, world.Equals(last, hash))
	default:
		out = append(out, world.Absent(last))
	}
	return out
}

// overtaken says why the conditions did not hold.
func overtaken(ctx context.Context, store world.KV, p Plan, id int64) error {
	all, err := store.List(ctx, deploysPrefix)
	if err != nil {
		return fmt.Errorf("publishing deploy %d: %w", id, err)
	}
	if err := follows(p, all, id); err != nil {
		return err
	}
	return fmt.Errorf("%w; try again", ErrChanged)
}
