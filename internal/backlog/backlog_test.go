package backlog

import (
	"slices"
	"testing"
)

func taken(pieces [][]int) []int { return slices.Concat(pieces...) }

// What is taken is what was put, in order, however many pieces that takes.
func TestOrder(t *testing.T) {
	q := New[int]()
	var want []int
	for round := range 3 {
		want = want[:0]
		for i := range 20 * Piece {
			q.Put(round+i, 1<<20)
			want = append(want, round+i)
		}
		<-q.Signal
		got, lost, closed := q.Take()
		if !slices.Equal(taken(got), want) || lost != 0 || closed {
			t.Fatalf("round %d: %d elements, %d lost, closed %v", round, len(taken(got)), lost, closed)
		}
		q.Give(got)
	}
}

// Beyond the limit elements are left out and counted; each one may have its own limit.
func TestLimit(t *testing.T) {
	q := New[int]()
	for i := range 5 {
		if n := q.Put(i, 3); n != []int{1, 2, 3, 0, 0}[i] {
			t.Errorf("element %d makes %d", i, n)
		}
	}
	q.Put(9, 4)
	got, lost, _ := q.Take()
	if !slices.Equal(taken(got), []int{0, 1, 2, 9}) || lost != 2 {
		t.Errorf("got %v, %d lost", got, lost)
	}
	if _, lost, _ := q.Take(); lost != 0 {
		t.Errorf("%d are lost again", lost)
	}
}

// The end of a queue is told, and only what came before is there.
func TestClose(t *testing.T) {
	q := New[int]()
	q.Put(1, 9)
	if !q.Close() || q.Close() {
		t.Error("a queue does not close once")
	}
	q.Put(2, 9)
	<-q.Signal
	got, lost, closed := q.Take()
	if !slices.Equal(taken(got), []int{1}) || lost != 0 || !closed {
		t.Errorf("got %v, %d lost, closed %v", got, lost, closed)
	}
}

func BenchmarkPut(b *testing.B) {
	q := New[[8]int]()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		q.Put([8]int{i}, 1<<20)
		if i++; i%(8*Piece) == 0 {
			pieces, _, _ := q.Take()
			q.Give(pieces)
		}
	}
}
