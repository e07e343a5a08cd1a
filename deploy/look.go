package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
	"mgmt/world"
)

// An Entry is a deploy that the store has, and how far it has come.
type Entry struct {
	*Record
	ID      int64
	Stage   Stage
	Release *Release // nil if there is none; for SetRelease
	Err     error    // why it is refused; then there is nothing else but the number
}

// ErrNone is the error for a deploy that the store does not have.
var ErrNone = errors.New("there is no such deploy")

// List returns the deploys of the store, the oldest first. Trust may be nil.
func List(ctx context.Context, store world.KV, trust *sign.Trust) ([]Entry, error) {
	all, err := store.List(ctx, deploysPrefix)
	if err != nil {
		return nil, fmt.Errorf("reading the deploys: %w", err)
	}
	var out []Entry
	for _, id := range ids(all) {
		out = append(out, entry(id, all, trust))
	}
	return out, nil
}

func entry(id int64, all map[string]string, trust *sign.Trust) Entry {
	e := Entry{ID: id}
	if e.Record, e.Err = parseRecord(id, []byte(all[deployKey(id, payload)]), trust); e.Err != nil {
		return e
	}
	e.Stage = e.stage(nil)
	if text, ok := all[deployKey(id, release)]; ok {
		believed, err := parseRelease(e.Record, []byte(text), trust)
		if err != nil { // it counts for nobody, but whoever decides next has to know that it is there
			e.Release = &Release{text: text}
			return e
		}
		e.Release, e.Stage = believed, e.stage(believed)
	}
	return e
}

// Find picks a deploy of a list: 0 is the newest one, and -1 the one before.
func Find(list []Entry, id int64) (*Entry, error) {
	at := slices.IndexFunc(list, func(e Entry) bool { return e.ID == id })
	if id <= 0 {
		at = len(list) - 1 + int(max(id, -1))
	}
	switch {
	case len(list) == 0:
		return nil, fmt.Errorf("%w: nothing has been deployed to this cluster", ErrNone)
	case at < 0 && id < 0:
		return nil, fmt.Errorf("%w: deploy %d is the only one", ErrNone, list[0].ID)
	case at < 0:
		return nil, fmt.Errorf("%w as %d; the cluster has those from %d to %d", ErrNone, id, list[0].ID, list[len(list)-1].ID)
	case list[at].Err != nil:
		return nil, list[at].Err
	}
	return &list[at], nil
}

// Fetch reads the files of a deploy.
func Fetch(ctx context.Context, store world.KV, m *Manifest) (*bundle.Bundle, error) {
	return fetch(ctx, store, m, nil)
}
