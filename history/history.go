// Package history keeps what an agent did, on disk and within bounds.
//
// A [Log] takes the events of an engine and writes a [Record] for each, in a goroutine of its
// own: the engine never waits for it. [Read] returns the records of a directory, with or
// without an agent that writes there. What has been written survives a crash of the agent; of
// what the machine had not yet brought to the disk when it lost power, everything after the
// first damage in a file is left out.
//
// The log is a row of files, segments, each named after the number of its first record. When
// they would exceed the limit the oldest goes. Values of secret parameters are never written.
package history

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"mgmt/engine"
	"mgmt/internal/backlog"
)

// DefaultLimit is how large a log may become, in bytes.
const DefaultLimit = 64 << 20

// maxQueued is how many events may wait to be written. Beyond that they are counted as lost.
const maxQueued = 1 << 16

// Options say where a log is and how large it may become.
type Options struct {
	Dir   string // is made, for its owner alone
	Limit int64  // in bytes; 0 is DefaultLimit
	Host  string // the name of the agent
	Log   *slog.Logger
}

// A Log writes what happens. Close ends it.
type Log struct {
	opts  Options
	queue *backlog.Queue[message]
	done  chan struct{} // closed when the writer has ended

	mu        sync.Mutex // guards followers
	followers map[*follower]bool

	// The rest belongs to the writer.

	files  *segments
	spare  []Record // to be filled next
	buf    []byte
	seq    uint64
	broken bool // the last write failed
	unsaid int  // events that were lost and not told of
}

// A message is an event, or a request to tell when all before it is written.
type message struct {
	event   engine.Event
	written chan<- struct{}
}

// Open continues the log in a directory.
func Open(opts Options) (*Log, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Limit == 0 {
		opts.Limit = DefaultLimit
	}
	files, seq, err := openSegments(opts.Dir, opts.Limit)
	if err != nil {
		return nil, err
	}
	l := &Log{
		opts: opts, queue: backlog.New[message](), done: make(chan struct{}),
		followers: map[*follower]bool{}, files: files, seq: seq,
	}
	go l.write()
	return l, nil
}

// Event takes an event of the engine, unless it is one of progress, and does not wait.
func (l *Log) Event(e engine.Event) {
	if e.Kind != engine.Progress {
		l.queue.Put(message{event: e}, maxQueued)
	}
}

// Flush returns when all that came before has been written.
func (l *Log) Flush(ctx context.Context) error {
	written := make(chan struct{})
	if l.queue.Put(message{written: written}, 2*maxQueued) == 0 {
		return nil // it is closed
	}
	select {
	case <-written:
	case <-l.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// Close writes what is left and ends the log.
func (l *Log) Close() {
	l.queue.Close()
	<-l.done
}

// write is the writer.
func (l *Log) write() {
	defer close(l.done)
	defer l.files.close()
	defer l.endFollowers()
	l.records([]Record{{Time: time.Now(), Event: Started, Host: l.opts.Host, PID: os.Getpid()}})
	for {
		<-l.queue.Signal
		pieces, lost, closed := l.queue.Take()
		l.unsaid += lost
		for _, piece := range pieces {
			l.piece(piece)
		}
		if l.unsaid > 0 {
			l.records(nil)
		}
		l.queue.Give(pieces)
		if closed {
			l.records([]Record{{Time: time.Now(), Event: Stopped}})
			return
		}
	}
}

// piece writes some messages at once.
func (l *Log) piece(messages []message) {
	records := l.spare[:0]
	l.spare = nil
	var written []chan<- struct{}
	for i := range messages {
		m := &messages[i]
		if m.written != nil {
			written = append(written, m.written)
			continue
		}
		records = append(records, RecordOf(&m.event))
	}
	l.records(records)
	for _, w := range written {
		close(w)
	}
}

// records numbers and writes records, and hands them to the followers.
func (l *Log) records(records []Record) {
	first, lost := l.seq+1, l.unsaid+len(records)
	if l.unsaid > 0 {
		records = append(records, Record{Time: time.Now(), Event: Lost, Count: l.unsaid})
	}
	if len(records) == 0 {
		return
	}
	l.buf = l.buf[:0]
	for i := range records {
		l.seq++
		records[i].Seq = l.seq
		l.buf = appendFrame(l.buf, &records[i])
	}
	l.unsaid = 0
	if err := l.files.append(l.buf, first); err != nil {
		l.unsaid = lost
		l.complain(err)
	} else {
		l.broken = false
	}
	if cap(l.buf) > maxBuffer {
		l.buf = nil
	}
	if !l.tell(records) {
		clear(records)
		l.spare = records
	}
}

// maxBuffer is how much memory is kept for what comes next.
const maxBuffer = 1 << 20

// complain reports a write that failed, once until there is one that does not.
func (l *Log) complain(err error) {
	if !l.broken {
		l.opts.Log.Warn("the history of this agent is not written", "error", err)
	}
	l.broken = true
}

// Dir returns where the log is.
func (l *Log) Dir() string { return l.opts.Dir }
