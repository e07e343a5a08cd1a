package syntax

import (
	"cmp"
	"slices"
)

// A Phase is the stage of a compile that found a diagnostic. Phases are ordered:
// an earlier one has the smaller number.
type Phase uint8

// The phases, in the order in which a program goes through them.
const (
	PhaseParse     Phase = iota // the text is not a program
	PhaseInit                   // a structural check of the tree
	PhaseInterp                 // string escapes, interpolation, class nesting
	PhaseScope                  // imports, names, definitions, recursion
	PhaseUnify                  // types
	PhaseGraph                  // building of the flow graph
	PhaseStream                 // evaluation
	PhaseInterpret              // values into resources
)

var phaseNames = [...]string{"parse", "init", "interp", "scope", "unify", "graph", "stream", "interpret"}

func (p Phase) String() string { return phaseNames[p] }

// Severity tells whether a diagnostic rejects the program.
type Severity uint8

// The severities.
const (
	Error   Severity = iota // the program is rejected
	Warning                 // the program runs; something in it looks wrong
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// A Code names one kind of mistake. It is stable: tools may rely on it. It is a
// short hyphenated phrase such as "undefined-variable". The codes are listed in
// codes.go, each with an example.
type Code string

// A Diagnostic is something to tell the author of a program. It is the one type
// for it in every stage; it is an error too.
type Diagnostic struct {
	Severity Severity
	Phase    Phase
	Code     Code
	Message  string // in the terms of the author; lower case, no final stop
	Span     Span   // the primary place; may be invalid for a program-wide mistake
	Related  []Related
	Hint     string // what to do, where something is known
	Fix      *Fix   // a change of the text that repairs it, where one is known
}

// Related is another place that takes part in a mistake: the other side of a
// conflict, the other definition, a step of a cycle.
type Related struct {
	Span    Span
	Message string
}

// A Fix is a set of edits that a tool may apply without asking.
type Fix struct {
	Message string
	Edits   []Edit
}

// An Edit replaces the text of Span with Text.
type Edit struct {
	Span Span
	Text string
}

func (d *Diagnostic) Error() string { return d.Message }

// Diagnostics is a list of diagnostics; with at least one error in it, it serves
// as the error of a stage.
type Diagnostics []*Diagnostic

func (l Diagnostics) Error() string {
	for _, d := range l {
		if d.Severity == Error {
			return d.Message
		}
	}
	return "no errors"
}

// HasErrors reports whether the list rejects the program.
func (l Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(l, func(d *Diagnostic) bool { return d.Severity == Error })
}

// Err returns the list as an error, or nil when nothing in it is an error.
func (l Diagnostics) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Sort orders the list by place, and drops exact repeats.
func (l Diagnostics) Sort() Diagnostics {
	slices.SortStableFunc(l, func(a, b *Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Severity, b.Severity))
	})
	return slices.CompactFunc(l, func(a, b *Diagnostic) bool {
		return a.Span == b.Span && a.Code == b.Code && a.Message == b.Message
	})
}
