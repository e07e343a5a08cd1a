// Package bundle packs the files that a program needs, so that they can be kept in the store of
// a cluster and unpacked by agents that do not trust whoever put them there.
//
// A [Tree] lists files: the path of each, whether it is executable, its size, and the hashes of its
// chunks. There is only one way to write a given tree as text, so the hash of the text identifies
// the whole tree. A chunk is a piece of a file, at most [ChunkSize] bytes long and named by the hash
// of its content, so that what two files or two bundles have in common is stored once. Chunks are
// stored and sent in compressed form, as a [Blob]. A [Bundle] is a tree with the blobs it refers to.
//
// A [Builder] makes bundles. Whoever knows the hash of a tree gets the tree with [Unpack], learns
// which blobs to fetch from [Tree.Chunks], and then has the files in memory with [Bundle.FS] or on
// disk with [Bundle.Extract]. Nothing that arrives is trusted: paths have to stay below the root,
// links and special files do not exist, every chunk must have the size and the hash that the tree
// says, and [Limits] bounds the sizes before any memory is allocated.
package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// ChunkSize is how many bytes of a file a chunk has at most. The limit of values in a store is
// some 1.5 MiB.
const ChunkSize = 512 << 10

// A Hash is the SHA-256 sum of a chunk or of a tree.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Short returns as much of the hash as people need to tell bundles apart.
func (h Hash) Short() string { return h.String()[:12] }

// ParseHash reads what String returns.
func ParseHash(s string) (Hash, error) {
	var h Hash
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) || strings.ToLower(s) != s {
		return h, fmt.Errorf("%.80q is no hash: it has to be %d hexadecimal digits", s, 2*len(h))
	}
	return Hash(b), nil
}

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) (err error) {
	*h, err = ParseHash(string(text))
	return err
}

// Sum returns the hash of what a chunk contains.
func Sum(content []byte) Hash { return sha256.Sum256(content) }

// A Blob is the compressed form of a chunk.
type Blob []byte

// A Bundle is a tree and the blobs of its chunks.
type Bundle struct {
	Tree  Tree
	Blobs map[Hash]Blob
}

// Missing lists the chunks of the tree whose blobs are not there.
func (b *Bundle) Missing() []Hash {
	return slices.DeleteFunc(b.Tree.Chunks(), func(h Hash) bool { return b.Blobs[h] != nil })
}

// Content returns what a file of the tree contains.
func (b *Bundle) Content(f File) ([]byte, error) {
	content := make([]byte, 0, f.Size)
	for i, h := range f.Chunks {
		blob, ok := b.Blobs[h]
		if !ok {
			return nil, &fs.PathError{Op: "unpack", Path: f.Path, Err: fmt.Errorf("its chunk %s is missing", h.Short())}
		}
		var err error
		if content, err = expand(content, blob, f.chunkSize(i), h); err != nil {
			return nil, &fs.PathError{Op: "unpack", Path: f.Path, Err: err}
		}
	}
	return content, nil
}
