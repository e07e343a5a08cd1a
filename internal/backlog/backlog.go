// Package backlog is a queue between callers that must not wait and a goroutine that writes.
//
// A [Queue] grows up to a bound and then counts what it leaves out. The writer takes
// everything at once, when Signal tells that there is something. Elements are kept in pieces
// of [Piece], so that a queue grows without being copied, and pieces are used again.
package backlog

import "sync"

// Piece is how many elements there are in a piece.
const Piece = 256

// maxFree is how many empty pieces are kept.
const maxFree = 16

// A Queue is a queue of elements for one reader. See [New].
type Queue[T any] struct {
	// Signal holds one element while there may be something to take.
	Signal chan struct{}

	mu     sync.Mutex // guards what follows
	pieces [][]T
	count  int
	free   [][]T // empty
	lost   int
	closed bool
}

// New returns an empty queue.
func New[T any]() *Queue[T] { return &Queue[T]{Signal: make(chan struct{}, 1)} }

// Put appends an element unless there are limit or the queue is closed, in which case the
// element is left out. It returns how many there are, and 0 if it was left out.
func (q *Queue[T]) Put(x T, limit int) int {
	q.mu.Lock()
	n := q.put(x, limit)
	q.mu.Unlock()
	q.ring()
	return n
}

func (q *Queue[T]) put(x T, limit int) int {
	switch {
	case q.closed:
		return 0
	case q.count >= limit:
		q.lost++
		return 0
	}
	q.count++
	last := len(q.pieces) - 1
	if last < 0 || len(q.pieces[last]) == Piece {
		q.pieces = append(q.pieces, q.empty())
		last++
	}
	q.pieces[last] = append(q.pieces[last], x)
	return q.count
}

// empty returns a piece to be filled.
func (q *Queue[T]) empty() []T {
	n := len(q.free)
	if n == 0 {
		return make([]T, 0, Piece)
	}
	piece := q.free[n-1]
	q.free = q.free[:n-1]
	return piece
}

// Close ends the queue: what comes later is left out, and not counted. It reports whether
// the queue was open.
func (q *Queue[T]) Close() bool {
	q.mu.Lock()
	was := !q.closed
	q.closed = true
	q.mu.Unlock()
	q.ring()
	return was
}

func (q *Queue[T]) ring() {
	select {
	case q.Signal <- struct{}{}:
	default:
	}
}

// Take returns what is there and how many elements were left out since the last time, and
// leaves the queue empty. After the end of the queue there is nothing more to come.
func (q *Queue[T]) Take() (pieces [][]T, lost int, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	pieces, lost = q.pieces, q.lost
	q.pieces, q.count, q.lost = nil, 0, 0
	return pieces, lost, q.closed
}

// Give gives back what Take returned, to be used again.
func (q *Queue[T]) Give(pieces [][]T) {
	for _, piece := range pieces[:min(len(pieces), maxFree)] {
		clear(piece)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, piece := range pieces[:min(len(pieces), maxFree-len(q.free))] {
		q.free = append(q.free, piece[:0])
	}
}
