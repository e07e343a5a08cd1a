package history

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
)

// Read returns the records in a directory whose numbers are greater than after, the oldest
// first. Damage, as after a crash, ends a segment and is no error; a log that is being
// written may be read. An error ends the sequence.
func Read(dir string, after uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		all, err := listSegments(dir)
		if err != nil {
			yield(Record{}, fmt.Errorf("reading the history: %w", err))
			return
		}
		for i, s := range all {
			if i+1 < len(all) && all[i+1].first <= after+1 {
				continue
			}
			on := true
			_, err := scan(s.path, func(payload []byte) bool {
				if r, err := decodeRecord(payload); err == nil && r.Seq > after {
					on = yield(r, nil)
				}
				return on
			})
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // the oldest may have gone
				yield(Record{}, fmt.Errorf("reading the history: %w", err))
				return
			}
			if !on {
				return
			}
		}
	}
}
