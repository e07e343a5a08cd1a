package syntax

import (
	"fmt"
	"slices"
)

// Reports collect what a stage after the parser has to say about a program. They keep
// the first 200 errors and as many warnings, and count the others.
type Reports struct {
	Phase   Phase
	Warning bool // what is added are warnings
	Added   int  // how much has been added so far

	list    Diagnostics
	kept    [Warning + 1]int
	dropped [Warning + 1]int
}

const maxKept = 200

// Add adds a diagnostic, which the caller may complete. It is a throw-away when there were
// too many.
func (r *Reports) Add(code Code, span Span, format string, args ...any) *Diagnostic {
	d := &Diagnostic{Phase: r.Phase, Code: code, Span: span, Message: fmt.Sprintf(format, args...)}
	if r.Warning {
		d.Severity = Warning
	}
	r.Added++
	if r.kept[d.Severity] == maxKept {
		r.dropped[d.Severity]++
		return d
	}
	r.kept[d.Severity]++
	r.list = append(r.list, d)
	return d
}

// Append adds what another stage found.
func (r *Reports) Append(list Diagnostics) { r.list = append(r.list, list...) }

// Diagnostics returns what was added, in the order of the text. A last one of each severity
// says how many were too many.
func (r *Reports) Diagnostics() Diagnostics {
	list := r.list.Sort()
	for severity, what := range [...]string{Error: "mistake", Warning: "warning"} {
		n := r.dropped[severity]
		if n == 0 {
			continue
		}
		list = append(list, &Diagnostic{
			Severity: Severity(severity), Phase: r.Phase, Code: codeTooMany, Span: list[len(list)-1].Span,
			Message: "and " + Count(n, "more "+what),
		})
	}
	return list
}

// Relate adds another place that takes part, unless the diagnostic shows that already.
func (d *Diagnostic) Relate(span Span, format string, args ...any) {
	same := func(r Related) bool { return r.Span == span }
	if !span.IsValid() || span == d.Span || slices.ContainsFunc(d.Related, same) {
		return
	}
	d.Related = append(d.Related, Related{span, fmt.Sprintf(format, args...)})
}

// Count says how many there are of a thing: no files, 1 file, 2 files.
func Count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// maxReports bounds the diagnostics of one file: who makes more mistakes than that
// reads no further.
const maxReports = 100

// A reporter collects the diagnostics of one file.
type reporter struct {
	file    *File
	phase   Phase
	list    Diagnostics
	dropped int
	last    Pos // where the last dropped one was
}

func (r *reporter) span(start, end int) Span {
	return Span{r.file.base + Pos(start), r.file.base + Pos(end)}
}

// report adds an error of the present phase. The diagnostic may be completed by the
// caller; it is a throw-away when there were too many.
func (r *reporter) report(code Code, span Span, format string, args ...any) *Diagnostic {
	if len(r.list) >= maxReports {
		r.dropped++
		r.last = max(r.last, span.Start)
		return new(Diagnostic)
	}
	d := &Diagnostic{Phase: r.phase, Code: code, Span: span, Message: fmt.Sprintf(format, args...)}
	r.list = append(r.list, d)
	return d
}

// diagnostics returns what was reported, in order of place.
func (r *reporter) diagnostics() Diagnostics {
	list := r.list.Sort()
	if r.dropped > 0 {
		list = append(list, &Diagnostic{
			Phase:   r.phase,
			Code:    codeTooMany,
			Span:    Span{r.last, r.last},
			Message: fmt.Sprintf("and %d more errors in this file", r.dropped),
		})
	}
	return list
}

// fix attaches a repair.
func (d *Diagnostic) fix(message string, edits ...Edit) *Diagnostic {
	d.Fix = &Fix{Message: message, Edits: edits}
	return d
}

// related attaches another place that takes part.
func (d *Diagnostic) related(span Span, format string, args ...any) *Diagnostic {
	d.Related = append(d.Related, Related{span, fmt.Sprintf(format, args...)})
	return d
}

// hint attaches advice.
func (d *Diagnostic) hint(format string, args ...any) *Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// Arity says that there are too few or too many arguments.
func Arity(what string, want, got int) string {
	given := fmt.Sprintf("%d are", got)
	switch got {
	case 0:
		given = "none is"
	case 1:
		given = "1 is"
	}
	return fmt.Sprintf("%s takes %s, but %s given", what, Count(want, "argument"), given)
}
