package syntax

// A Report is a diagnostic in the stable form for tools: it marshals to JSON.
type Report struct {
	Severity string          `json:"severity"` // "error" or "warning"
	Phase    string          `json:"phase"`
	Code     Code            `json:"code"`
	Message  string          `json:"message"`
	File     string          `json:"file,omitempty"`
	Range    *ReportRange    `json:"range,omitempty"`
	Related  []ReportRelated `json:"related,omitempty"`
	Hint     string          `json:"hint,omitempty"`
	Fix      *ReportFix      `json:"fix,omitempty"`
}

// A ReportRange is a span; the end is the place after the last character.
type ReportRange struct {
	Start ReportPosition `json:"start"`
	End   ReportPosition `json:"end"`
}

// A ReportPosition is a place. Line and Column count from one, the column in
// characters; Offset counts bytes from zero.
type ReportPosition struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

// A ReportRelated is another place that takes part.
type ReportRelated struct {
	File    string       `json:"file"`
	Range   *ReportRange `json:"range"`
	Message string       `json:"message"`
}

// A ReportFix is a set of edits to apply together.
type ReportFix struct {
	Message string       `json:"message"`
	Edits   []ReportEdit `json:"edits"`
}

// A ReportEdit replaces a range of a file.
type ReportEdit struct {
	File  string       `json:"file"`
	Range *ReportRange `json:"range"`
	Text  string       `json:"text"`
}

// JSON returns the form of diagnostics that tools read. It is never nil, so that no
// diagnostics marshal to an empty list.
func JSON(files *Files, list Diagnostics) []Report {
	out := make([]Report, 0, len(list))
	for _, d := range list {
		r := Report{
			Severity: d.Severity.String(),
			Phase:    d.Phase.String(),
			Code:     d.Code,
			Message:  d.Message,
			Hint:     d.Hint,
		}
		r.File, r.Range = place(files, d.Span)
		for _, related := range d.Related {
			file, span := place(files, related.Span)
			r.Related = append(r.Related, ReportRelated{file, span, related.Message})
		}
		if d.Fix != nil {
			r.Fix = &ReportFix{Message: d.Fix.Message}
			for _, e := range d.Fix.Edits {
				file, span := place(files, e.Span)
				r.Fix.Edits = append(r.Fix.Edits, ReportEdit{file, span, e.Text})
			}
		}
		out = append(out, r)
	}
	return out
}

// place returns the file and range of a span, if it has one.
func place(files *Files, s Span) (string, *ReportRange) {
	f := files.File(s.Start)
	if f == nil {
		return "", nil
	}
	return f.Name, &ReportRange{position(files, s.Start), position(files, max(s.Start, s.End))}
}

func position(files *Files, p Pos) ReportPosition {
	at := files.Position(p)
	return ReportPosition{at.Line, at.Column, at.Offset}
}
