package deploy

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"mgmt/deploy/bundle"
	"mgmt/world"
)

// A transaction takes a MiB or so, and some 100 keys.
const (
	maxBytes = 768 << 10
	maxKeys  = 100
)

// fewChunks are as many as are read at a time.
const fewChunks = 32

// treeKey returns a key for the tree of a deploy that nobody else uses.
func treeKey(id int64) string { return fmt.Sprintf("%s%d-%s", treesPrefix, id, rand.Text()) }

// stage returns what is still to be written of a bundle, together with the record that refers to
// it. All of a small one is; of a large one nothing, because it has been written when stage
// returns, except for the chunks that the store had already.
//
// The tree and a new epoch come first: whoever removes files that nobody needs either sees the
// tree, or is stopped because the epoch is another one than it has seen.
func stage(ctx context.Context, store world.KV, key string, files *bundle.Bundle) (map[string]string, error) {
	packed := files.Tree.Pack()
	if len(packed) > maxBytes {
		return nil, fmt.Errorf("storing the files: there are too many of them, %d: the list has %d KiB, the limit is %d KiB", len(files.Tree), len(packed)>>10, maxBytes>>10)
	}
	put := map[string]string{key: string(packed), epochKey: rand.Text()}
	size := len(packed)
	for _, blob := range files.Blobs {
		size += len(blob)
	}
	if size <= maxBytes && len(files.Blobs) <= maxKeys-10 {
		for h, blob := range files.Blobs {
			put[chunkKey(h)] = string(blob)
		}
		return put, nil
	}
	if _, err := store.Commit(ctx, world.Txn{Put: put}); err != nil {
		return nil, fmt.Errorf("storing the list of files: %w", err)
	}
	return map[string]string{}, upload(ctx, store, key, files)
}

// upload writes the chunks that the store does not have, for as long as the tree is there that has
// them: one that arrives late finds nobody else to remove it.
func upload(ctx context.Context, store world.KV, tree string, files *bundle.Bundle) error {
	chunks := files.Tree.Chunks()
	keys := make([]string, len(chunks))
	blobs := make(map[string]bundle.Blob, len(chunks))
	for i, h := range chunks {
		keys[i] = chunkKey(h)
		blobs[keys[i]] = files.Blobs[h]
	}
	missing, err := store.Missing(ctx, keys...)
	if err != nil {
		return fmt.Errorf("storing the files: %w", err)
	}
	put, size := map[string]string{}, 0
	for i, key := range missing {
		put[key] = string(blobs[key])
		size += len(blobs[key])
		if i+1 < len(missing) && len(put) < maxKeys && size+len(blobs[missing[i+1]]) <= maxBytes {
			continue
		}
		if done, err := insist(ctx, store, world.Txn{If: []world.Condition{world.Exists(tree)}, Put: put}); err != nil {
			return fmt.Errorf("storing the files: %w", err)
		} else if !done {
			return fmt.Errorf("%w: what was stored of the files is removed again", ErrFaster)
		}
		put, size = map[string]string{}, 0
	}
	return nil
}

// insist writes chunks. To write one twice does no harm, so that the death of a server, while there
// are more, is no reason to give up.
func insist(ctx context.Context, store world.KV, t world.Txn) (done bool, err error) {
	for delay := insistMin; ; delay *= 2 {
		done, err := store.Commit(ctx, t)
		if err == nil || delay > insistMax {
			return done, err
		}
		select {
		case <-ctx.Done():
			return false, err
		case <-time.After(delay):
		}
	}
}

// The delays between attempts to write chunks. In four seconds, other servers elect a leader.
const (
	insistMin = 500 * time.Millisecond
	insistMax = 2 * time.Second
)

// few returns hashes if they are few, or none.
func few(all []bundle.Hash) []bundle.Hash {
	if len(all) > fewChunks {
		return nil
	}
	return all
}

// fetch reads the files of a deploy. Chunks that have are taken from there.
func fetch(ctx context.Context, store world.KV, m *Manifest, have map[bundle.Hash]bundle.Blob) (*bundle.Bundle, error) {
	if m.Files == "" {
		return &bundle.Bundle{}, nil
	}
	keys := []string{m.Files}
	for _, h := range few(m.Chunks) {
		if _, ok := have[h]; !ok {
			keys = append(keys, chunkKey(h))
		}
	}
	got, err := store.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("reading the files of deploy %d: %w", m.ID, err)
	}
	packed, ok := got[m.Files]
	if !ok {
		return nil, fmt.Errorf("reading the files of deploy %d: the cluster does not have %s", m.ID, m.Files)
	}
	tree, err := bundle.Unpack([]byte(packed), m.Tree, bundle.DefaultLimits)
	if err != nil {
		return nil, fmt.Errorf("reading the files of deploy %d: %w", m.ID, err)
	}
	files := &bundle.Bundle{Tree: tree, Blobs: map[bundle.Hash]bundle.Blob{}}
	for _, h := range tree.Chunks() {
		if blob, ok := have[h]; ok {
			files.Blobs[h] = blob
		} else if blob, ok := got[chunkKey(h)]; ok {
			files.Blobs[h] = bundle.Blob(blob)
		}
	}
	if err := download(ctx, store, files); err != nil {
		return nil, fmt.Errorf("reading the files of deploy %d: %w", m.ID, err)
	}
	return files, nil
}

// download reads the chunks that are missing, some at a time.
func download(ctx context.Context, store world.KV, files *bundle.Bundle) error {
	for part := range slices.Chunk(files.Missing(), fewChunks) {
		keys := make(map[string]bundle.Hash, len(part))
		for _, h := range part {
			keys[chunkKey(h)] = h
		}
		got, err := store.Get(ctx, slices.Collect(maps.Keys(keys))...)
		if err != nil {
			return err
		}
		for key, value := range got {
			files.Blobs[keys[key]] = bundle.Blob(value)
		}
	}
	if missing := files.Missing(); len(missing) > 0 {
		return fmt.Errorf("the cluster does not have %d of the chunks, like %s", len(missing), missing[0].Short())
	}
	return nil
}
