package history

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
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

// ReadBack returns the records in a directory, the latest first. It reads no further than its
// caller asks, a segment at a time.
func ReadBack(dir string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		all, err := listSegments(dir)
		if err != nil {
			yield(Record{}, fmt.Errorf("reading the history: %w", err))
			return
		}
		for _, s := range slices.Backward(all) {
			var payloads [][]byte
			_, err := scan(s.path, func(payload []byte) bool {
				payloads = append(payloads, payload)
				return true
			})
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				yield(Record{}, fmt.Errorf("reading the history: %w", err))
				return
			}
			for _, payload := range slices.Backward(payloads) {
				if r, err := decodeRecord(payload); err == nil && !yield(r, nil) {
					return
				}
			}
		}
	}
}
