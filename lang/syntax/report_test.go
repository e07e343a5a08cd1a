package syntax

import "testing"

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
