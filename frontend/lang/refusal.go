package lang

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mgmt/graph"
	"mgmt/lang/compile"
	"mgmt/lang/syntax"
	"mgmt/resource"
)

// A conflict is an error in which several places take part.
type conflict struct {
	error
	code    syntax.Code
	related []syntax.Related
}

func (c *conflict) Unwrap() error { return c.error }

// locate says where in the program the reasons stand for which a graph was refused.
func (c *collector) locate(err error) []error {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, err := range list.Unwrap() {
			out = append(out, c.locate(err)...)
		}
		return out
	}
	var loop *graph.CycleError[resource.Key]
	var spec *resource.SpecError
	switch {
	case errors.As(err, &loop):
		return []error{c.locateCycle(loop.Nodes)}
	case errors.As(err, &spec):
		if n := c.nodes[spec.Key.ID]; n != nil && len(n.decls) > 0 {
			return []error{compile.Refuse(n.decls[0].res.Span, "%s: %w", spec.Key, spec.Err)}
		}
	}
	return []error{err}
}

// maxSteps bounds how many edges of a cycle are shown.
const maxSteps = 10

// locateCycle shows each edge of a cycle. It begins with the one that comes first in the
// program.
func (c *collector) locateCycle(keys []resource.Key) error {
	spans := make([]syntax.Span, len(keys))
	for i, k := range keys {
		spans[i] = c.placeOf(resource.Edge{From: k, To: keys[(i+1)%len(keys)]})
	}
	first := 0
	for i, s := range spans {
		if s.Start < spans[first].Start {
			first = i
		}
	}
	keys = slices.Concat(keys[first:], keys[:first])
	spans = slices.Concat(spans[first:], spans[:first])
	out := &conflict{code: "edge-cycle"}
	var names []string
	for i, k := range keys {
		if names = append(names, k.String()); i == maxSteps {
			names[i] = fmt.Sprintf("… %d more …", len(keys)-maxSteps)
			break
		}
		if i > 0 {
			next := keys[(i+1)%len(keys)]
			out.related = append(out.related, syntax.Related{Span: spans[i], Message: k.String() + " → " + next.String()})
		}
	}
	names = append(names, keys[0].String())
	out.error = compile.Refuse(spans[0], "the edges make a cycle: %s", strings.Join(names, " → "))
	return out
}
