package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mgmt/deploy/bundle"
	"mgmt/world"
)

// tidy removes deploys that nobody needs any more: those before the newest that all hosts run,
// without the last keep, and without those that an agent that is alive runs. The store had some
// when the last one was about to be published: if none of them is old enough, nothing is read.
func tidy(ctx context.Context, store world.KV, keep int, had map[string]string, last *Record) error {
	if all := ids(had); len(all) == 0 || all[0] > last.ID-int64(keep) {
		return nil
	}
	_, err := prune(ctx, store, keep)
	return err
}

// Prune removes deploys that nobody needs any more, without the last keep, and returns which. It does
// so in a store that is full, too.
func Prune(ctx context.Context, store world.KV, keep int) ([]int64, error) {
	old, err := prune(ctx, store, keep)
	if err == nil && len(old) == 0 {
		err = sweep(ctx, store, "") // what others have left
	}
	return old, err
}

// prune removes deploys that nobody needs any more, with their files.
func prune(ctx context.Context, store world.KV, keep int) ([]int64, error) {
	all, err := store.List(ctx, deploysPrefix)
	if err != nil {
		return nil, fmt.Errorf("looking for old deploys: %w", err)
	}
	states, err := States(ctx, store)
	if err != nil {
		return nil, err
	}
	old := obsolete(all, states, newest(all)-int64(keep))
	if len(old) == 0 {
		return nil, nil
	}
	var keys []string
	for key := range all {
		if id, _, ok := parseDeployKey(key); ok && slices.Contains(old, id) {
			keys = append(keys, key)
		}
	}
	for part := range slices.Chunk(keys, maxKeys) {
		if _, err := store.Commit(ctx, world.Txn{Delete: part}); err != nil {
			return nil, fmt.Errorf("removing old deploys: %w", err)
		}
	}
	return old, sweep(ctx, store, "")
}

// obsolete lists the deploys up to the last that nobody needs, the newest first.
func obsolete(all map[string]string, states map[string]State, last int64) []int64 {
	needed := map[int64]bool{}
	for _, s := range states {
		needed[s.Deploy] = true
	}
	selections := map[string]bool{} // of hosts that have a newer deploy
	var out []int64
	for _, id := range slices.Backward(ids(all)) {
		r, err := parseRecord(id, []byte(all[deployKey(id, payload)]), nil)
		covered := err != nil || selections[""] || selections[selection(r)]
		if id <= last && covered && !needed[id] {
			out = append(out, id)
		}
		if err == nil && r.stage(releaseOf(r, all)) == Released {
			selections[selection(r)] = true
		}
	}
	return out
}

// selection names the hosts that a deploy is for; all of them are "".
func selection(r *Record) string { return strings.Join(r.Hosts, " ") }

// releaseOf returns the release of a deploy, whoever signed it, or nil.
func releaseOf(r *Record, all map[string]string) *Release {
	text, ok := all[deployKey(r.ID, release)]
	if !ok {
		return nil
	}
	out, err := parseRelease(r, []byte(text), nil)
	if err != nil {
		return nil
	}
	return out
}

// ids lists the numbers of the deploys that there are.
func ids(all map[string]string) []int64 {
	var out []int64
	for key := range all {
		if id, part, ok := parseDeployKey(key); ok && part == payload {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// abandon removes the files of a deploy that was not published.
func abandon(ctx context.Context, store world.KV, key string) error {
	if key == "" {
		return nil
	}
	return sweep(context.WithoutCancel(ctx), store, key)
}

// sweep removes files that no deploy refers to: those of deploys that are gone, those that were
// never published because somebody else was faster, and the one that is abandoned. Trees go
// last, so that a later sweep goes on where this one was stopped. If somebody begins to store
// files meanwhile, it gives up: a later one will do.
func sweep(ctx context.Context, store world.KV, abandoned string) error {
	got, err := store.Get(ctx, epochKey)
	if err != nil {
		return fmt.Errorf("removing unused files: %w", err)
	}
	quiet := []world.Condition{world.Equals(epochKey, got[epochKey])}
	deploys, err := store.List(ctx, deploysPrefix)
	if err != nil {
		return fmt.Errorf("removing unused files: %w", err)
	}
	trees, err := store.List(ctx, treesPrefix)
	if err != nil {
		return fmt.Errorf("removing unused files: %w", err)
	}
	garbage := unused(trees, deploys, abandoned)
	chunks, err := chunksOnly(trees, garbage)
	if err != nil {
		return fmt.Errorf("removing unused files: %w", err)
	}
	keys := append(chunks, garbage...)
	for part := range slices.Chunk(keys, maxKeys) {
		if done, err := store.Commit(ctx, world.Txn{If: quiet, Delete: part}); err != nil {
			return fmt.Errorf("removing unused files: %w", err)
		} else if !done {
			return nil
		}
	}
	return nil
}

// unused lists the trees that no deploy refers to, nor can come to refer to: a tree is stored
// for a number, and those that are higher than all deploys may be about to be published.
func unused(trees, deploys map[string]string, abandoned string) []string {
	last := newest(deploys)
	used := map[string]bool{}
	for _, id := range ids(deploys) {
		if r, err := parseRecord(id, []byte(deploys[deployKey(id, payload)]), nil); err == nil {
			used[r.Files] = true
		}
	}
	var out []string
	for key := range trees {
		number, _, _ := strings.Cut(strings.TrimPrefix(key, treesPrefix), "-")
		id, err := strconv.ParseInt(number, 10, 64)
		if !used[key] && (err != nil || id <= last || key == abandoned) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// chunksOnly lists the keys of the chunks that only the trees of these keys have. A tree that
// cannot be read has none, if it is one of these; otherwise it may have any.
func chunksOnly(trees map[string]string, keys []string) ([]string, error) {
	only, others := map[bundle.Hash]bool{}, map[bundle.Hash]bool{}
	for key, packed := range trees {
		into, remove := others, slices.Contains(keys, key)
		if remove {
			into = only
		}
		tree, err := bundle.UnpackAny([]byte(packed), bundle.DefaultLimits)
		if err != nil && !remove {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		for _, h := range tree.Chunks() {
			into[h] = true
		}
	}
	maps.DeleteFunc(only, func(h bundle.Hash, _ bool) bool { return others[h] })
	out := make([]string, 0, len(only))
	for h := range only {
		out = append(out, chunkKey(h))
	}
	slices.Sort(out)
	return out, nil
}
