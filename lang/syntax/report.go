package syntax

import (
	"fmt"
)

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
