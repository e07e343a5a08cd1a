package lang

import (
	"hash/maphash"

	"mgmt/lang/resolve"
)

// reads is a source that remembers what was read from it, so that a program is loaded again
// only when it would be another one.
type reads struct {
	source resolve.Source
	sums   map[string]uint64 // of the text of each path; 0 if it could not be read
}

func newReads(source resolve.Source) *reads {
	return &reads{source: source, sums: map[string]uint64{}}
}

var seed = maphash.MakeSeed()

// ReadFile implements resolve.Source.
func (r *reads) ReadFile(path string) ([]byte, error) {
	text, err := r.source.ReadFile(path)
	r.sums[path] = sum(text, err)
	return text, err
}

func sum(text []byte, err error) uint64 {
	if err != nil {
		return 0
	}
	return maphash.Bytes(seed, text) | 1
}

// stale reports whether one of the files has another text by now.
func (r *reads) stale() bool {
	for path, old := range r.sums {
		if sum(r.source.ReadFile(path)) != old {
			return true
		}
	}
	return false
}
