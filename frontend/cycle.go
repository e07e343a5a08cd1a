package frontend

import (
	"fmt"
	"slices"
	"strings"

	"mgmt/lang/syntax"
	"mgmt/resource"
)

// maxSteps bounds how many edges of a cycle are shown.
const maxSteps = 10

// CycleDiagnostic shows each edge of a cycle, beginning with the one that comes first in the
// text. place returns where an edge is asked for.
func CycleDiagnostic(keys []resource.Key, place func(from, to resource.Key) syntax.Span) *syntax.Diagnostic {
	spans := make([]syntax.Span, len(keys))
	first := 0
	for i, k := range keys {
		spans[i] = place(k, keys[(i+1)%len(keys)])
		if spans[i].Start < spans[first].Start {
			first = i
		}
	}
	keys = slices.Concat(keys[first:], keys[:first])
	spans = slices.Concat(spans[first:], spans[:first])
	d := &syntax.Diagnostic{Phase: syntax.PhaseInterpret, Code: "edge-cycle", Span: spans[0]}
	var names []string
	for i, k := range keys {
		if names = append(names, k.String()); i == maxSteps {
			names[i] = fmt.Sprintf("… %d more …", len(keys)-maxSteps)
			break
		}
		if i > 0 {
			next := keys[(i+1)%len(keys)]
			d.Related = append(d.Related, syntax.Related{Span: spans[i], Message: k.String() + " → " + next.String()})
		}
	}
	d.Message = "the edges make a cycle: " + strings.Join(append(names, keys[0].String()), " → ")
	return d
}

// Errors returns the errors that one may stand for, itself if it is a single one.
func Errors(err error) []error {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, err := range list.Unwrap() {
		out = append(out, Errors(err)...)
	}
	return out
}
