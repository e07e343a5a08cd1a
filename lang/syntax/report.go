package syntax

import (
	"cmp"
	"fmt"
	"slices"
)

// Reports collect what one stage has to say about a program. They keep the first errors and
// warnings and count the others, so that a flood of one does not hide the other; and of what is
// said again and again they keep less, so that it does not hide what is different.
type Reports struct {
	Phase   Phase
	Warning bool // what is added are warnings
	Added   int  // how much has been added so far

	list    Diagnostics
	kept    [Warning + 1]int
	dropped [Warning + 1]excess
	said    map[saying]*excess
}

const (
	maxKept = 200 // errors, and as many warnings
	maxSame = 50  // of one wording
)

// A saying is a wording and how grave it is.
type saying struct {
	severity Severity
	code     Code
	message  string
}

// An excess counts what is said, and where that was last.
type excess struct {
	n    int
	last Span
}

func (x *excess) add(span Span) {
	x.n++
	x.last = span
}

// Add adds a diagnostic, which the caller may complete. It is a throw-away when there were
// too many.
func (r *Reports) Add(code Code, span Span, format string, args ...any) *Diagnostic {
	d := &Diagnostic{Phase: r.Phase, Code: code, Span: span, Message: fmt.Sprintf(format, args...)}
	if r.Warning {
		d.Severity = Warning
	}
	r.Added++
	same := r.said[sayingOf(d)]
	switch {
	case same != nil && same.n >= maxSame:
		same.add(span)
	case r.kept[d.Severity] == maxKept:
		r.dropped[d.Severity].add(span)
	default:
		r.keep(d, same)
	}
	return d
}

func sayingOf(d *Diagnostic) saying { return saying{d.Severity, d.Code, d.Message} }

func (r *Reports) keep(d *Diagnostic, same *excess) {
	if same == nil {
		if r.said == nil {
			r.said = map[saying]*excess{}
		}
		same = &excess{}
		r.said[sayingOf(d)] = same
	}
	same.add(d.Span)
	r.kept[d.Severity]++
	r.list = append(r.list, d)
}

// Append adds what another stage found.
func (r *Reports) Append(list Diagnostics) { r.list = append(r.list, list...) }

// Diagnostics returns what was added, in the order of the text. The last ones say how many
// were too many.
func (r *Reports) Diagnostics() Diagnostics {
	list := r.list.Sort()
	var more Diagnostics
	for what, same := range r.said {
		if n := same.n - maxSame; n > 0 {
			more = append(more, r.more(what.severity, same.last, "and %s: %s", Count(n, "more time"), what.message))
		}
	}
	slices.SortFunc(more, func(a, b *Diagnostic) int { return cmp.Compare(a.Message, b.Message) })
	list = append(list, more.Sort()...)
	for severity, what := range [...]string{Error: "more mistake", Warning: "more warning"} {
		if x := r.dropped[severity]; x.n > 0 {
			list = append(list, r.more(Severity(severity), x.last, "and %s", Count(x.n, what)))
		}
	}
	return list
}

func (r *Reports) more(severity Severity, last Span, format string, args ...any) *Diagnostic {
	return &Diagnostic{Severity: severity, Phase: r.Phase, Code: codeTooMany, Span: last, Message: fmt.Sprintf(format, args...)}
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

// A reporter collects the diagnostics of one file.
type reporter struct {
	file *File
	Reports
}

func (r *reporter) span(start, end int) Span {
	return Span{r.file.base + Pos(start), r.file.base + Pos(end)}
}

// report adds an error of the present phase. The diagnostic may be completed by the
// caller; it is a throw-away when there were too many.
func (r *reporter) report(code Code, span Span, format string, args ...any) *Diagnostic {
	return r.Add(code, span, format, args...)
}

// retract takes back what was said last, if that was about span: there is better to say.
func (r *reporter) retract(span Span) {
	last := len(r.list) - 1
	if last < 0 || r.list[last].Span != span {
		return
	}
	d := r.list[last]
	r.list = r.list[:last]
	r.kept[d.Severity]--
	r.said[sayingOf(d)].n--
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
