package syntax

import (
	"fmt"
	"testing"
)

// Warnings do not use up the room for errors.
func TestReportsAreBoundedBySeverity(t *testing.T) {
	r := Reports{Phase: PhaseScope, Warning: true}
	for i := range 2 * maxKept {
		r.Add("some-warning", Span{Pos(i), Pos(i + 1)}, "warning %d", i)
	}
	r.Warning = false
	r.Add("some-error", Span{1, 2}, "an error")
	list := r.Diagnostics()
	if !list.HasErrors() {
		t.Error("the error was dropped")
	}
	if len(list) != maxKept+2 || r.Added != 2*maxKept+1 {
		t.Errorf("%d diagnostics of %d", len(list), r.Added)
	}
	if last := list[len(list)-1]; last.Severity != Warning || last.Message != "and 200 more warnings" {
		t.Errorf("the last one is %s %q", last.Severity, last.Message)
	}
}

// A mistake that is made again and again does not hide different ones, and what is taken back
// does not count.
func TestReportsBoundRepeats(t *testing.T) {
	r := reporter{Reports: Reports{Phase: PhaseScope}}
	for i := range 10 * maxKept {
		r.Add("same", Span{Pos(i), Pos(i + 1)}, "it is wrong")
	}
	for i := range maxKept {
		r.Add("other", Span{Pos(i), Pos(i + 1)}, "wrong %d", i)
		r.retract(Span{Pos(i), Pos(i + 1)})
	}
	for i := range maxKept {
		r.Add("other", Span{Pos(i), Pos(i + 1)}, "wrong %d", i)
	}
	list := r.Diagnostics()
	said := map[Code]int{}
	for _, d := range list {
		said[d.Code]++
	}
	if said["same"] != maxSame || said["other"] != maxKept-maxSame {
		t.Errorf("there are %v", said)
	}
	want := []string{fmt.Sprintf("and %d more times: it is wrong", 10*maxKept-maxSame), fmt.Sprintf("and %d more mistakes", maxSame)}
	for i, d := range list[len(list)-2:] {
		if d.Message != want[i] || d.Code != codeTooMany {
			t.Errorf("got %s %q, want %q", d.Code, d.Message, want[i])
		}
	}
}
