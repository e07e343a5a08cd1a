package history

import (
	"context"
	"iter"
)

// A follower is handed what is written.
type follower struct {
	records chan []Record // closed when the log ends
}

// maxBatches is how many batches of records wait for a follower. One that does not keep up
// reads them from the disk.
const maxBatches = 64

// tell hands records to the followers, and reports whether there are any.
func (l *Log) tell(records []Record) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for f := range l.followers {
		select {
		case f.records <- records:
		default:
		}
	}
	return len(l.followers) > 0
}

func (l *Log) endFollowers() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for f := range l.followers {
		close(f.records)
	}
	l.followers = nil
}

func (l *Log) follow() *follower {
	f := &follower{records: make(chan []Record, maxBatches)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.followers == nil {
		close(f.records)
	} else {
		l.followers[f] = true
	}
	return f
}

func (l *Log) unfollow(f *follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.followers, f)
}

// Follow returns the records whose numbers are greater than after, and then those that come,
// each once and in order, until ctx or the log ends.
func (l *Log) Follow(ctx context.Context, after uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		f := l.follow()
		defer l.unfollow(f)
		catchUp := func() bool {
			for r, err := range Read(l.opts.Dir, after) {
				if ctx.Err() != nil || !yield(r, err) || err != nil {
					return false
				}
				after = r.Seq
			}
			return true
		}
		if err := l.Flush(ctx); err != nil || !catchUp() {
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case batch, ok := <-f.records:
				if !ok {
					return
				}
				if batch[0].Seq > after+1 && !catchUp() {
					return
				}
				for _, r := range batch {
					if r.Seq <= after {
						continue
					}
					after = r.Seq
					if !yield(r, nil) {
						return
					}
				}
			}
		}
	}
}
