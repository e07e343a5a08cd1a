package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"

	"mgmt/world/etcd"
)

// Snapshot writes all that is in the store to a file that does not exist yet, as etcd's own tools
// do. It returns the size.
func (a *Admin) Snapshot(ctx context.Context, name string) (int64, error) {
	if _, err := os.Lstat(name); err == nil {
		return 0, fmt.Errorf("%s is there already; name a new file", name)
	}
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.next") // for its owner only
	if err != nil {
		return 0, fmt.Errorf("making a file beside %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	in, err := a.client.Snapshot(ctx)
	if err != nil {
		return 0, a.slow(err)
	}
	defer in.Close()
	n, err := io.Copy(f, in)
	if err != nil {
		return 0, fmt.Errorf("reading the store: %w", etcd.Plain(err))
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	return n, os.Rename(f.Name(), name)
}

// Restore writes what a snapshot has to the store, and deletes what it does not have. What
// belongs to running hosts stays as it is: the cluster itself, its certificates, and whatever hangs
// on a session. It returns how many keys there were.
func (a *Admin) Restore(ctx context.Context, name string) (int, error) {
	values, err := readSnapshot(name)
	if err != nil {
		return 0, fmt.Errorf("reading the snapshot %s: %w", name, err)
	}
	first, cancel := context.WithTimeout(ctx, 2*memberLimit)
	defer cancel()
	if _, err := a.client.MemberList(first); err != nil {
		return 0, a.slow(err)
	}
	return etcd.New(a.client, etcd.Options{}).Restore(ctx, values)
}

// ErrNoSnapshot is why a file is not restored.
var ErrNoSnapshot = errors.New("it is no whole snapshot of a store")

// readSnapshot returns the keys of a snapshot that do not hang on a session, with their values.
func readSnapshot(name string) (map[string]string, error) {
	if err := checkSnapshot(name); err != nil {
		return nil, err
	}
	db, err := bolt.Open(name, 0, &bolt.Options{ReadOnly: true, OpenFile: func(path string, _ int, _ os.FileMode) (*os.File, error) {
		return os.Open(path)
	}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoSnapshot, err)
	}
	defer db.Close()
	values := map[string]string{}
	err = db.View(func(tx *bolt.Tx) error {
		revisions := tx.Bucket([]byte("key"))
		if revisions == nil {
			return fmt.Errorf("%w: it has no keys", ErrNoSnapshot)
		}
		return revisions.ForEach(func(revision, data []byte) error { return replay(values, revision, data) })
	})
	return values, err
}

// tombstone ends the name of a revision that deletes a key; the others are as long as without.
const tombstone = "t"

// replay applies one revision of a store; they come in their order.
func replay(values map[string]string, revision, data []byte) error {
	var kv mvccpb.KeyValue
	if err := proto.Unmarshal(data, &kv); err != nil {
		return fmt.Errorf("%w: revision %x: %w", ErrNoSnapshot, revision, err)
	}
	key := string(kv.Key)
	if len(revision) == 18 && strings.HasSuffix(string(revision), tombstone) || kv.Lease != 0 {
		delete(values, key)
		return nil
	}
	values[key] = string(kv.Value)
	return nil
}

// checkSnapshot compares the end of a snapshot, its hash, with the rest.
func checkSnapshot(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size() - sha256.Size
	if !info.Mode().IsRegular() || size <= 0 || size%512 != 0 {
		return ErrNoSnapshot
	}
	hash := sha256.New()
	if _, err := io.CopyN(hash, f, size); err != nil {
		return err
	}
	want, err := io.ReadAll(f)
	if err == nil && !bytes.Equal(want, hash.Sum(nil)) {
		err = fmt.Errorf("%w: its hash is another one", ErrNoSnapshot)
	}
	return err
}
