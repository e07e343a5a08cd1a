package deploy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mgmt/deploy/bundle"
	"mgmt/deploy/sign"
)

// A keeper keeps on disk the last deploy that was good, with all its files, and the one before.
// They are as little believed as what comes from the store.
type keeper struct {
	dir    string
	trust  *sign.Trust
	broken bool // the current one is of no use, and is not to become the previous one
}

// The names of the files of a keeper.
const (
	currentFile  = "current"
	previousFile = "previous"
	givenUpFile  = "given-up"
)

// keptHeader begins the file of a deploy.
const keptHeader = "mgmt-deploy 1\n"

// maxKept bounds what is read of a file: a tree and its chunks, and what compressing may add.
const maxKept = 96 << 20

// kept is a deploy with its files.
type kept struct {
	*Record
	files *bundle.Bundle
}

// encode returns what the file of a deploy contains: the header, and parts with their lengths in
// front: record, tree, and the blobs in the order of the tree.
func (k *kept) encode() []byte {
	out := []byte(keptHeader)
	part := func(b []byte) { out = append(binary.AppendUvarint(out, uint64(len(b))), b...) }
	part(k.text)
	part(k.files.Tree.Pack())
	for _, h := range k.files.Tree.Chunks() {
		part(k.files.Blobs[h])
	}
	return out
}

var errDamaged = errors.New("the file is damaged")

// decodeKept reads what encode returns.
func decodeKept(data []byte, trust *sign.Trust) (*kept, error) {
	if len(data) < len(keptHeader) || string(data[:len(keptHeader)]) != keptHeader {
		return nil, fmt.Errorf("%w, or of another version of mgmt", errDamaged)
	}
	data = data[len(keptHeader):]
	part := func() []byte {
		n, used := binary.Uvarint(data)
		if used <= 0 || n > uint64(len(data)-used) {
			data = nil
			return nil
		}
		out := data[used : used+int(n) : used+int(n)]
		data = data[used+int(n):]
		return out
	}
	var m Manifest
	text := part()
	if _, err := unseal(text, manifestSpace, nil, &m); err != nil {
		return nil, err
	}
	r, err := parseRecord(m.ID, text, trust)
	if err != nil {
		return nil, err
	}
	k := &kept{Record: r, files: &bundle.Bundle{Blobs: map[bundle.Hash]bundle.Blob{}}}
	packed := part()
	if r.Files != "" {
		if k.files.Tree, err = bundle.Unpack(packed, r.Tree, bundle.DefaultLimits); err != nil {
			return nil, err
		}
	}
	for _, h := range k.files.Tree.Chunks() {
		if k.files.Blobs[h] = part(); len(k.files.Blobs[h]) == 0 {
			return nil, errDamaged
		}
	}
	return k, nil
}

// load reads a deploy; nil if there is none.
func (k *keeper) load(name string) (*kept, error) {
	file := filepath.Join(k.dir, name)
	data, err := readAtMost(file, maxKept)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out, err := decodeKept(data, k.trust)
	if err != nil {
		return nil, fmt.Errorf("the deploy that is kept in %s cannot be used: %w", file, err)
	}
	return out, nil
}

// last returns the deploy that was current last: the one before, if a crash hit while they were
// being exchanged.
func (k *keeper) last() (*kept, error) {
	d, err := k.load(currentFile)
	if d == nil && err == nil {
		return k.load(previousFile)
	}
	return d, err
}

func readAtMost(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, the limit is %d", name, info.Size(), limit)
	}
	return os.ReadFile(name)
}

// save makes a deploy the current one, and that the previous one, unless it is broken.
func (k *keeper) save(d *kept) error {
	err := os.MkdirAll(k.dir, 0o700)
	if err == nil {
		err = k.write(currentFile+newSuffix, d.encode())
	}
	if err == nil && !k.broken {
		err = k.rename(currentFile, previousFile)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = k.rename(currentFile+newSuffix, currentFile)
	}
	k.broken = k.broken && err != nil
	if err != nil {
		return fmt.Errorf("keeping deploy %d for a start without the cluster: %w", d.ID, err)
	}
	return nil
}

// goBack makes the previous deploy the current one, and remembers the other as given up.
func (k *keeper) goBack(from *Record) error {
	err := k.write(givenUpFile+newSuffix, []byte(from.digest().String()))
	if err == nil {
		err = k.rename(givenUpFile+newSuffix, givenUpFile)
	}
	if err == nil {
		err = k.rename(previousFile, currentFile)
	}
	if err != nil {
		return fmt.Errorf("going back from deploy %d: %w", from.ID, err)
	}
	return nil
}

// givenUp returns the deploy that goBack has remembered last.
func (k *keeper) givenUp() (h bundle.Hash, ok bool) {
	text, err := readAtMost(filepath.Join(k.dir, givenUpFile), 1000)
	if err != nil {
		return h, false
	}
	h, err = bundle.ParseHash(string(text))
	return h, err == nil
}

const newSuffix = ".new"

// write writes a file, and waits until the disk has it.
func (k *keeper) write(name string, data []byte) error {
	f, err := os.OpenFile(filepath.Join(k.dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// rename renames a file, and waits until the disk knows.
func (k *keeper) rename(from, to string) error {
	if err := os.Rename(filepath.Join(k.dir, from), filepath.Join(k.dir, to)); err != nil {
		return err
	}
	dir, err := os.Open(k.dir)
	if err != nil {
		return err
	}
	dir.Sync() // not every system has that for directories
	return dir.Close()
}
